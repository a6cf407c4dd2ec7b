"""What every state is called on screen, and which mark it wears."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.db.models import TextChoices

SPELLED = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)+")

# kind → state → (mark, words). The marks are the modifiers of `.state` and `.jack` in components.css:
# live (filled), waiting (ring), person (triangle), wrong (open square), ended (square), paused (bars), free (a small
# dot, as a free line), "" (quiet). A ring is a call that connects, so nothing at rest has one.
STATES: dict[str, dict[str, tuple[str, str]]] = {
    "lead": {
        "pending": ("free", "Left to call"),
        "calling": ("live", "Calling"),
        "completed": ("ended", "Called"),
        "failed": ("wrong", "Not reached"),
        "skipped": ("ended", "Skipped"),
        "no_answer": ("wrong", "No answer"),
    },
    "caller-id": {
        "agrees": ("live", "The same number"),
        "differs": ("person", "Another number"),
        "not-reported": ("", "Not reported yet"),
        "not-dialed": ("ended", "Nothing was dialed"),
    },
    "inventory": {  # of a number or an assistant
        "free": ("free", "Free"),
        "later": ("free", "Free for now"),
        "in-use": ("live", "In use"),
        "gone": ("person", "Gone at VoiceDock"),
    },
    "connection": {
        "error": ("person", "Error"),
        "failing": ("person", "Sync failing"),
        "deliveries": ("person", "Webhooks failing"),
        "limited": ("paused", "Rate-limited"),
        "healthy": ("live", "Healthy"),
        "importing": ("incomplete", "First sync"),
    },
    "sync": {  # of one kind, and of a run
        "failing": ("person", "Failing"),
        "followed": ("live", "In sync"),
        "importing": ("incomplete", "Not synced yet"),
        "failed": ("person", "Failed"),
        "waited": ("paused", "Waited for the rate limit"),
        "running": ("incomplete", "Running"),
        "done": ("ended", "Done"),
    },
    "hours": {  # of a transfer target
        "open": ("live", "Open"),
        "closed": ("ended", "Closed"),
    },
    "client": {
        "active": ("live", "Active"),
        "can-call": ("live", "Can call"),
        "cannot-call": ("incomplete", "Cannot call yet"),
        "suspended": ("paused", "Suspended"),
        "closed": ("ended", "Closed"),
    },
}


def register(kind: str, choices: type[TextChoices], marks: Mapping[str, str]) -> None:
    """Have the states of a kind shown with their labels, each with its mark; the app that has them calls it once."""
    known = {choice.value: (marks[choice.value], str(choice.label)) for choice in choices if choice.value}
    STATES.setdefault(kind, {}).update(known)


def read(state: str, kind: str = "call") -> tuple[str, str]:
    """Mark and words of a state; one that we do not know keeps its own words (`voicedock-api.md §5.3`)."""
    return STATES[kind].get(state) or ("", words(state))


def words(value: str) -> str:
    """A value of VoiceDock's that we do not know, without its spelling: `on_hold` → `On hold`."""
    return re.sub(r"[_-]", " ", value).capitalize() if SPELLED.fullmatch(value) else value
