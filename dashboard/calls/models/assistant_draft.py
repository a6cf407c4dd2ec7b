"""Drafts of one-time assistants: named, shared in the client, and kept in every version that was saved."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from tenants.isolation.row_security import CompositeForeignKey, TenantRowPolicy
from tenants.models import Tenant, User

LONGEST_NAME = 80


class AssistantDraft(models.Model):
    """A one-time assistant that can be used again; what it is made of stands in its versions."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="assistant_drafts")
    name = models.CharField(max_length=LONGEST_NAME)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "id"], name="assistant_draft_key"),
            models.UniqueConstraint("tenant", Lower("name"), name="assistant_draft_name_once"),
            TenantRowPolicy(name="assistant_draft_rows"),
        ]

    def __str__(self) -> str:
        return self.name


class AssistantDraftVersion(models.Model):
    """What a draft was made of from one saving to the next; it is never changed."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    draft = models.ForeignKey(AssistantDraft, models.CASCADE, related_name="versions", db_constraint=False)
    number = models.PositiveIntegerField()
    configuration = models.JSONField(help_text="By VoiceDock's names; it holds no secrets.")
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["draft", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["draft", "number"], name="assistant_draft_version_once"),
            CompositeForeignKey(
                name="version_draft",
                columns=["tenant_id", "draft_id"],
                to="calls_assistantdraft",
                target=["tenant_id", "id"],
            ),
            TenantRowPolicy(name="assistant_draft_version_rows"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of draft {self.draft_id}"

    @property
    def blocks(self) -> dict[str, Any]:
        return self.configuration if isinstance(self.configuration, dict) else {}
