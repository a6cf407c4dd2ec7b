"""The requests each connection sent within VoiceDock's rate limit (`docs/voicedock-api.md §1.4`)."""

from django.db import models
from django.db.models.functions import Now

from tenants.isolation.row_security import TenantRowPolicy
from tenants.models import Connection, Tenant


class Priority(models.TextChoices):
    """Classes of requests, the most urgent first; those that a user waits for come before background work."""

    END = "end", "Ending a call"
    CONTROL = "control", "Steering a call"
    PLACE = "place", "Placing a call"
    RECONCILE = "reconcile", "Finding a lost call"
    LIVE = "sync-live", "Following live calls"
    REST = "sync-rest", "Everything else"
    LEADS = "sync-leads", "Reading people of campaigns"
    BULK = "bulk", "Sending people to campaigns"


class SentRequest(models.Model):
    """One request that was sent. Rows older than the window are deleted as new ones are added."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="+")
    priority = models.CharField(max_length=12, choices=Priority.choices)
    tenant = models.ForeignKey(Tenant, models.CASCADE, null=True, related_name="+")
    call_id = models.UUIDField(null=True, help_text="For commands: ten a minute for each call.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["connection", "at"], name="sent_request_window")]
        constraints = [TenantRowPolicy(name="sent_request_rows")]

    def __str__(self) -> str:
        return f"{self.priority} on {self.connection_id}"
