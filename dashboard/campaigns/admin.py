"""Campaigns in the auditors' admin site."""

from django.contrib import admin

from dashboard.campaigns.models import Campaign, Lead
from dashboard.ui import states
from tenants.admin import ClientFilter, ConnectionFilter, ReadOnlyModelAdmin, choice_filter, row_link, site

LEADS = [(state, states.read(state, "lead")[1]) for state in states.STATES["lead"]]


@admin.register(Campaign, site=site)
class CampaignAdmin(ReadOnlyModelAdmin):
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
    list_filter = [
        ClientFilter,
        ConnectionFilter,
        choice_filter("status", Campaign.Status.choices),
        "remote_created_at",
    ]
    list_select_related = ["tenant", "connection"]
    search_fields = ["name", "remote_id"]


@admin.register(Lead, site=site)
class LeadAdmin(ReadOnlyModelAdmin):
    list_display = ["phone_number", "of", "tenant", "status", "attempts", "last_attempt_at"]
    list_filter = [ClientFilter, choice_filter("status", LEADS), "last_attempt_at"]
    list_select_related = ["campaign", "tenant"]
    search_fields = ["phone_number", "campaign__name"]

    @admin.display(description="campaign", ordering="campaign__name")
    def of(self, lead: Lead) -> str:
        return row_link(lead.campaign)
