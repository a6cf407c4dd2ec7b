"""Copies of VoiceDock's campaigns and their leads (`docs/voicedock-api.md §6`)."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Coalesce, Now
from django.utils.timezone import now

from tenants.isolation.row_security import CompositeForeignKey, TenantRowPolicy
from tenants.models import Assistant, Connection, Tenant


class PauseCause(models.TextChoices):
    """Why Patchbay pauses a campaign. The label completes the sentence "Patchbay paused it because …"."""

    ALARM = "alarm", "a call left from a number, or was made with an assistant, that is not this client’s"
    FOREIGN_CALL = "foreign-call", "one of its calls was made for another client, or with another assistant"
    ASSISTANT = "assistant", "its assistant is no longer assigned to this client, or was assigned again"
    NUMBER_RELEASED = "number-released", "a number of this client, in the organization it calls from, was released"
    NUMBER_DEDICATED = "number-dedicated", "a number of the organization it calls from went to another client"
    MOVED = "moved", "this client was moved to another connection"
    STOPPED = "stopped", "this client was suspended or closed"
    PAUSED_MEANWHILE = "paused-meanwhile", "somebody paused it while it was being started on one of its days"
    FORBIDDEN_PERSON = "forbidden-person", "a person on it must not be called, and VoiceDock did not take them off"
    FORBIDDEN_PEOPLE = (
        "forbidden-people",
        "more people on it must not be called than VoiceDock is asked to take off at once",
    )
    FAILURES = "failures", "too many of its last calls failed"
    LOW_CREDIT = "low-credit", "VoiceDock’s credit of this client’s organization runs out"


class Campaign(models.Model):
    """A copy of a VoiceDock campaign. It belongs to the client its assistant is dedicated to, or to none."""

    class Status(models.TextChoices):
        """Those that are documented; others are stored and shown as they are (`§6.3`)."""

        DRAFT = "draft", "Not started"
        SCHEDULED = "scheduled", "Started"
        PAUSED = "paused", "Paused"
        COMPLETED = "completed", "Completed"
        CANCELLED = "cancelled", "Cancelled"

    OVER = (Status.COMPLETED, Status.CANCELLED)
    CALLABLE = (Status.DRAFT, Status.SCHEDULED, Status.PAUSED)  # its people may still be called

    tenant = models.ForeignKey(Tenant, models.PROTECT, null=True, blank=True, related_name="campaigns")
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="campaigns")
    assistant = models.ForeignKey(Assistant, models.PROTECT, null=True, blank=True, related_name="campaigns")
    remote_id = models.CharField(max_length=64)
    name = models.CharField(max_length=300)
    status = models.CharField(max_length=40)
    template = models.TextField(blank=True)
    starts = models.TimeField(null=True, help_text="Daily, on the wall clock of `timezone`.")
    ends = models.TimeField(null=True)
    timezone = models.CharField(max_length=64, blank=True)
    total_leads = models.PositiveIntegerField(default=0)
    completed_leads = models.PositiveIntegerField(default=0)
    failed_leads = models.PositiveIntegerField(default=0)
    remote_created_at = models.DateTimeField(null=True)
    remote_updated_at = models.DateTimeField(null=True)
    first_seen_at = models.DateTimeField(default=now)
    made = models.GeneratedField(
        expression=Coalesce("remote_created_at", "first_seen_at"),
        output_field=models.DateTimeField(help_text="By which lists are ordered."),
        db_persist=True,
    )
    counted_at = models.DateTimeField(null=True, help_text="When the counters last moved.")
    seen_at = models.DateTimeField(default=now)
    leads_seen_at = models.DateTimeField(null=True)
    leads_due_at = models.DateTimeField(
        null=True, blank=True, db_default=Now(), help_text="When its leads are read again; empty once nothing moves."
    )
    leads_change_rate = models.FloatField(
        default=1.0, help_text="How often a minute its leads change, by what the past reads have found."
    )
    people_counts = models.JSONField(
        null=True, blank=True, encoder=DjangoJSONEncoder, help_text="Of more than a few people, as counted last."
    )
    people_counted_at = models.DateTimeField(null=True, blank=True)
    vanished_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    checked_rights = models.JSONField(
        null=True, blank=True, help_text="The dedications it was started under; a change of them pauses it."
    )
    pause_required_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when it has to be paused; empty once VoiceDock shows that it is."
    )
    auto_paused_at = models.DateTimeField(
        null=True, blank=True, help_text="When it last had to be paused; empty once it is started again."
    )
    pause_cause = models.CharField(
        max_length=20, blank=True, choices=PauseCause.choices, help_text="Why Patchbay paused it last."
    )
    pause_outcome = models.CharField(max_length=10, blank=True, help_text="accepted, refused, unknown, or not sent.")
    pause_attempts = models.PositiveIntegerField(default=0)
    pause_next_at = models.DateTimeField(null=True, blank=True, help_text="When VoiceDock is asked again.")
    watched_since = models.DateTimeField(
        null=True, blank=True, help_text="When it was last started: failures before that pause nothing."
    )
    began_with_low_credit = models.BooleanField(
        default=False, help_text="Whether credit was low when it was last started: then only none at all pauses it."
    )

    class Meta:
        ordering = ["-made", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "remote_id"], name="one_copy_per_campaign"),
            models.UniqueConstraint(fields=["tenant", "id"], name="campaign_key"),
            TenantRowPolicy(name="campaign_rows"),
        ]
        indexes = [
            models.Index(fields=["tenant", "-made", "-id"], name="campaigns_newest_first"),
            models.Index(fields=["-made", "-id"], name="all_campaigns_newest_first"),
            models.Index(fields=["tenant", "status", "-made", "-id"], name="campaigns_by_status"),
            models.Index(fields=["status", "-made", "-id"], name="all_campaigns_by_status"),
            models.Index(
                fields=["-status", "-remote_created_at", "id"],
                condition=models.Q(status__in=["scheduled", "paused"], vanished_at=None),
                name="campaigns_started",
            ),
            models.Index(
                fields=["pause_required_at"],
                condition=models.Q(pause_required_at__isnull=False, status="scheduled", vanished_at=None),
                name="campaigns_to_be_paused",
            ),
            models.Index(
                fields=["connection", "leads_due_at"],
                condition=models.Q(vanished_at=None, leads_due_at__isnull=False),
                name="campaigns_leads_due",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def may_call(self) -> bool:
        """Whether its people may still be called, now or once it is started."""
        return self.tenant_id is not None and self.vanished_at is None and self.status in self.CALLABLE


class CallVerdict(models.TextChoices):
    """Whether the call that VoiceDock made for a lead has the client and the assistant of the lead's campaign."""

    AGREES = "agrees", "Agrees"
    DIFFERS = "differs", "Differs"


