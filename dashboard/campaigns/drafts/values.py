"""The values that each person of a draft gets: of the file, or what is written instead where it has none."""

from __future__ import annotations

from dashboard.campaigns.models import CampaignDraft, DraftLead


def of_lead(draft: CampaignDraft, lead: DraftLead) -> dict[str, str]:
    """By name, as they go to VoiceDock: texts alone."""
    instead = {name: text for name, text in draft.instead.items() if text and not lead.variables.get(name)}
    return {name: str(text) for name, text in (lead.variables | instead).items()}
