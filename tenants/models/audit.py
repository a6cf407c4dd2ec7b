"""The audit trail: append-only entries in a hash chain per tenant."""

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Cast, Concat

from tenants.isolation.row_security import AuditChainRowPolicy, TenantRowPolicy
from tenants.models.tenant import Tenant


class AuditEntry(models.Model):
    """One action. `body` is the canonical JSON that the hash covers; the other columns repeat parts of it for queries.

    A trigger sets these columns from the body, and `seq` and `hash` while the head of the chain is locked.
    """

    chain = models.CharField(max_length=40)
    seq = models.BigIntegerField(default=0)
    hash = models.BinaryField(default=b"")
    body = models.TextField()

    tenant = models.ForeignKey(Tenant, models.PROTECT, null=True, related_name="audit_entries")
    at = models.DateTimeField(db_index=True)
    actor_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=120, blank=True, help_text="kind:id")

    class Meta:
        verbose_name_plural = "audit entries"
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["chain", "seq"], name="one_entry_per_link"),
            models.CheckConstraint(
                condition=Q(tenant__isnull=True, chain="reseller")
                | Q(tenant__isnull=False, chain=Concat(Value("tenant-"), Cast("tenant_id", models.TextField()))),
                name="chain_of_its_tenant",
            ),
            TenantRowPolicy(name="audit_rows"),
        ]
        indexes = [
            models.Index(fields=["tenant", "-at", "-id"], name="audit_by_tenant"),
            models.Index(fields=["-at", "-id"], name="audit_newest_first"),
            models.Index(fields=["subject"], name="audit_by_subject"),
            models.Index(fields=["action", "tenant", "-at", "-id"], name="audit_by_action"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.seq}: {self.action}"


class AuditHead(models.Model):
    """The last entry of each chain; only the trigger writes here."""

    chain = models.CharField(max_length=40, primary_key=True)
    seq = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        constraints = [AuditChainRowPolicy(name="head_rows")]

    def __str__(self) -> str:
        return f"{self.chain} at {self.seq}"
