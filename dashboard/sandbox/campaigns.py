"""Campaigns dial by themselves: inside the daily window, one lead at a time, with retries (voicedock-api.md §6)."""

import re
from heapq import heappop
from typing import Any

from . import calling_window, calls, random_source
from .campaign_results import enqueue
from .catalog import complete
from .records import Assistant, Call, Campaign, Lead, Number
from .state import State

PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")


def next_due(state: State) -> tuple[float, Campaign] | None:
    """The campaign that is due soonest; None while the limit of campaign calls is reached."""
    if not state.options.campaigns_dial or state.live_campaign_calls >= state.options.campaign_call_limit:
        return None
    while state.campaign_queue:
        at, key = state.campaign_queue[0]
        campaign = state.campaigns.get(key)
        if campaign and campaign.status == "scheduled" and campaign.next_at == at:
            return at, campaign
        heappop(state.campaign_queue)  # outdated: the campaign was queued again for another time
    return None


def run(state: State, campaign: Campaign, at: float) -> None:
    """Dial the next lead, wait for the window or a retry, or complete the campaign."""
    leads = state.leads[campaign.id]
    pending = [lead for lead in leads if lead.status == "pending"]
    campaign.version += 1
    if any(lead.status == "calling" for lead in leads):
        campaign.next_at = None
    elif leads and not pending:
        campaign.status, campaign.next_at, campaign.updated_at = "completed", None, at
    elif not calling_window.is_open(campaign, at, state.options.overnight_windows):
        campaign.next_at = calling_window.opens_at(campaign, at, state.options.overnight_windows)
    else:
        _dial_next(state, campaign, pending, at)
    enqueue(state, campaign)


def render(template: str, variables: dict[str, Any]) -> str:
    """`{{name}}` becomes the lead's value; a variable without a value stays visible (§15)."""
    return PLACEHOLDER.sub(lambda found: str(variables.get(found[1], found[0])), template)


def caller_number(state: State, campaign: Campaign) -> Number | None:
    """The number of the assistant, else an active one of the organization (§6.5: not documented)."""
    active = [number for number in state.numbers.values() if number.org_id == campaign.org_id and number.is_active]
    assigned = [number for number in active if number.agent_id == campaign.agent_id]
    choices = assigned or active
    return random_source.rng_for(state.seed, "campaign-number", state.serial).choice(choices) if choices else None


def dial(
    state: State, campaign: Campaign, lead: Lead, number: Number, assistant: Assistant, at: float, outcome: str = ""
) -> Call:
    """Call one lead at `at` with the campaign's template filled in; `outcome` as in `calls.place`."""
    config = complete(assistant.settings)
    if campaign.system_message_template:
        message = {"role": "system", "content": render(campaign.system_message_template, lead.variables)}
        config["llm_config"] = (config["llm_config"] or {}) | {"messages": [message]}
    if config.get("first_message"):
        config["first_message"] = render(config["first_message"], lead.variables)
    call = calls.place(
        state, at, org_id=campaign.org_id, direction="outbound", counterpart_number=lead.phone_number, number=number,
        assistant=assistant, config=config, lead=(campaign.id, lead.id), variables=lead.variables,
        outcome=outcome,
    )  # fmt: skip
    lead.status, lead.call_id, lead.attempts, lead.last_attempt_at = "calling", call.id, lead.attempts + 1, at
    state.live_campaign_calls += 1
    campaign.next_at, campaign.updated_at = None, at
    return call


def _dial_next(state: State, campaign: Campaign, pending: list[Lead], at: float) -> None:
    ready = [lead for lead in pending if (lead.retry_at or 0) <= at]
    number, assistant = caller_number(state, campaign), state.assistants.get(campaign.agent_id)
    if not ready:
        campaign.next_at = min((lead.retry_at for lead in pending if lead.retry_at), default=at + 30)
    elif number is None or assistant is None or state.payer(campaign.org_id).minutes_balance <= 0:
        campaign.next_at = at + 60
    else:
        dial(state, campaign, min(ready, key=lambda lead: lead.attempts), number, assistant, at)
