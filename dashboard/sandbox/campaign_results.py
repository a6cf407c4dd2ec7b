"""What an ended call means for its campaign and its lead, and the queue of campaigns by when they are due."""

from heapq import heapify, heappush

from . import random_source
from .records import Call, Campaign, Lead
from .state import State

ATTEMPTS = 3
RETRY_AFTER = 20 * 60.0


def record(state: State, call: Call, at: float) -> None:
    """Set the lead's status after its call, and let the campaign go on after a gap."""
    state.live_campaign_calls -= call.campaign_id is not None
    campaign = state.campaigns.get(call.campaign_id or "")
    if campaign is None:
        return
    campaign.version += 1
    campaign.updated_at = at
    gap = random_source.rng_for(state.seed, "gap", call.id).uniform(0.5, 1.5)
    campaign.next_at = at + campaign.gap_seconds * gap
    enqueue(state, campaign)
    lead = next((lead for lead in state.leads.get(campaign.id, []) if lead.id == call.lead_id), None)
    if lead:
        _set_status(state, lead, call, at)


def enqueue(state: State, campaign: Campaign) -> None:
    if campaign.next_at is not None:
        heappush(state.campaign_queue, (campaign.next_at, campaign.id))


def rebuild_queue(state: State) -> None:
    """Queue all campaigns anew: a request may have changed any of them."""
    campaigns = state.campaigns.values()
    state.campaign_queue = [(campaign.next_at, campaign.id) for campaign in campaigns if campaign.next_at is not None]
    heapify(state.campaign_queue)
    live = (call for call in map(state.calls.__getitem__, state.calls_with_plan) if call.live)
    state.live_campaign_calls = sum(call.campaign_id is not None for call in live)


def _set_status(state: State, lead: Lead, call: Call, at: float) -> None:
    if call.started_at is not None and call.outcome not in ("voicemail", "error"):
        lead.status = "completed"
    elif lead.attempts < ATTEMPTS:
        lead.status, lead.retry_at = "pending", at + RETRY_AFTER
    else:
        lead.status = state.options.unreached_lead_status if call.outcome == "voicemail" else "failed"
