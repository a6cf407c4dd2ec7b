"""Which mark each status of a campaign is shown with; the words are the labels of the model."""

from __future__ import annotations

from dashboard.campaigns.models import Campaign
from dashboard.ui import states

Status = Campaign.Status
CAMPAIGN: dict[str, str] = {
    Status.DRAFT: "ended",
    Status.SCHEDULED: "live",
    Status.PAUSED: "paused",
    Status.COMPLETED: "ended",
    Status.CANCELLED: "ended",
}


def register() -> None:
    """A status without a mark raises KeyError, at the start of the process."""
    states.register("campaign", Status, CAMPAIGN)
