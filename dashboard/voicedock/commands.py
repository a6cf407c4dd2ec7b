"""The four commands into a live call (`voicedock-api.md §4.1`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from .errors import Invalid

DESTINATION = re.compile(r"\+[1-9][0-9]{5,14}|sips?:[^\s]+", re.IGNORECASE)


@dataclass(frozen=True)
class InjectContext:
    """Tell the assistant silently; with `trigger_response` it answers at once."""

    content: str
    trigger_response: bool = False
    type: ClassVar[str] = "inject-context"

    def body(self) -> dict[str, Any]:
        """As it is sent; raises `Invalid`, like those of the other commands."""
        content = _said(self.content, "Write what the assistant should know.")
        return {"type": self.type, "content": content, "trigger_response": bool(self.trigger_response)}


@dataclass(frozen=True)
class Say:
    """Have the assistant speak these words; with `end_after` the call ends after them."""

    content: str
    end_after: bool = False
    type: ClassVar[str] = "say"

    def body(self) -> dict[str, Any]:
        content = _said(self.content, "Write what the assistant should say.")
        return {"type": self.type, "content": content, "end_after": bool(self.end_after)}


@dataclass(frozen=True)
class EndCall:
    """End the call, after `message` where the model can speak it."""

    message: str | None = None
    type: ClassVar[str] = "end-call"

    def body(self) -> dict[str, Any]:
        return {"type": self.type} | _message(self.message)


@dataclass(frozen=True)
class Transfer:
    """Put the person through to a phone number or a SIP address, after `message` where the model can speak it."""

    destination: str
    message: str | None = None
    type: ClassVar[str] = "transfer"

    def body(self) -> dict[str, Any]:
        if not isinstance(self.destination, str) or not DESTINATION.fullmatch(self.destination.strip()):
            raise Invalid(
                "Transfer to a phone number with its country code, like +31201234567, or to a SIP address.",
                param="destination",
            )
        return {"type": self.type, "destination": self.destination.strip()} | _message(self.message)


Command = InjectContext | Say | EndCall | Transfer


def _said(content: str, otherwise: str) -> str:
    if not isinstance(content, str) or not content.strip():
        raise Invalid(otherwise, param="content")
    return content.strip()


def _message(message: str | None) -> dict[str, str]:
    return {"message": message.strip()} if message and message.strip() else {}
