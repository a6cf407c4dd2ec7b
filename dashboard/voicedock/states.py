"""How far along a call is: by the states VoiceDock names (`voicedock-api.md §5.3`), and ours before it has the call."""

from __future__ import annotations

from datetime import datetime

LIVE = frozenset({"dialing", "connecting", "ringing", "in-progress"})
TERMINAL = frozenset({"ended", "ended-with-error", "transferred", "failed", "rejected", "insufficient-credits"})

_ORDER = ("queued", "sending", "dialing", "connecting", "ringing", "in-progress")
_RANKS = {state: rank for rank, state in enumerate(_ORDER)} | {state: len(_ORDER) for state in TERMINAL}
_RANKS |= {  # ours alone
    "unknown": _RANKS["sending"],  # any word from VoiceDock knows better
    "needs-person": _RANKS["sending"],
    "refused": len(_ORDER),
}


def normal(status: str) -> str:
    """As VoiceDock spells it, with hyphens; else untouched, since it may send states that nobody has named yet."""
    return status.strip().replace("_", "-")


def rank(state: str) -> int:
    """Order of states: a call never goes back to a lower rank, and among equals the later word counts.

    States we do not know stand beside `in-progress`: they are shown, and every end still comes after them.
    """
    return _RANKS.get(normal(state), _RANKS["in-progress"])


def is_terminal(state: str, ended_at: datetime | None = None) -> bool:
    """Whether the call is over; in a state we do not know it is once it has an end."""
    state = normal(state)
    if state in _RANKS:
        return _RANKS[state] == len(_ORDER)
    return ended_at is not None
