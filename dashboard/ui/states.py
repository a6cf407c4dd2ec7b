"""What every state is called on screen, and which mark it wears."""

from __future__ import annotations

# kind → state → (mark, words). The marks are the modifiers of `.state` and `.jack` in components.css:
# live (filled), waiting (ring), person (triangle), wrong (open square), ended (square), paused (bars), "" (quiet).
STATES: dict[str, dict[str, tuple[str, str]]] = {
    "call": {
        "queued": ("waiting", "Waiting to be sent"),
        "sending": ("waiting", "Being sent"),
        "dialing": ("waiting", "Dialing"),
        "connecting": ("waiting", "Connecting"),
        "ringing": ("waiting", "Ringing"),
        "in-progress": ("live", "In progress"),
        "ended": ("ended", "Ended"),
        "ended-with-error": ("wrong", "Ended with an error"),
        "transferred": ("ended", "Transferred"),
        "failed": ("wrong", "Not reached"),
        "rejected": ("wrong", "Rejected"),
        "insufficient-credits": ("wrong", "No credit left"),
        "refused": ("wrong", "Refused, nothing was dialed"),
        "unknown": ("person", "Not certain"),
        "needs-person": ("person", "Needs a person"),
        "lost": ("person", "Lost at VoiceDock"),
    },
    "campaign": {
        "draft": ("ended", "Not started"),
        "scheduled": ("live", "Started"),
        "paused": ("paused", "Paused"),
        "completed": ("ended", "Completed"),
        "cancelled": ("ended", "Cancelled"),
    },
    "lead": {
        "pending": ("waiting", "Waiting"),
        "calling": ("live", "Calling"),
        "completed": ("ended", "Completed"),
        "failed": ("wrong", "Failed"),
        "skipped": ("ended", "Skipped"),
        "no_answer": ("wrong", "No answer"),
    },
    "receipt": {
        "waiting": ("waiting", "On its way"),
        "accepted": ("waiting", "Accepted by VoiceDock"),
        "refused": ("wrong", "Refused"),
        "unknown": ("person", "No answer"),
        "confirmed": ("live", "Confirmed"),
        "not-confirmed": ("wrong", "Not confirmed"),
    },
    "caller-id": {
        "agrees": ("live", "The same number"),
        "differs": ("person", "Another number"),
        "not-reported": ("waiting", "Not reported yet"),
        "not-dialed": ("ended", "Nothing was dialed"),
    },
    "client": {
        "active": ("live", "Active"),
        "suspended": ("paused", "Suspended"),
        "closed": ("ended", "Closed"),
    },
}


def read(state: str, kind: str = "call") -> tuple[str, str]:
    """Mark and words of a state; one that we do not know keeps its own word (`voicedock-api.md §5.3`)."""
    return STATES[kind].get(state, ("", state))
