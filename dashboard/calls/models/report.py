"""What VoiceDock reports of a call: transcript, summary, analysis, recording."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from dashboard.calls.models.call import Call
from tenants.isolation.row_security import CompositeForeignKey, TenantRowPolicy
from tenants.models import Tenant


class CallReport(models.Model):
    """The transcript, summary and analysis of a call; a table of its own, so that lists of calls read little."""

    call = models.OneToOneField(Call, models.CASCADE, primary_key=True, related_name="report", db_constraint=False)
    tenant = models.ForeignKey(Tenant, models.PROTECT, null=True, related_name="+")
    summary = models.TextField(blank=True)
    messages = models.JSONField(default=list, blank=True, help_text='[{"role", "content"}]')
    message_times = models.JSONField(
        default=list, blank=True, help_text="When each message was first heard; null where it came after the call."
    )
    analysis = models.JSONField(null=True, blank=True)
    recording_url = models.CharField(max_length=2000, blank=True)
    first_seen_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            CompositeForeignKey(name="report_call", columns=["call_id"], to="calls_call", target=["id"]),
            CompositeForeignKey(
                name="report_call_tenant",
                columns=["tenant_id", "call_id"],
                to="calls_call",
                target=["tenant_id", "id"],
            ),
            TenantRowPolicy(name="report_rows"),
        ]

    def __str__(self) -> str:
        return f"report of {self.call_id}"
