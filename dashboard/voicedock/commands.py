"""The four commands into a live call (`voicedock-api.md §4.1`): their names, their fields and how they are sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from .errors import Invalid

DESTINATION = re.compile(r"\+[1-9][0-9]{5,14}|sips?:[^\s]+", re.IGNORECASE)


class CommandType(StrEnum):
    """The `type` of a command as VoiceDock takes it, with the label that screens and the audit trail show."""

    INJECT_CONTEXT = "inject-context"
    SAY = "say"
    TRANSFER = "transfer"
    END_CALL = "end-call"

    @property
    def label(self) -> str:
        return LABELS[self]


LABELS: dict[str, str] = {
    CommandType.INJECT_CONTEXT: "Context",
    CommandType.SAY: "Say",
    CommandType.TRANSFER: "Transfer",
    CommandType.END_CALL: "End call",
}
MISSING = {  # what to ask for where the field that a command cannot do without is empty
    CommandType.INJECT_CONTEXT: "Write what the assistant should know.",
    CommandType.SAY: "Write what the assistant should say.",
    CommandType.TRANSFER: "Type the number to transfer to.",
}


def label(name: str) -> str:
    """The label of a command; a name that we do not know is its own."""
    return LABELS.get(name, name)


@dataclass(frozen=True)
class InjectContext:
    """Give the assistant information silently; with `trigger_response` it responds at once."""

    content: str
    trigger_response: bool = False
    type: ClassVar[CommandType] = CommandType.INJECT_CONTEXT

    def body(self) -> dict[str, Any]:
        """As it is sent; raises `Invalid`, like those of the other commands."""
        content = _required(self.content, self.type)
        return {"type": str(self.type), "content": content, "trigger_response": bool(self.trigger_response)}


@dataclass(frozen=True)
class Say:
    """Have the assistant speak this text; with `end_after` the call ends afterwards."""

    content: str
    end_after: bool = False
    type: ClassVar[CommandType] = CommandType.SAY

    def body(self) -> dict[str, Any]:
        content = _required(self.content, self.type)
        return {"type": str(self.type), "content": content, "end_after": bool(self.end_after)}


@dataclass(frozen=True)
class EndCall:
    """End the call, after `message` where the model can speak it."""

    message: str | None = None
    type: ClassVar[CommandType] = CommandType.END_CALL

    def body(self) -> dict[str, Any]:
        return {"type": str(self.type)} | _message(self.message)


@dataclass(frozen=True)
class Transfer:
    """Put the person through to a phone number or a SIP address, after `message` where the model can speak it."""

    destination: str
    message: str | None = None
    type: ClassVar[CommandType] = CommandType.TRANSFER

    def body(self) -> dict[str, Any]:
        if not isinstance(self.destination, str) or not DESTINATION.fullmatch(self.destination.strip()):
            raise Invalid(
                "Transfer to a phone number with its country code, like +31201234567, or to a SIP address.",
                param="destination",
            )
        return {"type": str(self.type), "destination": self.destination.strip()} | _message(self.message)


Command = InjectContext | Say | EndCall | Transfer


def _required(content: str, command: CommandType) -> str:
    if not isinstance(content, str) or not content.strip():
        raise Invalid(MISSING[command], param="content")
    return content.strip()


def _message(message: str | None) -> dict[str, str]:
    return {"message": message.strip()} if message and message.strip() else {}
