"""Presets of a client: ways to call that owners and managers save by name, of which a call fills in the rest."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower

from tenants.isolation.row_security import CompositeForeignKey, TenantRowPolicy
from tenants.models import AssistantDedication, NumberDedication, Tenant

LONGEST_PRESET_NAME = 60


class CallPreset(models.Model):
    """`changes` are those of `placing.changes.Changes`, without values of variables: each call fills these in.

    The dedications may have ended meanwhile: rows of dedications are never deleted.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="call_presets")
    key = models.SlugField(max_length=60, help_text="Stands in call links; it stays when the name changes.")
    name = models.CharField(max_length=LONGEST_PRESET_NAME)
    assistant_dedication = models.ForeignKey(AssistantDedication, models.PROTECT, related_name="+", db_constraint=False)
    number_dedication = models.ForeignKey(
        NumberDedication,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_constraint=False,
        help_text="Empty: the line is chosen by rule.",
    )
    changes = models.JSONField(default=dict, blank=True, help_text="What its calls change of the saved assistant.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], name="call_preset_key_once"),
            models.UniqueConstraint("tenant", Lower("name"), name="call_preset_name_once"),
            CompositeForeignKey(
                name="call_preset_assistant",
                columns=["tenant_id", "assistant_dedication_id"],
                to="tenants_assistantdedication",
                target=["tenant_id", "id"],
            ),
            CompositeForeignKey(
                name="call_preset_number",
                columns=["tenant_id", "number_dedication_id"],
                to="tenants_numberdedication",
                target=["tenant_id", "id"],
            ),
            TenantRowPolicy(name="call_preset_rows"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def number_id(self) -> int | None:
        """The number of its line; None where the line is chosen by rule."""
        return self.number_dedication.number_id if self.number_dedication else None
