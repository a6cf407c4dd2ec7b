"""Whether a draft may be sent now. Asked when a person begins, and again before each part of the sending.

What the draft itself lacks is asked once, when a person begins (`drafts/readiness.py`): nobody changes it after that.
"""

from __future__ import annotations

from dashboard.campaigns.models import Campaign, CampaignDraft
from tenants.isolation import scope
from tenants.models import AssistantDedication

NOT_THEIRS = "Its assistant is no longer assigned to this client. Choose another one."
NOT_WORKING = "The connection to VoiceDock does not work now: {error}"
GONE = "VoiceDock does not list this campaign any more."
FINISHED = "VoiceDock shows this campaign as {status}, so nobody can be added to it."


@scope.requires_scope
def blocker(draft: CampaignDraft) -> str:
    """Why it cannot be sent now, or "". Inside a scope that covers its client and its connection."""
    return _not_allowed(draft) or _campaign_blocker(draft)


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
    return FINISHED.format(status=campaign.status) if campaign.status in Campaign.OVER else ""
