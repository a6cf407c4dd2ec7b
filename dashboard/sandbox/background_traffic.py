"""Background traffic: a few live calls at any time, so that a demo is busy. Off in tests."""

from dataclasses import replace
from random import Random

from . import calls, fake_people, random_source
from .campaign_results import enqueue
from .catalog import complete
from .records import Assistant, Campaign, Number
from .state import State

INTERVAL = 6.0  # seconds between two checks, on average
LIVE_CALLS = (4, 6)
TOP_UP_BELOW, TOP_UP = 500.0, 10_000.0  # minutes


def next_due(state: State) -> float | None:
    return state.next_background_at if state.options.background_traffic else None


def run(state: State, at: float) -> None:
    """Start a call when too few are live; top up the minutes of the agency before they run out."""
    rng = random_source.rng_for(state.seed, "ambient", state.next_serial())
    state.next_background_at = at + rng.uniform(0.5, 1.5) * INTERVAL
    for org in state.organizations.values():
        if org.parent_org_id is None and org.minutes_balance < TOP_UP_BELOW:
            org.minutes_balance += TOP_UP
    for campaign in [*state.campaigns.values()]:
        if campaign.renews and campaign.status == "completed":
            renew(state, campaign, at)
    live = len(state.live_calls())
    if live < LIVE_CALLS[0] or (live < LIVE_CALLS[1] - 1 and rng.random() < 0.12):
        start(state, at, rng)


def start(
    state: State,
    at: float,
    rng: Random,
    at_least: float | None = None,
    outcome: str = "",
    *,
    business: str = "",
    direction: str = "",
) -> None:
    """Start one call from or to the number of an assistant: of this business and direction, or of any."""
    pairs = [
        (number, assistant)
        for number, assistant in numbers_in_use(state)
        if business in ("", number.business_name) and not (direction == "outbound" and is_receptionist(assistant))
    ]
    if not pairs:
        return
    busy = {call.number_id for call in state.live_calls()}
    idle = [pair for pair in pairs if pair[0].id not in busy]
    number, assistant = rng.choice(idle or pairs)
    config = complete(assistant.settings)
    inbound = 100 if is_receptionist(assistant) else 30
    direction = direction or rng.choices(("outbound", "inbound"), (100 - inbound, inbound))[0]
    longest = (config.get("max_duration_seconds") or 600) - 30
    calls.place(
        state, at, org_id=number.org_id, direction=direction,
        counterpart_number=fake_people.regular(number.business_name, rng, number.phone_number), number=number,
        assistant=assistant, config=config, outcome=outcome,
        at_least=min(rng.uniform(90, 320) if at_least is None else at_least, longest),
    )  # fmt: skip


def numbers_in_use(state: State) -> list[tuple[Number, Assistant]]:
    """Active numbers of a business, with their assistants."""
    return [
        (number, state.assistants[number.agent_id])
        for number in state.numbers.values()
        if number.is_active and number.business_name and number.agent_id in state.assistants and number.agent_id
    ]


def is_receptionist(assistant: Assistant) -> bool:
    """Whether it opens as somebody who is called, so that background traffic does not let it call."""
    return bool(assistant.settings.get("first_message"))


def renew(state: State, campaign: Campaign, at: float) -> None:
    """Replace a completed campaign by one with a new list of leads, so that one is always running."""
    rng = random_source.rng_for(state.seed, "renewed", campaign.id)
    name, _, turn = campaign.name.partition(" · list ")
    successor = replace(
        campaign,
        id=state.new_id("campaign"),
        name=f"{name} · list {int(turn or 1) + 1}",
        status="scheduled",
        created_at=at,
        updated_at=at,
        next_at=at + 5,
        version=0,
    )
    campaign.renews = False
    state.campaigns[successor.id] = successor
    enqueue(state, successor)
    known = state.leads[campaign.id]
    state.leads[successor.id] = fake_people.leads(successor, len(known), rng, line=known[0].phone_number)
