"""Dedications: a number or an assistant belongs to one tenant for a period of time."""

from __future__ import annotations

from datetime import datetime
from typing import Self, TypeVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.utils import timezone

from tenants.isolation.row_security import CompositeForeignKey, TenantRowPolicy
from tenants.models.connection import Assistant, Connection, Number
from tenants.models.people import User
from tenants.models.tenant import Tenant

AnyDedication = TypeVar("AnyDedication", bound="Dedication", covariant=True)


class DedicationQuerySet(models.QuerySet[AnyDedication]):
    def open(self) -> Self:
        """In force now, by the clock of the database."""
        return self.filter(period__contains=Now(), withdrawn_at=None)

    def unended(self) -> Self:
        """In force now or later."""
        return self.filter(Q(period__endswith__gt=Now()) | Q(period__upper_inf=True), withdrawn_at=None)

    def at(self, moment: datetime | Combinable) -> Self:
        """In force at that moment; a withdrawn one keeps an instant of its period and was never in force."""
        return self.filter(period__contains=moment, withdrawn_at=None)


class Dedication(models.Model):
    """The period is `[from, to)`. Ending a dedication sets its end; nothing else changes but the name of a line."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="%(class)ss")
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="+")
    period = DateTimeRangeField()
    made_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="When it was withdrawn before it began.")

    objects = DedicationQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def begins_later(self) -> bool:
        return self.withdrawn_at is None and self.period.lower > timezone.now()

    @property
    def is_open(self) -> bool:
        now = timezone.now()
        return (
            self.withdrawn_at is None
            and self.period.lower <= now
            and (self.period.upper is None or now < self.period.upper)
        )


class NumberDedication(Dedication):
    """A number dedicated to a tenant; never to two at the same instant, also when two organizations have the number."""

    number = models.ForeignKey(Number, models.PROTECT, related_name="dedications", db_constraint=False)
    e164 = models.CharField(max_length=16, help_text="Of the number; here so that the database can compare it.")
    name = models.CharField(max_length=80, blank=True, help_text="What its client calls the line; else the number’s.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "id"], name="number_dedication_key"),
            models.UniqueConstraint(fields=["tenant", "connection", "id"], name="number_dedication_full_key"),
            ExclusionConstraint(
                name="one_tenant_per_number",
                expressions=[("number", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=Q(withdrawn_at=None),
            ),
            ExclusionConstraint(
                name="one_tenant_per_e164",
                expressions=[("e164", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=Q(withdrawn_at=None),
            ),
            models.CheckConstraint(
                condition=Q(period__startswith__isnull=False, period__isempty=False), name="number_period_begins"
            ),
            CompositeForeignKey(
                name="number_dedication_number",
                columns=["connection_id", "number_id", "e164"],
                to="tenants_number",
                target=["connection_id", "id", "e164"],
            ),
            TenantRowPolicy(name="number_dedication_rows"),
        ]

    def __str__(self) -> str:
        return f"{self.e164}, from {self.period.lower:%-d %B %Y}"

    @property
    def line_name(self) -> str:
        """The name its client sees: its own, else the number's at VoiceDock, else ""."""
        return self.name or self.number.name


class AssistantDedication(Dedication):
    """An assistant dedicated to a tenant; a campaign belongs to the tenant of its assistant."""

    assistant = models.ForeignKey(Assistant, models.PROTECT, related_name="dedications", db_constraint=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "id"], name="assistant_dedication_key"),
            models.UniqueConstraint(fields=["tenant", "connection", "id"], name="assistant_dedication_full_key"),
            ExclusionConstraint(
                name="one_tenant_per_assistant",
                expressions=[("assistant", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=Q(withdrawn_at=None),
            ),
            models.CheckConstraint(
                condition=Q(period__startswith__isnull=False, period__isempty=False), name="assistant_period_begins"
            ),
            CompositeForeignKey(
                name="assistant_dedication_assistant",
                columns=["connection_id", "assistant_id"],
                to="tenants_assistant",
                target=["connection_id", "id"],
            ),
            TenantRowPolicy(name="assistant_dedication_rows"),
        ]

    def __str__(self) -> str:
        return f"{self.assistant}, from {self.period.lower:%-d %B %Y}"