class Lead(models.Model):
    """One person of a campaign (`voicedock-api.md §6.4`)."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, null=True, blank=True, related_name="+")
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="leads")
    remote_id = models.CharField(max_length=64)
    phone_number = models.CharField(max_length=32)
    variables = models.JSONField(default=dict, blank=True)
    status = models.CharField(max_length=40)
    call_remote_id = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    last_attempt_at = models.DateTimeField(null=True)
    remote_created_at = models.DateTimeField(null=True)
    call_verdict = models.CharField(
        max_length=10, blank=True, choices=CallVerdict.choices, help_text="Its call, held against its campaign."
    )
    removal_next_at = models.DateTimeField(
        null=True, blank=True, help_text="When VoiceDock is asked to remove a person who must not be called any more."
    )
    removal_attempts = models.PositiveSmallIntegerField(default=0)
    lists_asked = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether the do-not-call lists were asked since this person waits to be called.",
    )

    class Meta:
        ordering = ["remote_created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "remote_id"], name="one_copy_per_lead"),
            CompositeForeignKey(
                name="lead_campaign",
                columns=["tenant_id", "campaign_id"],
                to="campaigns_campaign",
                target=["tenant_id", "id"],
            ),
            TenantRowPolicy(name="lead_rows"),
        ]
        indexes = [
            models.Index(fields=["campaign", "status"], name="leads_by_status"),
            models.Index(fields=["campaign", "id"], name="leads_in_order"),
            models.Index(fields=["tenant", "phone_number"], name="leads_by_number"),
            models.Index(
                fields=["removal_next_at"],
                condition=models.Q(removal_next_at__isnull=False),
                name="leads_to_be_removed",
            ),
            models.Index(
                fields=["id"], condition=models.Q(status="pending", lists_asked=False), name="leads_not_asked_for"
            ),
            models.Index(
                fields=["campaign"],
                condition=models.Q(status="pending", lists_asked=False),
                name="leads_not_asked_for_of_one",
            ),
            models.Index(
                fields=["campaign", "-last_attempt_at"],
                condition=models.Q(last_attempt_at__isnull=False),
                name="leads_by_attempt",
            ),
            models.Index(fields=["call_remote_id"], condition=~models.Q(call_remote_id=""), name="leads_by_call"),
            models.Index(
                "campaign",
                models.F("last_attempt_at").desc(nulls_last=True),
                models.F("id").desc(),
                condition=~models.Q(call_remote_id=""),
                name="leads_latest_first",
            ),
            models.Index(
                fields=["last_attempt_at"],
                condition=models.Q(call_verdict="") & ~models.Q(call_remote_id=""),
                name="leads_not_compared",
            ),
        ]

    def __str__(self) -> str:
        return self.phone_number
