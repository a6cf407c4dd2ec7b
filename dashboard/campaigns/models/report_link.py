"""Links by which people without a sign-in read the report of a campaign."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from dashboard.campaigns.models.campaign import Campaign
from tenants.isolation.row_security import CompositeForeignKey, TenantRowPolicy
from tenants.models import Tenant, User


class ReportLink(models.Model):
    """Only the hash of its token is stored, so that the link itself is shown once."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="report_links", db_constraint=False)
    token_hash = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True, help_text="When it was opened last.")

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            CompositeForeignKey(
                name="report_link_campaign",
                columns=["tenant_id", "campaign_id"],
                to="campaigns_campaign",
                target=["tenant_id", "id"],
            ),
            TenantRowPolicy(name="report_link_rows"),
        ]
        indexes = [
            models.Index(fields=["campaign", "-made_at"], name="report_links_newest_first"),
            models.Index(fields=["expires_at"], name="report_links_expiring"),
        ]

    def __str__(self) -> str:
        return f"link to the report of campaign {self.campaign_id}"

    @property
    def is_open(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()
