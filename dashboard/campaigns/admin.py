"""Campaigns in the auditors' admin site."""

from django.contrib import admin

from dashboard.campaigns import calling_days
from dashboard.campaigns.models import (
    Campaign,
    CampaignDoNotCallEntry,
    CampaignDraft,
    CampaignSchedule,
    DraftLead,
    Lead,
)
from dashboard.contact_rules import rules_version
from dashboard.ui import phone_numbers, states
from tenants.admin import ClientFilter, ConnectionFilter, ReadOnlyModelAdmin, choice_filter, person_link, site
from tenants.auditor_admin.read_only_admin import column, format_facts, in_words
from tenants.auditor_admin.site import Subject

LEADS = [(state, states.read(state, "lead")[1]) for state in states.STATES["lead"]]


@admin.register(Campaign, site=site)
class CampaignAdmin(ReadOnlyModelAdmin):
    records = "Campaigns"
    subject = Subject.CAMPAIGNS
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
    subject = Subject.CAMPAIGNS
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


DAYS = [
    column("weekdays", "Days of the week", calling_days.weekdays_in_words),
    column("skips_holidays", "Not on public holidays"),
    column("holiday_country", "Whose holidays", lambda country: country or "—"),
    column("first_day", "First day"),
    column("last_day", "Last day"),
]


@admin.register(CampaignDraft, site=site)
class CampaignDraftAdmin(ReadOnlyModelAdmin):
    """The file that its people come from is not part of the console: its rows are."""

    records = "Campaign drafts"
    subject = Subject.CAMPAIGNS
    list_display = [
        column("name", "Campaign", lambda name: name or "—"),
        column("tenant", "Client"),
        column("state", "State"),
        column("created_at", "Made at"),
        column("changed_at", "Changed at"),
    ]
    page = [
        *list_display,
        column("assistant_dedication", "Assignment of the assistant"),
        column("template", "Instructions"),
        column("instead", "In place of empty values", format_facts),
        column("starts", "Calls from"),
        column("ends", "Calls until"),
        column("timezone", "Time zone", lambda name: name or "—"),
        *DAYS,
        column("starts_itself", "Starts once it is sent"),
        column("campaign", "The campaign that it became"),
        column("asked_at", "VoiceDock asked at"),
        column("in_bulk", "People sent with it"),
        column("sent_at", "Sent at"),
        column("reason", "Why sending stopped", lambda reason: reason or "—"),
        "created_by_name",
        "changed_by_name",
        column("id", "Patchbay’s id", str),
    ]
    list_filter = [ClientFilter, "state", "changed_at"]
    list_select_related = ["tenant"]
    search_fields = ["name"]
    person_columns = ["created_by", "changed_by"]
    extra_export_columns = ["created_by_name", "changed_by_name"]

    @admin.display(description="Made by")
    def created_by_name(self, draft: CampaignDraft) -> str:
        return person_link(draft, "created_by")

    @admin.display(description="Changed by")
    def changed_by_name(self, draft: CampaignDraft) -> str:
        return person_link(draft, "changed_by")


@admin.register(DraftLead, site=site)
class DraftLeadAdmin(ReadOnlyModelAdmin):
    records = "People of campaign drafts"
    subject = Subject.CAMPAIGNS
    list_display = [
        column("number", "Number", phone_numbers.grouped),
        column("draft", "Campaign draft"),
        column("tenant", "Client"),
        column("line", "Line of the file", str),
        column("state", "State"),
        column("reason", "Why it is not sent", lambda reason: reason or "—"),
    ]
    page = [
        *list_display,
        column("name", "Name", lambda name: name or "—"),
        column("variables", "Values", format_facts),
        column("values", "The row in the file", format_facts),
        column("consent", "Consent", format_facts),
        column("rule", "Rule", lambda rule: in_words(rule) or "—"),
        column("rules_version", "Rules of", lambda version: rules_version.words(version) or "—"),
        column("asked_at", "VoiceDock asked at"),
        column("remote_id", "VoiceDock’s id", lambda name: name or "—"),
    ]
    list_filter = [ClientFilter, "state"]
    list_select_related = ["draft", "tenant"]
    ordering = ["-id"]
    search_fields = ["number", "draft__name"]


@admin.register(CampaignDoNotCallEntry, site=site)
class CampaignDoNotCallEntryAdmin(ReadOnlyModelAdmin):
    """Numbers that one campaign leaves out, of its draft until VoiceDock has the campaign."""

    records = "Do-not-call lists of campaigns"
    subject = Subject.CAMPAIGNS
    list_display = [
        column("number", "Number", phone_numbers.grouped),
        column("campaign", "Campaign"),
        column("draft", "Campaign draft"),
        column("tenant", "Client"),
        column("added_at", "Since"),
        "added_by_name",
    ]
    page = [*list_display, column("source", "From"), column("note", "Why", lambda note: note or "—")]
    list_filter = [ClientFilter, choice_filter("source", CampaignDoNotCallEntry.Source.choices, "from")]
    list_select_related = ["tenant", "campaign", "draft"]
    search_fields = ["number"]
    person_columns = ["added_by"]

    @admin.display(description="Added by")
    def added_by_name(self, entry: CampaignDoNotCallEntry) -> str:
        return person_link(entry, "added_by")


@admin.register(CampaignSchedule, site=site)
class CampaignScheduleAdmin(ReadOnlyModelAdmin):
    """On which days Patchbay starts and pauses a campaign."""

    records = "Days of campaigns"
    subject = Subject.CAMPAIGNS
    list_display = [
        column("campaign", "Campaign", str),
        column("tenant", "Client"),
        column("is_on", "Runs"),
        column("next_at", "Looked at next"),
    ]
    page = [
        column("campaign", "Campaign"),
        *list_display[1:],
        *DAYS,
        column("reason", "Why it is not calling", lambda reason: reason or "—"),
    ]
    list_filter = [ClientFilter, "is_on"]
    list_select_related = ["campaign", "tenant"]
    search_fields = ["campaign__name"]
