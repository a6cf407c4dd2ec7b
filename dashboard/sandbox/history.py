"""The past of the demo: thirty days of calls, lived through like any other, only that nobody listened.

Each lead that a campaign has dealt with has its call: who was not reached is called again, as the campaign does it.
"""

import math
from collections.abc import Iterator
from datetime import datetime
from heapq import heapify, heappop, heappush
from random import Random
from zoneinfo import ZoneInfo

from . import ambient, campaigns, chance, engine
from .demo import CAMPAIGNS
from .records import Campaign, Lead, World

DAYS, CALLS = 30, 60  # calls beside those of the campaigns
LONGEST = 900.0  # seconds after which a call, and its report, are over
OVER = ("completed", "cancelled")
HERE = ZoneInfo("Europe/Amsterdam")


def live_through(world: World, now: float) -> None:
    """Every call of the past in the order of time; nothing is going on any more when it returns."""
    luck = chance.about(world.seed, "past")
    due: list[tuple[float, int, tuple[Campaign, Lead] | None]] = [
        (at, order, called) for order, (at, called) in enumerate([*_dealt_with(world, now), *_others(luck, now)])
    ]
    heapify(due)
    while due:
        at, order, called = heappop(due)
        if called is None:
            some = chance.about(world.seed, "past", round(luck.random() * 1e9))
            ambient.start(world, at, some, at_least=luck.uniform(0, 150))
        else:
            _dial(world, *called, at)
        engine.step(world, min(now, at + LONGEST))
        if called and called[1].status == "pending":
            heappush(due, (called[1].retry_at or at, order, called))
    for campaign in world.campaigns.values():
        campaign.next_at = now + luck.uniform(2, 9) if campaign.status == "scheduled" else None
    world.outbox.clear()


def _dial(world: World, campaign: Campaign, lead: Lead, at: float) -> None:
    number = campaigns.caller_number(world, campaign)
    if number is None:
        raise ValueError(f"{campaign.name} has no number to call from")
    luck = chance.about(world.seed, "reached", lead.id)  # the same for each attempt: some people are never reached
    outcome = luck.choices(("", "no-answer", "voicemail"), (88, 7, 5))[0]
    campaigns.dial(world, campaign, lead, number, world.assistants[campaign.agent_id], at, outcome)


def _dealt_with(world: World, now: float) -> Iterator[tuple[float, tuple[Campaign, Lead]]]:
    """The first leads of each campaign, spread over the hours in which it called, with time left for two retries."""
    done = {one.name: round(one.done * one.leads) for one in CAMPAIGNS}
    for campaign in world.campaigns.values():
        luck = chance.about(world.seed, "called", campaign.id)
        last = now - (86_400.0 if campaign.status in OVER else campaigns.ATTEMPTS * campaigns.RETRY_AFTER + LONGEST)
        leads = world.leads[campaign.id][: done[campaign.name]]
        moments = sorted(_inside(campaign, luck, last) for _ in leads)
        yield from ((at, (campaign, lead)) for at, lead in zip(moments, leads, strict=True))


def _inside(campaign: Campaign, luck: Random, last: float) -> float:
    while True:
        at = luck.uniform(campaign.created_at, last)
        by_day = 8 <= datetime.fromtimestamp(at, ZoneInfo(campaign.timezone)).hour < 21
        if by_day and campaigns.window_open(campaign, at):
            return at


def _others(luck: Random, now: float) -> Iterator[tuple[float, None]]:
    for _ in range(CALLS):
        yield _office_moment(luck, now), None


def _office_moment(luck: Random, now: float) -> float:
    """Sometime in the last 30 days but half an hour, mostly on a weekday between nine and six in Amsterdam."""
    while True:
        at = now - luck.uniform(1800, DAYS * 86400)
        here = datetime.fromtimestamp(at, HERE)
        day = (1, 1, 1, 1, 0.9, 0.3, 0.12)[here.weekday()]
        hour = math.exp(-(((here.hour + here.minute / 60 - 13.2) / 3.2) ** 2)) + 0.02
        if luck.random() < day * hour:
            return at
