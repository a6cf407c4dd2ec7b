"""The past of the demo: thirty days of calls, simulated like any others, without webhooks.

Each lead that a campaign has called has its calls; a lead that was not reached is called again, as the campaign does.
The campaign that calls around the clock has dialed by itself for the last hours, so that its pace can be measured.
"""

import math
from collections.abc import Iterator
from datetime import datetime
from heapq import heapify, heappop, heappush
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from . import background_traffic, calling_window, campaign_results, campaigns, engine, random_source
from .demo_data import CAMPAIGNS, NUMBERS, RECENT_CALLS
from .records import Campaign, Lead
from .state import State

DAYS, CALLS = 30, 150  # calls besides those of the campaigns
RECENT_DAYS = 3  # in which each business had its `RECENT_CALLS`
BY_ITSELF = 2 * 3600.0  # seconds for which the campaign that never pauses has dialed by itself
LONGEST = 900.0  # seconds after which a call, and its report, are over
OVER = ("completed", "cancelled")
SINCE_OVER = 0.4  # the share of its age since when a campaign that is over has not called
OFFICE_ZONE = ZoneInfo("Europe/Amsterdam")


class PastCall(NamedTuple):
    """Of a lead, or else of a business; what is empty is random."""

    campaign: Campaign | None = None
    lead: Lead | None = None
    business: str = ""
    direction: str = ""
    outcome: str = ""


def simulate(state: State, now: float) -> None:
    """Simulate every past call in the order of time; only a call of the campaign that never pauses is live then."""
    rng = random_source.rng_for(state.seed, "past")
    due: list[tuple[float, int, PastCall]] = [
        (at, order, past)
        for order, (at, past) in enumerate([*_called_leads(state, now), *_others(rng, now), *_recent(rng, now)])
    ]
    heapify(due)
    state.next_retention_at = now  # nothing in it is as old as the shortest period of retention
    while due:
        at, order, past = heappop(due)
        if past.lead is None or past.campaign is None:
            call_rng = random_source.rng_for(state.seed, "past", round(rng.random() * 1e9))
            background_traffic.start(
                state, at, call_rng, rng.uniform(0, 150), past.outcome, business=past.business, direction=past.direction
            )
        else:
            _dial(state, past.campaign, past.lead, at)
        engine.step(state, min(now - BY_ITSELF, at + LONGEST))
        if past.lead and past.lead.status == "pending":
            heappush(due, (past.lead.retry_at or at, order, past))
    for campaign in state.campaigns.values():
        campaign.next_at = now - BY_ITSELF if campaign.renews else None
    state.options.campaigns_dial = True
    engine.step(state, now)
    for campaign in state.campaigns.values():
        if campaign.status == "scheduled" and not campaign.renews:
            campaign.next_at = now + rng.uniform(2, 9)
    state.outbox.clear()


def _dial(state: State, campaign: Campaign, lead: Lead, at: float) -> None:
    number = campaigns.caller_number(state, campaign)
    if number is None:
        raise ValueError(f"{campaign.name} has no number to call from")
    rng = random_source.rng_for(
        state.seed, "reached", lead.id
    )  # the same for each attempt: some people are never reached
    outcome = rng.choices(("", "no-answer", "voicemail"), (88, 7, 5))[0]
    campaigns.dial(state, campaign, lead, number, state.assistants[campaign.agent_id], at, outcome)


def _called_leads(state: State, now: float) -> Iterator[tuple[float, PastCall]]:
    """The first leads of each campaign, spread over the hours in which it called, with time left for two retries."""
    done = {campaign.name: round(campaign.done * campaign.leads) for campaign in CAMPAIGNS}
    for campaign in state.campaigns.values():
        rng = random_source.rng_for(state.seed, "called", campaign.id)
        last = now - BY_ITSELF - campaign_results.ATTEMPTS * campaign_results.RETRY_AFTER - LONGEST
        if campaign.status in OVER:
            last -= SINCE_OVER * (now - campaign.created_at)
        leads = state.leads[campaign.id][: done[campaign.name]]
        moments = sorted(_inside(campaign, rng, last) for _ in leads)
        yield from ((at, PastCall(campaign, lead)) for at, lead in zip(moments, leads, strict=True))


def _inside(campaign: Campaign, rng: Random, last: float) -> float:
    while True:
        at = rng.uniform(campaign.created_at, last)
        daytime = 8 <= datetime.fromtimestamp(at, ZoneInfo(campaign.timezone)).hour < 21
        if daytime and calling_window.is_open(campaign, at):
            return at


def _others(rng: Random, now: float) -> Iterator[tuple[float, PastCall]]:
    for _ in range(CALLS):
        yield _office_moment(rng, now, DAYS), PastCall()


def _recent(rng: Random, now: float) -> Iterator[tuple[float, PastCall]]:
    """Each business had a call of each kind in the last days."""
    for business in sorted({number.business for number in NUMBERS if number.business}):
        for direction, outcome in RECENT_CALLS:
            at = _office_moment(rng, now, RECENT_DAYS)
            yield at, PastCall(business=business, direction=direction, outcome=outcome)


def _office_moment(rng: Random, now: float, days: float) -> float:
    """A moment of the last days up to half an hour ago, mostly on a weekday between nine and six in Amsterdam."""
    while True:
        at = now - rng.uniform(1800, days * 86400)
        local = datetime.fromtimestamp(at, OFFICE_ZONE)
        day = (1, 1, 1, 1, 0.9, 0.3, 0.12)[local.weekday()]
        hour = math.exp(-(((local.hour + local.minute / 60 - 13.2) / 3.2) ** 2)) + 0.02
        if rng.random() < day * hour:
            return at
