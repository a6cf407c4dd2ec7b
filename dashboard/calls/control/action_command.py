"""What a command made with an action needs to know of it: whether it is offered, and the names of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from dashboard.calls.control.transfer_book import Choice
from dashboard.calls.models import Action
from dashboard.voicedock import CommandType
from dashboard.voicedock.capabilities import badge

CHANGED = "Somebody changed this action meanwhile, so nothing was sent. It is shown as it is now: look at it once more."
GONE = "Somebody removed this action meanwhile, so nothing was sent."
NO_TARGET = "Choose whom to transfer to."
LONGEST_VALUE = 300
TEXT_FIELD = {
    CommandType.INJECT_CONTEXT: "content",
    CommandType.SAY: "words",
    CommandType.TRANSFER: "announcement",
    CommandType.END_CALL: "goodbye",
}


def not_for(action: Action, family: str) -> str:
    """Why this action is not offered in a call with this family of model; "" where it is."""
    if action.is_for(family):
        return ""
    allowed = " or ".join(badge(one).label for one in action.families)
    return f"Only for calls with {allowed}. This one has {badge(family).label}."


def field_name(name: str) -> str:
    """Of what is filled in, in the form."""
    return f"fill-{name.replace(' ', '-')}"


class SentAction(Protocol):
    """The form of an action that was sent (`forms.ActionCommandForm`)."""

    key: int
    action: Action | None
    closed: Choice | None

    @property
    def data(self) -> Mapping[str, Any]: ...
    @property
    def errors(self) -> Mapping[str, Any]: ...
