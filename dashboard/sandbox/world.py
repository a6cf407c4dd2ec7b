"""The worlds to start with: the demo (a reseller at work), and a small one with the same inventory and no past."""

import math
from datetime import datetime
from zoneinfo import ZoneInfo

from . import ambient, chance, engine, people
from .catalog import REALTIME_MODELS
from .demo import AGENCY, ALWAYS, ASSISTANTS, BLOOM, CAMPAIGNS, KEYS, NUMBERS
from .records import Assistant, Campaign, Kept, Key, Lead, Number, Organization, World

DAYS, PAST_CALLS = 30, 360
KINDS = ("demo", "small")
LONG_AGO = 120 * 86400.0
HERE = ZoneInfo("Europe/Amsterdam")


def build(kind: str, seed: str, now: float) -> World:
    """A world of this kind as of `now` (Unix seconds); the same seed gives the same names, ids and stories."""
    if kind not in KINDS:
        raise ValueError(f"world must be one of {', '.join(KINDS)}")
    world = World(seed)
    _inventory(world, now - LONG_AGO)
    world.switches.ambient = False
    if kind == "small":
        world.switches.outcome = "conversation"
        return world
    world.switches.campaigns_dial = False
    _past_calls(world, now)
    _campaigns(world, now)
    for at, ago in enumerate((150, 90, 45, 8)):
        ambient.start(world, now - ago, chance.about(seed, "first", at), outcome="conversation", at_least=260)
    engine.step(world, now)
    world.outbox.clear()
    world.switches.ambient = world.switches.campaigns_dial = True
    world.ambient_at = now + 2
    return world


def resume(world: World, now: float) -> None:
    """After a pause of the process: calls went on by the clock, machines that start new ones were off meanwhile."""
    dialling, bystanders = world.switches.campaigns_dial, world.switches.ambient
    world.switches.campaigns_dial = world.switches.ambient = False
    engine.step(world, now)
    world.switches.campaigns_dial, world.switches.ambient = dialling, bystanders
    world.ambient_at = now + 1
    for campaign in world.campaigns.values():
        if campaign.status == "scheduled" and campaign.next_at is not None:
            campaign.next_at = max(campaign.next_at, now + 1)


def _inventory(world: World, born: float) -> None:
    ids = {name: chance.uuid_of(world.seed, "organization", name) for name in (AGENCY, BLOOM)}
    world.organizations = {
        ids[AGENCY]: Organization(ids[AGENCY], AGENCY, None, born, minutes_balance=18_250.5),
        ids[BLOOM]: Organization(ids[BLOOM], BLOOM, ids[AGENCY], born + 20 * 86400),
    }
    world.keys = {key: Key(key, ids[org]) for key, org in KEYS.items()}
    for org, business, name, provider, settings in ASSISTANTS:
        key = chance.uuid_of(world.seed, "assistant", org, name)
        made = settings | {"name": name, "business_name": business} | _models(provider)
        world.assistants[key] = Assistant(key, ids[org], made, born, born)
    for org, key in ids.items():
        trunk = {"name": "Carrier trunk", "provider": "custom", "address": "sip.carrier.invalid"}
        world.trunks[_trunk(world, org)] = Kept(_trunk(world, org), key, trunk, born, born)
    for org, business, phone, name, agent in NUMBERS:
        key = chance.uuid_of(world.seed, "number", phone)
        tied = chance.uuid_of(world.seed, "assistant", org, agent) if agent else None
        world.numbers[key] = Number(key, ids[org], phone, born, born, name, business, tied, _trunk(world, org))


def _trunk(world: World, org: str) -> str:
    return chance.uuid_of(world.seed, "trunk", org)


def _models(provider: str) -> dict:
    if provider in REALTIME_MODELS:
        return {"llm_config": {"provider": provider, **REALTIME_MODELS[provider], "messages": []}}
    model = {"openai": "gpt-5.4", "mistral": "mistral-medium-latest", "google": "gemini-3.5-flash-lite"}[provider]
    return {"llm_config": {"provider": provider, "model": model, "temperature": 0.6, "messages": []}}


def _past_calls(world: World, now: float) -> None:
    """Each past call is lived through like any other, only that nobody listened."""
    luck = chance.about(world.seed, "past")
    moments = sorted(_office_moment(luck, now) for _ in range(PAST_CALLS))
    for at in moments:
        ambient.start(
            world, at, chance.about(world.seed, "past", round(luck.random() * 1e9)), at_least=luck.uniform(0, 150)
        )
        engine.step(world, min(now, at + 900))
    world.outbox.clear()


def _office_moment(luck, now: float) -> float:
    """Sometime in the last 30 days but half an hour, mostly on a weekday between nine and six in Amsterdam."""
    while True:
        at = now - luck.uniform(1800, DAYS * 86400)
        here = datetime.fromtimestamp(at, HERE)
        day = (1, 1, 1, 1, 0.9, 0.3, 0.12)[here.weekday()]
        hour = math.exp(-(((here.hour + here.minute / 60 - 13.2) / 3.2) ** 2)) + 0.02
        if luck.random() < day * hour:
            return at


def _campaigns(world: World, now: float) -> None:
    for org, agent, name, status, window, size, done, template in CAMPAIGNS:
        luck = chance.about(world.seed, "campaign", name)
        agent_id = chance.uuid_of(world.seed, "assistant", org, agent)
        start, stop, zone = window
        born = now - luck.uniform(3, 20) * 86400
        campaign = Campaign(
            id=chance.uuid_of(world.seed, "campaign", name), org_id=world.assistants[agent_id].org_id, name=name,
            agent_id=agent_id, schedule_start_time=start, schedule_end_time=stop, timezone=zone, created_at=born,
            updated_at=now - luck.uniform(60, 7200), status=status, system_message_template=template,
            next_at=now + luck.uniform(2, 9) if status == "scheduled" else None, gap_seconds=luck.uniform(8, 20),
            renews=window == ALWAYS,
        )  # fmt: skip
        world.campaigns[campaign.id] = campaign
        world.leads[campaign.id] = _leads(world, campaign, size, round(size * done), luck, now)


def _leads(world: World, campaign: Campaign, size: int, done: int, luck, now: float) -> list[Lead]:
    """The first `done` leads have been called; the latest of them know the call, older ones lost it to retention."""
    reached = [
        call
        for call in world.calls.values()
        if (call.assistant_id, call.direction, call.live) == (campaign.agent_id, "outbound", False)
        and not call.lead_id
        and call.created_at > campaign.created_at
    ]
    leads = people.leads(campaign, size, luck)
    for at, lead in enumerate(leads[:done]):
        lead.attempts = luck.choices((1, 2, 3), (78, 15, 7))[0]
        lead.last_attempt_at = campaign.created_at + (now - 3600 - campaign.created_at) * (at + 1) / (done + 1)
        lead.status = luck.choices(("completed", "failed", "skipped"), (82, 11, 7))[0]
    called = leads[max(0, done - len(reached)) : done]
    for lead, call in zip(called, reached, strict=False):
        call.campaign_id, call.lead_id = campaign.id, lead.id
        lead.phone_number, lead.call_id, lead.last_attempt_at = call.person, call.id, call.created_at
        lead.status = "completed" if call.started_at else "failed"
    return leads
