"""Which mark each state of a call and of a receipt is shown with; the words are the labels of the models."""

from __future__ import annotations

from dashboard.calls.models import PlannedCall, Receipt, State
from dashboard.ui import states

CALL: dict[str, str] = {
    State.QUEUED: "waiting",
    State.SENDING: "waiting",
    State.DIALING: "waiting",
    State.CONNECTING: "waiting",
    State.RINGING: "waiting",
    State.IN_PROGRESS: "live",
    State.ENDED: "ended",
    State.ENDED_WITH_ERROR: "wrong",
    State.TRANSFERRED: "ended",
    State.FAILED: "wrong",
    State.REJECTED: "wrong",
    State.INSUFFICIENT_CREDITS: "wrong",
    State.REFUSED: "wrong",
    State.UNKNOWN: "person",
    State.NEEDS_PERSON: "person",
    State.LOST: "person",
}
OUTCOME: dict[str, str] = {
    Receipt.Outcome.WAITING: "waiting",
    Receipt.Outcome.ACCEPTED: "waiting",
    Receipt.Outcome.REFUSED: "wrong",
    Receipt.Outcome.UNKNOWN: "person",
}
EFFECT: dict[str, str] = {
    Receipt.Effect.CONFIRMED: "live",
    Receipt.Effect.NOT_CONFIRMED: "wrong",
    Receipt.Effect.NOT_KNOWN: "ended",
}
PLANNED: dict[str, str] = {
    PlannedCall.State.PLANNED: "",
    PlannedCall.State.PLACING: "waiting",
    PlannedCall.State.PLACED: "ended",
    PlannedCall.State.CANCELLED: "ended",
    PlannedCall.State.MISSED: "person",
    PlannedCall.State.REFUSED: "wrong",
}


def register() -> None:
    """A state without a mark raises KeyError, at the start of the process."""
    states.register("call", State, CALL)
    states.register("receipt", Receipt.Outcome, OUTCOME)
    states.register("receipt", Receipt.Effect, EFFECT)
    states.register("planned", PlannedCall.State, PLANNED)
