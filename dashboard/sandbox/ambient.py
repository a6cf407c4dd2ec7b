"""Bystanders: a few calls that are always going on, so that a demo is alive. Off in tests."""

from dataclasses import replace

from . import calls, campaigns, chance, people
from .catalog import complete
from .records import Assistant, Campaign, Number, World

LOOK_EVERY = 6.0
BUSY = (4, 6)
TOP_UP_BELOW, TOP_UP = 500.0, 10_000.0


def next_due(world: World) -> tuple[float, None] | None:
    if not world.switches.ambient or world.ambient_at is None:
        return None
    return world.ambient_at, None


def run(world: World, at: float) -> None:
    """Start a call when fewer are live than this hour wants; buy minutes for the agency before they run out."""
    luck = chance.about(world.seed, "ambient", world.next_serial())
    world.ambient_at = at + luck.uniform(0.5, 1.5) * LOOK_EVERY
    for org in world.organizations.values():
        if org.parent_org_id is None and org.minutes_balance < TOP_UP_BELOW:
            org.minutes_balance += TOP_UP
    for campaign in [one for one in world.campaigns.values() if one.renews and one.status == "completed"]:
        renew(world, campaign, at)
    live = len(world.live_calls())
    if live < BUSY[0] or (live < BUSY[1] - 1 and luck.random() < 0.12):
        start(world, at, luck)


def start(world: World, at: float, luck, at_least: float | None = None, outcome: str = "") -> None:
    """One call of one of the businesses, from or to the number tied to its assistant."""
    lines = served_lines(world)
    if not lines:
        return
    quiet = [line for line in lines if not any(call.number_id == line[0].id for call in world.live_calls())]
    number, assistant = luck.choice(quiet or lines)
    config = complete(assistant.settings)
    direction = luck.choices(("outbound", "inbound"), (55, 45))[0]
    longest = (config.get("max_duration_seconds") or 600) - 30
    calls.place(
        world, at, org_id=number.org_id, direction=direction, person=people.phone(luck), number=number,
        assistant=assistant, config=config, outcome=outcome,
        at_least=min(luck.uniform(90, 320) if at_least is None else at_least, longest),
    )  # fmt: skip


def served_lines(world: World) -> list[tuple[Number, Assistant]]:
    """Numbers in use: active, of a business, with an assistant."""
    numbers = [n for n in world.numbers.values() if n.is_active and n.business_name and n.agent_id in world.assistants]
    return [(number, world.assistants[number.agent_id]) for number in numbers if number.agent_id]


def renew(world: World, campaign: Campaign, at: float) -> None:
    """The agency loads the next list, so that one campaign is always on its way."""
    luck = chance.about(world.seed, "renewed", campaign.id)
    name, _, turn = campaign.name.partition(" · list ")
    again = replace(
        campaign,
        id=world.new_id("campaign"),
        name=f"{name} · list {int(turn or 1) + 1}",
        status="scheduled",
        created_at=at,
        updated_at=at,
        next_at=at + 5,
        version=0,
    )
    campaign.renews = False
    world.campaigns[again.id] = again
    campaigns.queue(world, again)
    world.leads[again.id] = people.leads(again, len(world.leads[campaign.id]), luck)
