"""Moves the world up to the present: every call, campaign and bystander, in the order of their times."""

from . import ambient, calls, campaigns, retention
from .records import World

KEPT_CALLS = 3000


def step(world: World, now: float) -> None:
    """Let everything happen that is due by `now` (Unix seconds), each thing at its own time."""
    campaigns.line_up(world)
    retention.run(world, now)
    while True:
        call, campaign, bystander = calls.next_due(world), campaigns.next_due(world), ambient.next_due(world)
        soonest = min(due[0] for due in (call, campaign, bystander, (float("inf"),)) if due)
        if soonest > now:
            return
        if call and call[0] == soonest:
            calls.run_next(world, call[1])
        elif campaign and campaign[0] == soonest:
            campaigns.run(world, campaign[1], soonest)
        else:
            ambient.run(world, soonest)
            forget(world)


def forget(world: World) -> None:
    """Keep the newest few thousand calls; a demo that runs for weeks must not grow for weeks."""
    surplus = len(world.calls) - KEPT_CALLS
    if surplus > 200:
        for key in [key for key, call in world.calls.items() if key not in world.planned][:surplus]:
            del world.calls[key]
