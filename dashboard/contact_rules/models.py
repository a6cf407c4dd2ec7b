"""The numbers that are not to be called."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from tenants.isolation.row_security import AS_OWNER, TenantRowPolicy
from tenants.models import Tenant, User


class DoNotCallEntry(models.Model):
    """A number that a client does not call; without a client, one that no client of the reseller calls.

    It outlives the retention of calls, so that a person who asked not to be called is never called again, and goes
    with the data of a closed client.
    """

    class Source(models.TextChoices):
        BY_HAND = "by-hand", "Added by hand"
        LIST = "list", "From a list"
        CALL = "call", "On the page of a call"
        HEARD = "heard", "Asked for in a call"

    tenant = models.ForeignKey(Tenant, models.CASCADE, null=True, blank=True, related_name="do_not_call")
    number = models.CharField(max_length=16, help_text="E.164.")
    source = models.CharField(max_length=10, choices=Source.choices)
    call_id = models.UUIDField(null=True, blank=True, help_text="Patchbay's id of the call that it comes from.")
    note = models.CharField(max_length=200, blank=True)
    added_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-added_at", "-id"]
        verbose_name_plural = "do-not-call entries"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="do_not_call_once", nulls_distinct=False),
            models.CheckConstraint(condition=models.Q(number__regex=r"^\+[1-9][0-9]{6,14}$"), name="do_not_call_e164"),
            TenantRowPolicy(name="do_not_call_rows", also=AS_OWNER),  # `reseller_blocks` reads as the owner
        ]
        indexes = [models.Index(fields=["tenant", "-added_at", "-id"], name="do_not_call_newest_first")]

    def __str__(self) -> str:
        return self.number
