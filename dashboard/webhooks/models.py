"""Webhooks that were received, and counts of those that were rejected."""

from django.db import models
from django.utils import timezone

from tenants.isolation.row_security import TenantRowPolicy
from tenants.models import Connection


class Delivery(models.Model):
    """One verified webhook, reduced to the fields in use: the echoed assistant may hold secrets and is not stored."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", "Waiting"
        APPLIED = "applied", "Applied"
        SET_ASIDE = "set-aside", "Not applied"
        FAILED = "failed", "Failed"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="deliveries")
    body_hash = models.BinaryField(max_length=32)
    event = models.CharField(max_length=40)
    call_id_sent = models.CharField(max_length=200, blank=True)
    payload = models.JSONField()
    signed_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(default=timezone.now)
    times = models.PositiveIntegerField(default=1, help_text="How often the same body came.")
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    applied_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["connection", "body_hash"], name="kept_once"),
            TenantRowPolicy(name="delivery_rows", tenant=None),
        ]
        indexes = [
            models.Index(fields=["received_at"], name="deliveries_by_time"),
            models.Index(fields=["connection", "call_id_sent"], name="deliveries_by_call"),
            models.Index(fields=["id"], condition=models.Q(outcome="waiting"), name="deliveries_waiting"),
            models.Index(fields=["connection"], condition=models.Q(outcome="failed"), name="deliveries_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.event} for {self.call_id_sent}"


class Rejection(models.Model):
    """Webhooks with an invalid signature or timestamp: counted by day and reason, never stored."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="rejections")
    day = models.DateField()
    reason = models.CharField(max_length=20)
    times = models.PositiveIntegerField(default=1)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "day", "reason"], name="rejections_counted_by_day"),
            TenantRowPolicy(name="rejection_rows", tenant=None),
        ]

    def __str__(self) -> str:
        return f"{self.times} {self.reason} for {self.connection_id} on {self.day}"
