"""How far a campaign was at a moment, for its history."""

from __future__ import annotations

from django.db import models

from dashboard.campaigns.models.campaign import Campaign
from tenants.isolation.row_security import CompositeForeignKey, TenantRowPolicy
from tenants.models import Tenant


class CampaignSnapshot(models.Model):
    """Its people by state, as `campaigns.counts` has them, at the end of a period in which they moved.

    What is missing of `total` is left to call. Between two snapshots nothing moved, as far as VoiceDock's lists told.
    """

    tenant = models.ForeignKey(Tenant, models.PROTECT, null=True, blank=True, related_name="+")
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="snapshots", db_constraint=False)
    at = models.DateTimeField(help_text="The beginning of its period of five minutes.")
    total = models.PositiveIntegerField()
    completed = models.PositiveIntegerField()
    not_reached = models.PositiveIntegerField()
    calling = models.PositiveIntegerField()
    others = models.PositiveIntegerField(help_text="Skipped, or in another state.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "at"], name="one_snapshot_per_period"),
            CompositeForeignKey(
                name="snapshot_campaign",
                columns=["tenant_id", "campaign_id"],
                to="campaigns_campaign",
                target=["tenant_id", "id"],
            ),
            TenantRowPolicy(name="snapshot_rows"),
        ]
        indexes = [models.Index(fields=["at"], name="campaign_snapshots_by_age")]

    def __str__(self) -> str:
        return f"campaign {self.campaign_id} at {self.at:%F %T}"

    @property
    def left(self) -> int:
        return max(0, self.total - self.completed - self.not_reached - self.calling - self.others)
