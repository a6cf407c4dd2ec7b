"""The worlds to start with: the demo (a reseller at work), and a small one with the same inventory and no past."""

from . import ambient, chance, conversations, engine, history, people
from .catalog import REALTIME_MODELS
from .demo import AGENCY, ALWAYS, ASSISTANTS, BLOOM, CAMPAIGNS, KEYS, NUMBERS
from .records import Assistant, Campaign, Kept, Key, Number, Organization, World

KINDS = ("demo", "small")
SERIALS_APART = 100_000  # more than can be given out between two snapshots
LONG_AGO = 120 * 86400.0


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
    _campaigns(world, now)
    history.live_through(world, now)
    for at, ago in enumerate((150, 90, 45, 8)):
        ambient.start(world, now - ago, chance.about(seed, "first", at), outcome="conversation", at_least=260)
    engine.step(world, now)
    world.outbox.clear()
    world.switches.ambient = world.switches.campaigns_dial = True
    world.ambient_at = now + 2
    return world


def resume(world: World, now: float) -> None:
    """After a pause of the process: calls went on by the clock, machines that start new ones were off meanwhile.

    What happened after the last snapshot is forgotten when the process was killed; its ids are not given out again.
    """
    world.serial += SERIALS_APART
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
        if business:
            plan = {"enabled": True, "schema": conversations.schema(business)}
            made["analysis_plan"] = {"structured_data_plan": plan}
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


def _campaigns(world: World, now: float) -> None:
    """The campaigns with their leads, of whom nobody has been called yet."""
    for org, agent, name, status, window, size, _, template in CAMPAIGNS:
        luck = chance.about(world.seed, "campaign", name)
        agent_id = chance.uuid_of(world.seed, "assistant", org, agent)
        start, stop, zone = window
        born = now - luck.uniform(3, 20) * 86400
        campaign = Campaign(
            id=chance.uuid_of(world.seed, "campaign", name), org_id=world.assistants[agent_id].org_id, name=name,
            agent_id=agent_id, schedule_start_time=start, schedule_end_time=stop, timezone=zone, created_at=born,
            updated_at=born, status=status, system_message_template=template, gap_seconds=luck.uniform(8, 20),
            renews=window == ALWAYS,
        )  # fmt: skip
        world.campaigns[campaign.id] = campaign
        world.leads[campaign.id] = people.leads(campaign, size, luck)
