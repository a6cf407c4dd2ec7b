"""The order of call states: VoiceDock's (`docs/voicedock-api.md §5.3`), and ours before it has the call."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum


class CallState(StrEnum):
    """How VoiceDock spells the states of a call, and, at the ends, the states that only Patchbay gives one."""

    QUEUED = "queued"
    SENDING = "sending"
    DIALING = "dialing"
    CONNECTING = "connecting"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    ENDED = "ended"
    ENDED_WITH_ERROR = "ended-with-error"
    TRANSFERRED = "transferred"
    FAILED = "failed"
    REJECTED = "rejected"
    INSUFFICIENT_CREDITS = "insufficient-credits"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    NEEDS_PERSON = "needs-person"
    LOST = "lost"


UNSENT = (CallState.QUEUED, CallState.SENDING)
WAITING = (CallState.DIALING, CallState.CONNECTING, CallState.RINGING)
LIVE = (*WAITING, CallState.IN_PROGRESS)
TERMINAL = (
    CallState.ENDED,
    CallState.ENDED_WITH_ERROR,
    CallState.TRANSFERRED,
    CallState.FAILED,
    CallState.REJECTED,
    CallState.INSUFFICIENT_CREDITS,
)
UNCERTAIN = (CallState.UNKNOWN, CallState.NEEDS_PERSON, CallState.LOST)

_ORDER = (*UNSENT, *LIVE)
_RANKS: dict[str, int] = {state: rank for rank, state in enumerate(_ORDER)}
_RANKS |= {state: len(_ORDER) for state in TERMINAL}
_RANKS |= {  # states of Patchbay alone
    CallState.UNKNOWN: _RANKS[CallState.SENDING],  # any news from VoiceDock knows better
    CallState.NEEDS_PERSON: _RANKS[CallState.SENDING],
    CallState.REFUSED: len(_ORDER),
}


def normal(status: str) -> str:
    """With hyphens, as VoiceDock spells it; otherwise unchanged, since it may send states that are not documented."""
    return status.strip().replace("_", "-")


def rank(state: str) -> int:
    """Order of states: a call never goes back to a lower rank; among equals the later report counts.

    Unknown states have the rank of `in-progress`: they are shown, and every final state still comes after them.
    """
    return _RANKS.get(normal(state), _RANKS[CallState.IN_PROGRESS])


def is_terminal(state: str, ended_at: datetime | None = None) -> bool:
    """Whether the call is over; in an unknown state it is once it has `ended_at`."""
    state = normal(state)
    if state in _RANKS:
        return _RANKS[state] == len(_ORDER)
    return ended_at is not None
