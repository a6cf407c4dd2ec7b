"""The audit trail: append-only entries in a hash chain per tenant."""

from django.db import models

from tenants.models.tenant import Tenant
from tenants.walls import ChainRows, Rows


class AuditEntry(models.Model):
    """What was done, by whom, to what. `body` is the canonical JSON that the chain covers; the other columns repeat
    parts of it for searching. `seq` and `hash` are set by a trigger, under the lock of the chain's head."""

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
            Rows(name="audit_rows"),
        ]
        indexes = [
            models.Index(fields=["tenant", "-at", "-id"], name="audit_by_tenant"),
            models.Index(fields=["subject"], name="audit_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.seq}: {self.action}"


class AuditHead(models.Model):
    """The last link of each chain; only the trigger writes here."""

    chain = models.CharField(max_length=40, primary_key=True)
    seq = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        constraints = [ChainRows(name="head_rows")]

    def __str__(self) -> str:
        return f"{self.chain} at {self.seq}"
