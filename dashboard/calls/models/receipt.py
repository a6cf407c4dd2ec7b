"""One command into a live call and its outcome."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from dashboard.calls.models.action import LONGEST_NAME
from dashboard.calls.models.call import Call
from tenants.isolation.row_security import CompositeForeignKey, TenantRowPolicy
from tenants.models import Tenant, User

TRANSFER_IS_LATE = timedelta(seconds=30)  # after the answer; one that is seen later still counts


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    def settle(self, outcome: str, note: str, **more: Any) -> int:
        """What VoiceDock answered. It may come after the call has shown what became of the command.

        A refused command did nothing, whatever the call did by itself; otherwise what the call has shown stays.
        """
        if outcome == Receipt.Outcome.REFUSED:
            return self.update(outcome=outcome, note=note[:400], effect="", effect_at=None, **more)
        kept = Case(When(effect="", then=Value(note[:400])), default=F("note"))
        return self.update(outcome=outcome, note=kept, **more)


class Receipt(models.Model):
    """One command and its outcome; committed before the request is sent."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", "On its way"
        ACCEPTED = "accepted", "Accepted by VoiceDock"
        REFUSED = "refused", "Refused"
        UNKNOWN = "unknown", "No answer"

    class Effect(models.TextChoices):
        OPEN = "", "Not known yet"
        CONFIRMED = "confirmed", "Confirmed"
        NOT_CONFIRMED = "not-confirmed", "Not confirmed"
        NOT_KNOWN = "not-known", "Not known"  # and it will not become known

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="receipts")
    call = models.ForeignKey(Call, models.PROTECT, related_name="receipts", db_constraint=False)
    token = models.UUIDField()
    command = models.CharField(max_length=20)
    action = models.CharField(
        max_length=LONGEST_NAME, blank=True, help_text="The name that the action had which it was sent with, if any."
    )
    remark = models.CharField(
        max_length=160, blank=True, help_text="What who sent it confirmed, such as a transfer outside of hours."
    )
    family = models.CharField(max_length=20, default="unknown", help_text="Of the model of the call then.")
    payload = models.JSONField(default=dict)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    messages_before = models.PositiveIntegerField(
        null=True, help_text="How many messages of the conversation were known then; none when no word was."
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.WAITING)
    effect = models.CharField(max_length=14, choices=Effect.choices, default="", blank=True)
    effect_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=400, blank=True, help_text="Why, and what to do, in words for people.")
    recorded_at = models.DateTimeField(
        null=True, blank=True, help_text="When its outcome was written to the audit trail; the sweep does what is left."
    )

    retry_after: float | None = None  # seconds, of one that was just refused for now; not stored

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        ordering = ["asked_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["call", "token"], name="one_receipt_per_token"),
            models.CheckConstraint(condition=~Q(outcome="refused") | Q(effect=""), name="refused_has_no_effect"),
            CompositeForeignKey(
                name="receipt_call", columns=["tenant_id", "call_id"], to="calls_call", target=["tenant_id", "id"]
            ),
            TenantRowPolicy(name="receipt_rows"),
        ]
        indexes = [
            models.Index(fields=["tenant", "-asked_at"], name="receipts_newest_first"),
            models.Index(fields=["asked_at", "id"], name="all_receipts_by_time"),
            models.Index(
                fields=["asked_at"],
                condition=Q(command="transfer", effect="", note="", outcome="accepted"),
                name="transfers_open",
            ),
            models.Index(fields=["outcome", "asked_at"], condition=Q(effect=""), name="receipts_open"),
            models.Index(fields=["answered_at"], condition=Q(recorded_at=None), name="receipts_not_recorded"),
            models.Index(
                fields=["tenant", "family", "command", "-asked_at"],
                condition=Q(outcome__in=["accepted", "unknown"]),
                name="receipts_measured",
            ),
            models.Index(
                fields=["family", "command", "-asked_at"],
                condition=Q(outcome__in=["accepted", "unknown"]),
                name="all_receipts_measured",
            ),
            models.Index(
                fields=["tenant", "-asked_at"], condition=Q(command="transfer"), name="transfers_newest_first"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.command} into {self.call_id}, {self.outcome}"
