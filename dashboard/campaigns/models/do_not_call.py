"""The numbers that one campaign does not call, while others may."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from dashboard.campaigns.models.campaign import Campaign
from dashboard.campaigns.models.draft import CampaignDraft
from dashboard.contact_rules.models import ListedNumber
from tenants.isolation.row_security import CompositeForeignKey, TenantRowPolicy
from tenants.models import Tenant


class CampaignDoNotCallEntry(ListedNumber):
    """Of a draft until VoiceDock has its campaign; from then on of the campaign."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+")
    draft = models.ForeignKey(
        CampaignDraft, models.CASCADE, null=True, blank=True, related_name="do_not_call", db_constraint=False
    )
    campaign = models.ForeignKey(
        Campaign, models.CASCADE, null=True, blank=True, related_name="do_not_call", db_constraint=False
    )

    class Meta:
        ordering = ["-added_at", "-id"]
        verbose_name_plural = "campaign do-not-call entries"
        constraints = [
            models.CheckConstraint(
                condition=Q(draft__isnull=True) ^ Q(campaign__isnull=True), name="campaign_do_not_call_of_one"
            ),
            models.UniqueConstraint(fields=["draft", "number"], name="campaign_do_not_call_once_in_draft"),
            models.UniqueConstraint(fields=["campaign", "number"], name="campaign_do_not_call_once"),
            models.CheckConstraint(
                condition=Q(number__regex=r"^\+[1-9][0-9]{6,14}$"), name="campaign_do_not_call_e164"
            ),
            CompositeForeignKey(
                name="campaign_do_not_call_draft",
                columns=["tenant_id", "draft_id"],
                to="campaigns_campaigndraft",
                target=["tenant_id", "id"],
            ),
            CompositeForeignKey(
                name="campaign_do_not_call_campaign",
                columns=["tenant_id", "campaign_id"],
                to="campaigns_campaign",
                target=["tenant_id", "id"],
            ),
            TenantRowPolicy(name="campaign_do_not_call_rows"),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(compared_at=None, campaign__isnull=False), name="campaign_do_not_call_new"
            )
        ]
