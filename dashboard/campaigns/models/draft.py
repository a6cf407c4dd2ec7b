"""Campaigns that are being made: what was typed, the file with its people, and how far sending them is."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from dashboard.campaigns.models.campaign import Campaign
from dashboard.campaigns.models.schedule import CallingDays
from tenants import time_zones
from tenants.isolation.row_security import CompositeForeignKey, TenantRowPolicy
from tenants.models import AssistantDedication, Tenant, User


class CampaignDraft(CallingDays):
    """A campaign on its way to VoiceDock. Incomplete while it is written; `version` is that of the form."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SENDING = "sending", "Being sent"
        STOPPED = "stopped", "Sending stopped"
        SENT = "sent", "Sent"

    WRITABLE = (State.DRAFT,)

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="campaign_drafts")
    name = models.CharField(max_length=120, blank=True)
    assistant_dedication = models.ForeignKey(
        AssistantDedication, models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )
    template = models.TextField(blank=True, max_length=20_000)
    instead = models.JSONField(
        default=dict, blank=True, help_text="By variable: what people get for whom the file has no value."
    )
    starts = models.TimeField(null=True, blank=True, help_text="Daily, on the wall clock of `timezone`.")
    ends = models.TimeField(null=True, blank=True)
    timezone = models.CharField(max_length=time_zones.LONGEST, blank=True)
    starts_itself = models.BooleanField(default=False, help_text="Once all its people are sent.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    changed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    changed_at = models.DateTimeField(db_default=Now())
    version = models.PositiveIntegerField(default=1)
    retry_token = models.UUIDField(
        null=True, blank=True, help_text="Of the form that made it of the people of a campaign: pressed twice, once."
    )

    retried_campaigns = models.JSONField(
        default=list,
        blank=True,
        help_text="Ids of the campaigns whose people it tries once more.",
    )
    checked_at = models.DateTimeField(
        null=True, blank=True, help_text="When all its people were last checked against the contact rules."
    )
    trial_calls = models.JSONField(
        default=list, blank=True, help_text="Patchbay's ids of its test calls, the newest last."
    )
    campaign = models.OneToOneField(
        Campaign,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="draft",
        db_constraint=False,
        help_text="Once VoiceDock has it.",
    )
    remote_id = models.CharField(max_length=64, blank=True, help_text="VoiceDock's id of the campaign, once answered.")
    asked_at = models.DateTimeField(
        null=True, blank=True, help_text="When VoiceDock was last asked to make the campaign."
    )
    same_before = models.JSONField(
        default=list, help_text="Ids of VoiceDock's campaigns with this name and assistant, before it was asked."
    )
    bulk_limit = models.PositiveSmallIntegerField(
        default=500, help_text="How many people may go with the creation: less after each refusal."
    )
    in_bulk = models.PositiveIntegerField(default=0, help_text="People who went with the creation.")
    begun_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    begun_at = models.DateTimeField(null=True, blank=True)
    counted = models.PositiveIntegerField(null=True, blank=True, help_text="People in VoiceDock's list, at the end.")
    sent_at = models.DateTimeField(null=True, blank=True)
    try_at = models.DateTimeField(null=True, blank=True, help_text="When sending goes on: until then a worker has it.")
    reason = models.CharField(max_length=500, blank=True, help_text="Why sending stopped, in words for people.")

    class Meta:
        ordering = ["-changed_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "id"], name="campaign_draft_key"),
            models.UniqueConstraint(fields=["tenant", "retry_token"], name="one_draft_per_retry"),
            models.CheckConstraint(
                condition=Q(state="draft") | (~Q(name="") & Q(assistant_dedication__isnull=False)),
                name="campaign_draft_sent_whole",
            ),
            models.UniqueConstraint(
                fields=["remote_id"], condition=~Q(remote_id=""), name="one_draft_per_campaign_of_voicedock"
            ),
            CompositeForeignKey(
                name="campaign_draft_assistant",
                columns=["tenant_id", "assistant_dedication_id"],
                to="tenants_assistantdedication",
                target=["tenant_id", "id"],
            ),
            CompositeForeignKey(
                name="campaign_draft_campaign",
                columns=["tenant_id", "campaign_id"],
                to="campaigns_campaign",
                target=["tenant_id", "id"],
            ),
            TenantRowPolicy(name="campaign_draft_rows"),
        ]
        indexes = [
            models.Index(fields=["tenant", "-changed_at", "-id"], name="campaign_drafts_newest_first"),
            models.Index(fields=["-changed_at", "-id"], name="all_drafts_newest_first"),
            models.Index(fields=["try_at"], condition=Q(state="sending"), name="campaign_drafts_due"),
        ]

    def __str__(self) -> str:
        return self.name or "Campaign without a name"


class CampaignFile(models.Model):
    """The file that the people of a draft come from, and how it is read."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+")
    draft = models.OneToOneField(CampaignDraft, models.CASCADE, related_name="file", db_constraint=False)
    name = models.CharField(max_length=200)
    size = models.PositiveIntegerField(help_text="Bytes.")
    content = models.BinaryField()
    sheet = models.CharField(max_length=100, blank=True, help_text="Of a workbook.")
    sheets = models.JSONField(default=list, help_text="The names of all its sheets.")
    encoding = models.CharField(max_length=40, blank=True)
    delimiter = models.CharField(max_length=1, blank=True)
    header_rows = models.PositiveSmallIntegerField(default=1, help_text="The last of them has the names of columns.")
    headers = models.JSONField(default=list, help_text="The names of its columns.")
    columns = models.JSONField(default=dict, help_text="What each is, by place (`lead_files/columns.py`).")
    country = models.CharField(max_length=2, blank=True, help_text="Of numbers without one.")
    columns_from = models.CharField(max_length=120, blank=True, help_text="The draft whose columns they were.")
    repairs = models.JSONField(default=list, help_text="Guesses about numbers that a person has confirmed.")
    corrections = models.JSONField(
        default=dict, help_text="By line, the number that a person typed in place of the one in the file."
    )
    sample = models.JSONField(default=list, help_text="Its first rows, each with its line and its cells.")
    rows = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict, help_text="Of its last reading: rows by state, and by what was wrong.")
    asked_at = models.DateTimeField(db_default=Now(), help_text="When somebody wanted it read.")
    read_at = models.DateTimeField(
        null=True, blank=True, help_text="When its rows became leads of the draft; empty while that is under way."
    )
    problem = models.CharField(max_length=500, blank=True, help_text="Why its rows became none, in words for people.")
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            CompositeForeignKey(
                name="campaign_file_draft",
                columns=["tenant_id", "draft_id"],
                to="campaigns_campaigndraft",
                target=["tenant_id", "id"],
            ),
            TenantRowPolicy(name="campaign_file_rows"),
        ]
        indexes = [
            models.Index(fields=["asked_at"], condition=Q(read_at=None, problem=""), name="campaign_files_waiting")
        ]

    def __str__(self) -> str:
        return self.name


class DraftLead(models.Model):
    """A row of the file: a person to call, or a row that is not sent, and why."""

    class State(models.TextChoices):
        READY = "ready", "To be sent"
        NOT_READ = "not-read", "Not read"
        DUPLICATE = "duplicate", "Twice in the file"
        LEFT_OUT = "left-out", "Left out"
        SENDING = "sending", "Being sent"
        UNKNOWN = "unknown", "No answer"
        SENT = "sent", "At VoiceDock"
        REFUSED = "refused", "Refused by VoiceDock"

    OPEN = (State.READY, State.SENDING, State.UNKNOWN)

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+")
    draft = models.ForeignKey(CampaignDraft, models.CASCADE, related_name="leads", db_constraint=False)
    line = models.PositiveIntegerField(help_text="In the file, from 1.")
    number = models.CharField(max_length=16, blank=True, help_text="E.164; empty where the row was not read.")
    name = models.CharField(max_length=200, blank=True)
    variables = models.JSONField(default=dict, help_text="Text by name, the person's name among them.")
    values = models.JSONField(default=list, help_text="The row as it stands in the file.")
    consent = models.JSONField(default=dict, help_text="Kind, source and time of the consent, where the file has them.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.READY)
    rule = models.CharField(
        max_length=20, blank=True, help_text="The contact rule that leaves it out, or what was wrong with its row."
    )
    reason = models.CharField(max_length=300, blank=True, help_text="Why it is not sent, in words for people.")
    rules_version = models.CharField(max_length=80, blank=True, help_text="Of the contact rules that were asked.")
    remote_id = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    found_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was found in VoiceDock's list, where its request had no answer."
    )

    class Meta:
        ordering = ["line"]
        constraints = [
            models.UniqueConstraint(fields=["draft", "line"], name="one_lead_per_line"),
            models.UniqueConstraint(
                fields=["draft", "number"],
                condition=Q(state__in=["ready", "sending", "unknown", "sent"]),
                name="one_lead_per_number_of_a_draft",
            ),
            models.CheckConstraint(
                condition=Q(state="not-read") | Q(number__regex=r"^\+[1-9][0-9]{6,14}$"), name="draft_lead_e164"
            ),
            CompositeForeignKey(
                name="draft_lead_draft",
                columns=["tenant_id", "draft_id"],
                to="campaigns_campaigndraft",
                target=["tenant_id", "id"],
            ),
            TenantRowPolicy(name="draft_lead_rows"),
        ]
        indexes = [
            models.Index(fields=["draft", "state", "line"], name="draft_leads_by_state"),
            models.Index(fields=["tenant", "number"], name="draft_leads_by_number"),
            models.Index(fields=["draft", "asked_at"], name="draft_leads_by_request"),
        ]

    def __str__(self) -> str:
        return self.number or f"line {self.line}"
