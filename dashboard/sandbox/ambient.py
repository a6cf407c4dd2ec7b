"""Bystanders: a few calls that are always going on, so that a demo is alive. Off in tests."""

from . import calls, chance
from .catalog import complete
from .records import Assistant, Number, World

LOOK_EVERY = 6.0
BUSY = (3, 6)
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
        world, at, org_id=number.org_id, direction=direction, person=a_person(luck), number=number,
        assistant=assistant, config=config, outcome=outcome,
        at_least=min(luck.uniform(90, 320) if at_least is None else at_least, longest),
    )  # fmt: skip


def served_lines(world: World) -> list[tuple[Number, Assistant]]:
    """Numbers in use: active, of a business, with an assistant."""
    numbers = [n for n in world.numbers.values() if n.is_active and n.business_name and n.agent_id in world.assistants]
    return [(number, world.assistants[number.agent_id]) for number in numbers if number.agent_id]


def a_person(luck) -> str:
    """A number of nobody: Dutch 06 1234 xxxx, or the ranges kept for drama in Britain and the United States."""
    kind = luck.random()
    if kind < 0.8:
        return f"+3161234{luck.randint(0, 9999):04d}"
    return f"+44207946{luck.randint(0, 999):04d}" if kind < 0.95 else f"+1202555{luck.randint(100, 199):04d}"
