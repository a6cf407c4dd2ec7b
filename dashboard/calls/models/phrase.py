"""Saved phrases of a client."""

from __future__ import annotations

from django.db import models

from tenants.isolation.row_security import TenantRowPolicy
from tenants.models import Tenant


class Phrase(models.Model):
    """A saved phrase of a client, one click away in the composer."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="phrases")
    text = models.CharField(max_length=300)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "text"], name="phrase_once"),
            TenantRowPolicy(name="phrase_rows"),
        ]

    def __str__(self) -> str:
        return self.text
