"""The past of the demo: thirty days of calls, simulated like any others, without webhooks.

Each lead that a campaign has called has its calls; a lead that was not reached is called again, as the campaign does.
"""

import math
from collections.abc import Iterator
from datetime import datetime
from heapq import heapify, heappop, heappush
from random import Random
from zoneinfo import ZoneInfo

from . import background_traffic, calling_window, campaign_results, campaigns, engine, random_source
from .demo_data import CAMPAIGNS
from .records import Campaign, Lead
from .state import State

DAYS, CALLS = 30, 60  # calls besides those of the campaigns
LONGEST = 900.0  # seconds after which a call, and its report, are over
OVER = ("completed", "cancelled")
OFFICE_ZONE = ZoneInfo("Europe/Amsterdam")


def simulate(state: State, now: float) -> None:
    """Simulate every past call in the order of time; no call is live when it returns."""
    rng = random_source.rng_for(state.seed, "past")
    due: list[tuple[float, int, tuple[Campaign, Lead] | None]] = [
        (at, order, lead) for order, (at, lead) in enumerate([*_called_leads(state, now), *_others(rng, now)])
    ]
    heapify(due)
    while due:
        at, order, campaign_lead = heappop(due)
        if campaign_lead is None:
            call_rng = random_source.rng_for(state.seed, "past", round(rng.random() * 1e9))
            background_traffic.start(state, at, call_rng, at_least=rng.uniform(0, 150))
        else:
            _dial(state, *campaign_lead, at)
        engine.step(state, min(now, at + LONGEST))
        if campaign_lead and campaign_lead[1].status == "pending":
            heappush(due, (campaign_lead[1].retry_at or at, order, campaign_lead))
    for campaign in state.campaigns.values():
        campaign.next_at = now + rng.uniform(2, 9) if campaign.status == "scheduled" else None
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


def _called_leads(state: State, now: float) -> Iterator[tuple[float, tuple[Campaign, Lead]]]:
    """The first leads of each campaign, spread over the hours in which it called, with time left for two retries."""
    done = {campaign.name: round(campaign.done * campaign.leads) for campaign in CAMPAIGNS}
    for campaign in state.campaigns.values():
        rng = random_source.rng_for(state.seed, "called", campaign.id)
        last = now - (
            86_400.0 if campaign.status in OVER else campaign_results.ATTEMPTS * campaign_results.RETRY_AFTER + LONGEST
        )
        leads = state.leads[campaign.id][: done[campaign.name]]
        moments = sorted(_inside(campaign, rng, last) for _ in leads)
        yield from ((at, (campaign, lead)) for at, lead in zip(moments, leads, strict=True))


def _inside(campaign: Campaign, rng: Random, last: float) -> float:
    while True:
        at = rng.uniform(campaign.created_at, last)
        daytime = 8 <= datetime.fromtimestamp(at, ZoneInfo(campaign.timezone)).hour < 21
        if daytime and calling_window.is_open(campaign, at):
            return at


def _others(rng: Random, now: float) -> Iterator[tuple[float, None]]:
    for _ in range(CALLS):
        yield _office_moment(rng, now), None


def _office_moment(rng: Random, now: float) -> float:
    """A moment of the last 30 days up to half an hour ago, mostly on a weekday between nine and six in Amsterdam."""
    while True:
        at = now - rng.uniform(1800, DAYS * 86400)
        local = datetime.fromtimestamp(at, OFFICE_ZONE)
        day = (1, 1, 1, 1, 0.9, 0.3, 0.12)[local.weekday()]
        hour = math.exp(-(((local.hour + local.minute / 60 - 13.2) / 3.2) ** 2)) + 0.02
        if rng.random() < day * hour:
            return at
