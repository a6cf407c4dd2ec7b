"""Whether a draft may be sent now. Asked when a person begins, and again before each part of the sending."""

from __future__ import annotations

from dashboard.campaigns.models import Campaign, CampaignDraft, CampaignFile, DraftLead
from tenants.isolation import scope
from tenants.models import AssistantDedication

OVER = (Campaign.Status.COMPLETED, Campaign.Status.CANCELLED)
NO_NAME = "Give the campaign a name first."
NO_ASSISTANT = "Choose the assistant that calls first."
NOT_THEIRS = "Its assistant is no longer assigned to this client. Choose another one."
NO_HOURS = "Set the hours in which it calls, and their time zone, first."
HOURS = "Its hours have to end later on the same day than they start."
DAYS = "Its last day is before its first one."
NO_DAY = "Choose at least one weekday on which it calls."
STILL_READ = "Its file is still being read. Send it once its people are shown."
NOBODY = "There is nobody to send: no row of the file is ready."
NOT_WORKING = "The connection to VoiceDock does not work now: {error}"
GONE = "VoiceDock does not list this campaign any more."
FINISHED = "VoiceDock shows this campaign as {status}, so nobody can be added to it."


@scope.requires_scope
def blocker(draft: CampaignDraft) -> str:
    """Why it cannot be sent now, or "". Inside a scope that covers its client and its connection."""
    return _not_whole(draft) or _not_allowed(draft) or _campaign_blocker(draft)


@scope.requires_scope
def nobody_left(draft: CampaignDraft) -> str:
    """Why there is nothing to send yet, or ""."""
    unread = CampaignFile.objects.filter(draft=draft, read_at=None).values_list("problem", flat=True).first()
    if unread is not None:
        return unread or STILL_READ
    return "" if DraftLead.objects.filter(draft=draft, state=DraftLead.State.READY).exists() else NOBODY


def _not_whole(draft: CampaignDraft) -> str:
    if not draft.name.strip():
        return NO_NAME
    if draft.assistant_dedication_id is None:
        return NO_ASSISTANT
    if draft.starts is None or draft.ends is None or not draft.timezone:
        return NO_HOURS
    if draft.starts >= draft.ends:
        return HOURS
    if draft.first_day and draft.last_day and draft.last_day < draft.first_day:
        return DAYS
    return "" if draft.weekdays else NO_DAY


def _not_allowed(draft: CampaignDraft) -> str:
    """A client of a shared organization may make a campaign; starting it is what needs staff (`control`)."""
    if not draft.tenant.may_dial:
        return f"This client is {draft.tenant.get_status_display().lower()}: nothing is sent for it."
    held = AssistantDedication.objects.open().filter(pk=draft.assistant_dedication_id or 0, tenant=draft.tenant_id)
    dedication = held.select_related("assistant__connection").filter(assistant__vanished_at=None).first()
    if dedication is None:
        return NOT_THEIRS
    error = dedication.assistant.connection.last_error
    return NOT_WORKING.format(error=error) if error and draft.state == CampaignDraft.State.DRAFT else ""


def _campaign_blocker(draft: CampaignDraft) -> str:
    campaign = draft.campaign
    if campaign is None:
        return ""
    if campaign.vanished_at:
        return GONE
    return FINISHED.format(status=campaign.status) if campaign.status in OVER else ""
