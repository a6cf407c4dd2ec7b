"""Calls that are planned for a time in a named zone, and what became of each."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from dashboard.calls.models.call import Call
from dashboard.contact_rules.verdict import Rule
from tenants import time_zones
from tenants.isolation.row_security import CompositeForeignKey, TenantRowPolicy
from tenants.models import AssistantDedication, Connection, NumberDedication, Tenant, User


class PlannedCallQuerySet(models.QuerySet["PlannedCall"]):
    def open(self) -> PlannedCallQuerySet:
        """Those that Patchbay will still place by itself."""
        return self.filter(state__in=PlannedCall.OPEN)

    def not_placed(self) -> PlannedCallQuerySet:
        """Those that were not placed in their time, and of which nobody has decided anything yet."""
        return self.filter(state__in=PlannedCall.NOT_PLACED)


class PlannedCall(models.Model):
    """A call that is placed by itself between `due_at` and `latest_at`, at most once; never later.

    It becomes a `Call` with the token `call_token`. Each attempt that VoiceDock was certainly not asked for is counted
    in `attempt`, and the next one has another token.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        PLACING = "placing", "Being placed"
        PLACED = "placed", "Placed"
        CANCELLED = "cancelled", "Cancelled"
        MISSED = "missed", "Waits for a person"
        REFUSED = "refused", "Refused, nothing was dialed"

    OPEN = (State.PLANNED, State.PLACING)
    NOT_PLACED = (State.MISSED, State.REFUSED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="planned_calls")
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="+")
    number_dedication = models.ForeignKey(NumberDedication, models.PROTECT, related_name="+", db_constraint=False)
    line_by_rule = models.BooleanField(
        default=False, help_text="The rule chose the line, and chooses another if it ends."
    )
    assistant_dedication = models.ForeignKey(
        AssistantDedication, models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )
    assistant_configuration = models.JSONField(
        default=dict, blank=True, help_text="Of a one-time assistant: a copy as it was shown, without values."
    )
    assistant_name = models.CharField(max_length=100, blank=True, help_text="Of a one-time assistant.")
    destination = models.CharField(max_length=32, help_text="E.164")
    destination_country = models.CharField(max_length=2, blank=True)
    destination_kind = models.CharField(max_length=16, blank=True)
    changes = models.JSONField(
        default=dict, blank=True, help_text="What the call changes of the saved assistant, as it was typed."
    )
    shown = models.CharField(
        max_length=40, blank=True, help_text="Fingerprint of the saved assistant that what will be sent was shown of."
    )

    preset_name = models.CharField(max_length=60, blank=True, help_text="Of the preset that it was planned with.")
    overridden_rule = models.CharField(
        max_length=20, blank=True, help_text="The contact rules that are set aside for its time, comma-separated."
    )
    override_reason = models.CharField(max_length=300, blank=True, help_text="Why, in that person’s words.")

    due_at = models.DateTimeField(help_text="Not before.")
    latest_at = models.DateTimeField(help_text="Not after.")
    zone = models.CharField(max_length=time_zones.LONGEST, help_text="In which the time was typed: its IANA name.")

    token = models.UUIDField(default=uuid.uuid4, help_text="Of the form that it was planned with.")
    attempt = models.PositiveSmallIntegerField(default=0)
    try_at = models.DateTimeField(help_text="Planned: not before; being placed: until when one worker has it.")
    state = models.CharField(max_length=12, choices=State.choices, default=State.PLANNED)
    state_at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(
        max_length=500, blank=True, help_text="Why it was not placed so far, in words for people."
    )
    call = models.ForeignKey(Call, models.PROTECT, null=True, blank=True, related_name="planned", db_constraint=False)

    planned_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    changed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1)

    objects = PlannedCallQuerySet.as_manager()

    class Meta:
        ordering = ["-due_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "token"], name="planned_once_per_token"),
            models.UniqueConstraint(
                fields=["tenant", "destination", "due_at"],
                condition=Q(state__in=["planned", "placing"]),
                name="planned_once_per_moment",
            ),
            models.UniqueConstraint(fields=["call"], condition=Q(call__isnull=False), name="planned_call_once"),
            models.CheckConstraint(condition=Q(latest_at__gt=F("due_at")), name="planned_window"),
            models.CheckConstraint(
                condition=Q(assistant_dedication=None) ^ Q(assistant_configuration={}), name="planned_has_one_speaker"
            ),
            models.CheckConstraint(condition=~Q(state="placed") | Q(call__isnull=False), name="placed_has_its_call"),
            CompositeForeignKey(
                name="planned_number_dedication",
                columns=["tenant_id", "connection_id", "number_dedication_id"],
                to="tenants_numberdedication",
                target=["tenant_id", "connection_id", "id"],
            ),
            CompositeForeignKey(
                name="planned_assistant_dedication",
                columns=["tenant_id", "connection_id", "assistant_dedication_id"],
                to="tenants_assistantdedication",
                target=["tenant_id", "connection_id", "id"],
            ),
            CompositeForeignKey(
                name="planned_became_call",
                columns=["tenant_id", "call_id"],
                to="calls_call",
                target=["tenant_id", "id"],
            ),
            TenantRowPolicy(name="planned_rows"),
        ]
        indexes = [
            models.Index(fields=["try_at"], condition=Q(state__in=["planned", "placing"]), name="planned_due"),
            models.Index(fields=["tenant", "-due_at", "-id"], name="planned_newest_first"),
            models.Index(fields=["-due_at", "-id"], name="all_planned_newest_first"),
            models.Index(fields=["tenant", "state", "due_at"], name="planned_by_state"),
        ]

    def __str__(self) -> str:
        return f"call to {self.destination} planned for {self.due_at:%Y-%m-%d %H:%M} UTC"

    @property
    def overridden_rule_words(self) -> str:
        """`outside of calling hours`; "" where no rule is set aside."""
        return Rule.words(self.overridden_rule)

    @property
    def is_transient(self) -> bool:
        return self.assistant_dedication_id is None

    @property
    def speaker(self) -> str:
        """The name of what speaks."""
        return self.assistant_name if self.is_transient else str(self.assistant_dedication.assistant)  # type: ignore[union-attr]

    @property
    def call_token(self) -> uuid.UUID:
        """Of the call that this attempt makes: a repeated run makes the very same call."""
        return uuid.uuid5(self.token, f"attempt {self.attempt}")

    @property
    def where(self) -> ZoneInfo:
        return time_zones.or_utc(self.zone)

    @property
    def local(self) -> datetime:
        """`due_at` on the clocks of its zone."""
        return self.due_at.astimezone(self.where)

    @property
    def window(self) -> timedelta:
        return self.latest_at - self.due_at

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def is_not_placed(self) -> bool:
        return self.state in self.NOT_PLACED
