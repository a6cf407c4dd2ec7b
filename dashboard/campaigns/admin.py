"""Campaigns in the auditors' admin site."""

from django.contrib import admin

from dashboard.campaigns.models import Campaign, Lead
from dashboard.ui import phone_numbers, states
from tenants.admin import ClientFilter, ConnectionFilter, ReadOnlyModelAdmin, choice_filter, site
from tenants.auditor_admin.read_only_admin import column, format_facts

LEADS = [(state, states.read(state, "lead")[1]) for state in states.STATES["lead"]]


@admin.register(Campaign, site=site)
class CampaignAdmin(ReadOnlyModelAdmin):
    records = "Campaigns"
    list_display = [
        column("name", "Campaign"),
        column("tenant", "Client"),
        column("connection", "Connection"),
        column("status", "State", lambda status: states.read(status, "campaign")[1]),
        column("completed_leads", "Completed"),
        column("failed_leads", "Not reached"),
        column("total_leads", "People"),
        column("seen_at", "Last listed"),
    ]
    page = [
        *list_display,
        column("assistant", "Assistant"),
        column("template", "Instructions"),
        column("starts", "Calls from"),
        column("ends", "Calls until"),
        column("timezone", "Time zone"),
        column("remote_created_at", "Made at VoiceDock"),
        column("pause_required_at", "To be paused since"),
        column("pause_cause", "Why"),
        column("vanished_at", "Gone since"),
        column("remote_id", "VoiceDock’s id"),
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
    records = "People of campaigns"
    list_display = [
        column("phone_number", "Number", phone_numbers.grouped),
        column("campaign", "Campaign"),
        column("tenant", "Client"),
        column("status", "State", lambda status: states.read(status, "lead")[1]),
        column("attempts", "Attempts"),
        column("last_attempt_at", "Last attempt"),
    ]
    page = [
        *list_display,
        column("variables", "Values", format_facts),
        column("call_remote_id", "VoiceDock’s id of the call"),
    ]
    list_filter = [ClientFilter, choice_filter("status", LEADS), "last_attempt_at"]
    list_select_related = ["campaign", "tenant"]
    ordering = ["-id"]  # that of the model is for one campaign, and has no index over all
    search_fields = ["phone_number", "campaign__name"]
