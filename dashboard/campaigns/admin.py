"""Campaigns in the auditors' reading room."""

from django.contrib import admin

from dashboard.campaigns.models import Campaign, Lead
from tenants.admin import ReadOnly, site


@admin.register(Campaign, site=site)
class CampaignShelf(ReadOnly):
    list_display = [
        "name",
        "tenant",
        "connection",
        "status",
        "completed_leads",
        "failed_leads",
        "total_leads",
        "seen_at",
    ]
    list_filter = [("tenant", admin.RelatedOnlyFieldListFilter), "status", "connection", "remote_created_at"]
    list_select_related = ["tenant", "connection"]
    search_fields = ["name", "remote_id"]


@admin.register(Lead, site=site)
class LeadShelf(ReadOnly):
    list_display = ["phone_number", "campaign", "tenant", "status", "attempts", "last_attempt_at"]
    list_filter = [("tenant", admin.RelatedOnlyFieldListFilter), "status"]
    list_select_related = ["campaign", "tenant"]
    search_fields = ["phone_number", "campaign__name"]
