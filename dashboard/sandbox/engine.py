"""Moves the state up to the present: every call, campaign and background call, in the order of their times."""

from . import background_traffic, calls, campaign_results, campaigns, retention
from .state import State

KEPT_CALLS = 3000
SURPLUS = 200  # calls above KEPT_CALLS that are removed at once


def step(state: State, now: float) -> None:
    """Carry out everything that is due by `now` (Unix seconds), each at its own time."""
    campaign_results.rebuild_queue(state)
    retention.run(state, now)
    never = float("inf")
    while True:
        call, campaign = calls.next_due(state), campaigns.next_due(state)
        call_at, campaign_at = call[0] if call else never, campaign[0] if campaign else never
        background_at = background_traffic.next_due(state)
        soonest = min(call_at, campaign_at, never if background_at is None else background_at)
        if soonest > now:
            return
        if call and call_at == soonest:
            calls.run_next(state, call[1])
        elif campaign and campaign_at == soonest:
            campaigns.run(state, campaign[1], soonest)
        else:
            background_traffic.run(state, soonest)
            remove_oldest_calls(state)


def remove_oldest_calls(state: State) -> None:
    """Keep the newest few thousand calls, so that a demo does not grow for weeks."""
    surplus = len(state.calls) - KEPT_CALLS
    if surplus > SURPLUS:
        for key in [key for key in state.calls if key not in state.calls_with_plan][:surplus]:
            del state.calls[key]
