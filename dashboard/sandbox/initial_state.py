"""The state to start with: the `demo` data set (a reseller with traffic), or `small` (the same inventory, no calls)."""

from typing import Any

from . import background_traffic, conversations, demo_history, engine, fake_people, random_source
from .catalog import REALTIME_MODELS
from .demo_data import AGENCY, ALWAYS, ASSISTANTS, BLOOM, CAMPAIGNS, KEYS, NUMBERS
from .records import Assistant, Campaign, Key, Number, Organization, StoredResource
from .state import State

DATASETS = ("demo", "small")
SERIALS_APART = 100_000  # more than can be used between two snapshots
INVENTORY_AGE = 120 * 86400.0


def build(dataset: str, seed: str, now: float) -> State:
    """The data set as of `now` (Unix seconds); the same seed gives the same names, ids and conversations."""
    if dataset not in DATASETS:
        raise ValueError(f"dataset must be one of {', '.join(DATASETS)}")
    state = State(seed)
    _inventory(state, now - INVENTORY_AGE)
    state.options.background_traffic = False
    if dataset == "small":
        state.options.outcome = "conversation"
        return state
    state.options.campaigns_dial = False
    _campaigns(state, now)
    demo_history.simulate(state, now)
    for index, ago in enumerate((150, 90, 45, 8)):
        background_traffic.start(
            state, now - ago, random_source.rng_for(seed, "first", index), outcome="conversation", at_least=260
        )
    engine.step(state, now)
    state.outbox.clear()
    state.options.background_traffic = state.options.campaigns_dial = True
    state.next_background_at = now + 2
    return state


def resume(state: State, now: float) -> None:
    """Continue after a pause of the process: live calls went on by the clock, no new ones were started.

    If the process was killed, what happened after the last snapshot is lost; its ids are not used again.
    """
    state.serial += SERIALS_APART
    before = state.options.campaigns_dial, state.options.background_traffic
    state.options.campaigns_dial = state.options.background_traffic = False
    engine.step(state, now)
    state.options.campaigns_dial, state.options.background_traffic = before
    state.next_background_at = now + 1
    for campaign in state.campaigns.values():
        if campaign.status == "scheduled" and campaign.next_at is not None:
            campaign.next_at = max(campaign.next_at, now + 1)


def _inventory(state: State, created_at: float) -> None:
    ids = {name: random_source.uuid_for(state.seed, "organization", name) for name in (AGENCY, BLOOM)}
    state.organizations = {
        ids[AGENCY]: Organization(ids[AGENCY], AGENCY, None, created_at, minutes_balance=18_250.5),
        ids[BLOOM]: Organization(ids[BLOOM], BLOOM, ids[AGENCY], created_at + 20 * 86400),
    }
    state.keys = {key: Key(key, ids[org]) for key, org in KEYS.items()}
    for org, business, name, provider, settings in ASSISTANTS:
        key = random_source.uuid_for(state.seed, "assistant", org, name)
        values = settings | {"name": name, "business_name": business} | _models(provider)
        if business:
            plan = {"enabled": True, "schema": conversations.schema(business)}
            values["analysis_plan"] = {"structured_data_plan": plan}
        state.assistants[key] = Assistant(key, ids[org], values, created_at, created_at)
    for org, key in ids.items():
        trunk = {"name": "Carrier trunk", "provider": "custom", "address": "sip.carrier.invalid"}
        state.trunks[_trunk(state, org)] = StoredResource(_trunk(state, org), key, trunk, created_at, created_at)
    for org, business, phone, name, agent in NUMBERS:
        key = random_source.uuid_for(state.seed, "number", phone)
        agent_id = random_source.uuid_for(state.seed, "assistant", org, agent) if agent else None
        state.numbers[key] = Number(
            key, ids[org], phone, created_at, created_at, name, business, agent_id, _trunk(state, org)
        )


def _trunk(state: State, org: str) -> str:
    return random_source.uuid_for(state.seed, "trunk", org)


def _models(provider: str) -> dict[str, Any]:
    if provider in REALTIME_MODELS:
        return {"llm_config": {"provider": provider, **REALTIME_MODELS[provider], "messages": []}}
    model = {"openai": "gpt-5.4", "mistral": "mistral-medium-latest", "google": "gemini-3.5-flash-lite"}[provider]
    return {"llm_config": {"provider": provider, "model": model, "temperature": 0.6, "messages": []}}


def _campaigns(state: State, now: float) -> None:
    """The campaigns with their leads, none of them called yet."""
    for org, agent, name, status, window, size, _, age, template in CAMPAIGNS:
        rng = random_source.rng_for(state.seed, "campaign", name)
        agent_id = random_source.uuid_for(state.seed, "assistant", org, agent)
        start, stop, zone = window
        created_at = now - (age + rng.uniform(-0.2, 0.2)) * 86400
        campaign = Campaign(
            id=random_source.uuid_for(state.seed, "campaign", name), org_id=state.assistants[agent_id].org_id,
            name=name, agent_id=agent_id, schedule_start_time=start, schedule_end_time=stop, timezone=zone,
            created_at=created_at, updated_at=created_at, status=status, system_message_template=template,
            gap_seconds=rng.uniform(8, 20), renews=window == ALWAYS,
        )  # fmt: skip
        state.campaigns[campaign.id] = campaign
        line = next(number.phone for number in NUMBERS if number.assistant == agent)
        state.leads[campaign.id] = fake_people.leads(campaign, size, rng, line)
