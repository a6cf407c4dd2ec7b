"""Later reports of another caller ID, and staff’s clearing of alarms that stop dialing."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from dashboard.calls.models.call import Call
from tenants.isolation.row_security import CompositeForeignKey, TenantRowPolicy
from tenants.models import AuditEntry, Tenant, User


class CallerIdCorrection(models.Model):
    """A caller ID that VoiceDock reported after another one. The first report stays on the call; each later one that
    differs is a row of its own, written with its audit entry and never changed."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, null=True, related_name="+")
    call = models.ForeignKey(Call, models.PROTECT, related_name="caller_id_corrections", db_constraint=False)
    reported_line = models.CharField(max_length=32, blank=True)
    number_remote_id = models.CharField(max_length=64, blank=True)
    reported_at = models.DateTimeField(help_text="When VoiceDock reported it.")
    received_at = models.DateTimeField(default=timezone.now)
    entry = models.OneToOneField(AuditEntry, models.PROTECT, related_name="+", db_constraint=False)

    class Meta:
        ordering = ["reported_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["call", "reported_line", "number_remote_id"], name="one_correction_per_caller_id"
            ),
            CompositeForeignKey(
                name="correction_call", columns=["tenant_id", "call_id"], to="calls_call", target=["tenant_id", "id"]
            ),
            TenantRowPolicy(name="correction_rows"),
        ]

    def __str__(self) -> str:
        return f"{self.reported_line} of {self.call_id}"


class AlarmClearing(models.Model):
    """Staff's decision that dialing may go on after an alarm that stops it; without one it cannot be taken away."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+")
    call = models.ForeignKey(Call, models.PROTECT, related_name="alarm_clearings", db_constraint=False)
    alarm_at = models.DateTimeField(help_text="When the alarm that was cleared had been raised.")
    cleared_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    cleared_at = models.DateTimeField(default=timezone.now)
    why = models.CharField(max_length=300)
    entry = models.OneToOneField(AuditEntry, models.PROTECT, related_name="+", db_constraint=False)

    class Meta:
        ordering = ["cleared_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["call", "alarm_at"], name="one_clearing_per_alarm"),
            CompositeForeignKey(
                name="clearing_call", columns=["tenant_id", "call_id"], to="calls_call", target=["tenant_id", "id"]
            ),
            TenantRowPolicy(name="clearing_rows"),
        ]

    def __str__(self) -> str:
        return f"alarm of {self.call_id} cleared by {self.cleared_by_id}"
