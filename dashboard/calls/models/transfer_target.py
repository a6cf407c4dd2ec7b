"""Whom a client's calls are transferred to: named in its settings, one press away in the live panel."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from tenants.isolation.row_security import TenantRowPolicy
from tenants.models import Tenant


class TransferTarget(models.Model):
    """A person or a team with the number or SIP address where they take over a call."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="transfer_targets")
    name = models.CharField(max_length=80)
    destination = models.CharField(max_length=200, help_text="E.164, or a SIP address.")
    announcement = models.CharField(
        max_length=500, blank=True, help_text="Spoken before the transfer; empty: a usual one."
    )
    days = models.CharField(max_length=7, blank=True, help_text="Of the week, as digits from Monday 0; empty: all.")
    opens = models.TimeField(null=True, blank=True)
    closes = models.TimeField(null=True, blank=True, help_text="Before `opens`: on the day after.")
    timezone = models.CharField(max_length=64, blank=True, help_text="Of these times; empty: the client's.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "destination"], name="transfer_target_once"),
            models.UniqueConstraint("tenant", Lower("name"), name="transfer_target_name_once"),
            models.CheckConstraint(
                condition=Q(opens__isnull=True, closes__isnull=True) | Q(opens__isnull=False, closes__isnull=False),
                name="transfer_target_opens_and_closes",
            ),
            TenantRowPolicy(name="transfer_target_rows"),
        ]

    def __str__(self) -> str:
        return self.name
