"""A client account of the reseller."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from tenants import time_zones
from tenants.destination_rules import COSTLY_KINDS
from tenants.isolation.row_security import PERSON, CompositeForeignKey, TenantRowPolicy
from tenants.models.connection import Connection

LONGEST_RETENTION = 3650  # days


def usual_retention() -> int:
    """The default, in days."""
    return settings.RETENTION_DAYS


class Tenant(models.Model):
    """A client of the reseller; screens always say *client*."""

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        SUSPENDED = "suspended", "Suspended"
        CLOSED = "closed", "Closed"

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    city = models.CharField(max_length=80, blank=True)
    home_connection = models.ForeignKey(Connection, models.PROTECT, null=True, blank=True, related_name="tenants")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.ACTIVE)
    timezone = models.CharField(max_length=64, default="Europe/Amsterdam")
    requires_second_step = models.BooleanField(default=False, help_text="Of its own people, at sign-in.")
    default_number = models.ForeignKey(
        "NumberDedication", models.SET_NULL, null=True, blank=True, related_name="+", db_constraint=False
    )
    default_assistant = models.ForeignKey(
        "AssistantDedication", models.SET_NULL, null=True, blank=True, related_name="+", db_constraint=False
    )
    max_concurrent_calls = models.PositiveSmallIntegerField(
        default=4, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    max_calls_per_day = models.PositiveIntegerField(
        default=200, validators=[MinValueValidator(1), MaxValueValidator(100_000)]
    )
    country = models.CharField(
        max_length=2,
        blank=True,
        help_text="ISO code: numbers without a country code are read as in this country; none are read where empty.",
    )
    allowed_countries = ArrayField(
        models.CharField(max_length=2), default=list, blank=True, help_text="ISO codes; empty for every country."
    )
    allowed_kinds = ArrayField(
        models.CharField(max_length=16),
        default=list,
        db_default=[],
        blank=True,
        help_text="Kinds of numbers that cost extra and may be called all the same.",
    )
    transient_calls = models.BooleanField(
        default=False, db_default=False, help_text="Whether staff let it place calls with one-time assistants."
    )
    brand_hue = models.PositiveSmallIntegerField(default=254, validators=[MaxValueValidator(360)])
    brand_chroma = models.DecimalField(
        max_digits=4, decimal_places=3, default="0.115", validators=[MinValueValidator(0), MaxValueValidator(0.2)]
    )
    retention_days = models.PositiveIntegerField(
        default=usual_retention,
        db_default=365,
        validators=[MaxValueValidator(LONGEST_RETENTION)],
        help_text="How long after closing the personal data of its calls are kept.",
    )
    calls_held_until = models.DateTimeField(
        null=True, blank=True, help_text="No call is sent before then: the client is about to be suspended or closed."
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    data_removed_at = models.DateTimeField(
        null=True, blank=True, help_text="When the personal data of its calls were removed last."
    )
    created_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=["active", "suspended", "closed"]), name="tenant_status"),
            models.CheckConstraint(
                condition=Q(allowed_kinds__contained_by=list(COSTLY_KINDS)), name="tenant_allowed_kinds"
            ),
            models.CheckConstraint(condition=Q(slug__regex=r"^[a-z0-9]+(-[a-z0-9]+)*$"), name="tenant_slug_plain"),
            CompositeForeignKey(
                name="tenant_default_number",
                columns=["id", "default_number_id"],
                to="tenants_numberdedication",
                target=["tenant_id", "id"],
            ),
            CompositeForeignKey(
                name="tenant_default_assistant",
                columns=["id", "default_assistant_id"],
                to="tenants_assistantdedication",
                target=["tenant_id", "id"],
            ),
            TenantRowPolicy(
                name="tenant_rows",
                tenant="id",
                also=f"EXISTS (SELECT 1 FROM tenants_membership m WHERE m.tenant_id = tenants_tenant.id "
                f"AND m.user_id = {PERSON})",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def key_of(cls, slug: str) -> models.Subquery:
        """For a filter of its rows: PostgreSQL reads their index by it, where a join would look at everybody's."""
        return models.Subquery(cls.objects.filter(slug=slug).values("pk")[:1])

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone; UTC when the name is not known, which its pages then show."""
        return time_zones.or_utc(self.timezone)

    @property
    def zone_is_known(self) -> bool:
        return time_zones.read(self.timezone) is not None

    @property
    def may_dial(self) -> bool:
        return self.status == self.Status.ACTIVE

    @property
    def kept_until(self) -> datetime | None:
        """When the personal data of its calls may be removed; None for a client that is not closed."""
        if self.status != self.Status.CLOSED or self.closed_at is None:
            return None
        return self.closed_at + timedelta(days=self.retention_days)

    @property
    def data_is_removed(self) -> bool:
        """Closed and its personal data removed; what VoiceDock still reports of its calls is not stored any more."""
        removed = self.closed_at and self.data_removed_at and self.data_removed_at >= self.closed_at
        return self.status == self.Status.CLOSED and bool(removed)
