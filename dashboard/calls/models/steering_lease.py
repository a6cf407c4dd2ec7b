"""Who steers a call, and until when without a sign of their panel."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from dashboard.calls.models.call import Call
from tenants.isolation.row_security import CompositeForeignKey, TenantRowPolicy
from tenants.models import Tenant, User


class SteeringLease(models.Model):
    """The one person who sends commands into a call. Its times are those of the database's clock.

    `until` is moved on by each command and by each open panel of the holder. A lease that has run out is nobody's.
    """

    call = models.OneToOneField(
        Call, models.CASCADE, primary_key=True, related_name="steering_lease", db_constraint=False
    )
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    holder = models.ForeignKey(User, models.CASCADE, related_name="+")
    session = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the key of the holder’s session.")
    since = models.DateTimeField(db_default=Now())
    until = models.DateTimeField()
    taken_from = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")

    class Meta:
        constraints = [
            CompositeForeignKey(
                name="steering_call", columns=["tenant_id", "call_id"], to="calls_call", target=["tenant_id", "id"]
            ),
            TenantRowPolicy(name="steering_rows"),
        ]
        indexes = [models.Index(fields=["until"], name="steering_until")]

    def __str__(self) -> str:
        return f"{self.holder} steers {self.call_id}"
