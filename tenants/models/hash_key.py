"""The key of hashes that the database makes (`tenants/keyed_hashes.py`)."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from tenants.isolation.row_security import TenantRowPolicy


class HashKey(models.Model):
    """The only row has the key, encrypted with the field keys."""

    sealed_key = models.TextField()
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="one_hash_key"),
            TenantRowPolicy(name="hash_key_rows", tenant=None),
        ]

    def __str__(self) -> str:
        return f"key of {self.made_at:%Y-%m-%d}"
