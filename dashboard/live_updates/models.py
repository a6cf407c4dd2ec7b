"""The changes feed: which row changed, for whom; never what is in it."""

from django.db import models
from django.utils import timezone

from tenants.isolation.row_security import TenantRowPolicy
from tenants.models import Tenant


class TransactionId(models.Field):
    """PostgreSQL's xid8: the transaction a row was written in."""

    def db_type(self, connection: object) -> str:
        return "xid8"


class CurrentTransaction(models.Func):
    function = "pg_current_xact_id"
    arity = 0


class Change(models.Model):
    """Written in the transaction that changes a call, receipt or campaign."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, null=True, related_name="+")
    kind = models.CharField(max_length=16, help_text="call, campaign, inventory, connection")
    ref = models.CharField(max_length=64)
    version = models.PositiveIntegerField(default=0)
    xid = TransactionId(db_default=CurrentTransaction(), editable=False)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [TenantRowPolicy(name="change_rows")]
        indexes = [models.Index(fields=["xid", "id"], name="changes_by_transaction")]

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"
