"""The text of an action: its words, and the names in double braces that are filled in when it is sent.

A name is a value of the call, or a field that a person fills in. What is filled in is never read as a name again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.calls import labels
from dashboard.calls.models import Call
from dashboard.ui import phone_numbers

VALUES = {  # of the call, by the name that stands for them
    "name": "name of the person, asked for where it is not known",
    "number": "number of the person",
    "line": "line of the call",
    "assistant": "assistant of the call",
    "client": "name of the client",
}
SLOT = re.compile(r"\{\{([^{}]*)\}\}")
NAME = re.compile(r"[^\W\d_][\w ]{0,29}")
MOST_FIELDS = 6
EXAMPLE = "like {{code}}"


class Unreadable(ValueError):
    """Why a text or a list of fields is refused, in words."""


@dataclass(frozen=True)
class Piece:
    """Words as they are, or the name of what is filled in there."""

    words: str = ""
    slot: str = ""


def pieces(text: str) -> list[Piece]:
    """The text in its parts. Raises `Unreadable`."""
    found: list[Piece] = []
    for at, part in enumerate(SLOT.split(text)):
        if at % 2:
            found.append(Piece(slot=_name(part)))
        elif "{{" in part or "}}" in part:
            raise Unreadable(f"Two braces open and two close what is filled in, {EXAMPLE}. Here one side is missing.")
        elif part:
            found.append(Piece(part))
    return found


def fields(listed: str) -> dict[str, bool]:
    """The names in a list like `code, note?`, each with whether it has to be filled in. Raises `Unreadable`."""
    found: dict[str, bool] = {}
    for part in filter(None, (part.strip() for part in listed.split(","))):
        name = _name(part.removesuffix("?"))
        if name in found:
            raise Unreadable(f"“{name}” stands in the list twice.")
        found[name] = not part.endswith("?")
    if len(found) > MOST_FIELDS:
        raise Unreadable(f"These are {len(found)} fields; give at most {MOST_FIELDS}.")
    return found


def listing(found: Mapping[str, bool]) -> str:
    """Fields as `fields` reads them."""
    return ", ".join(name if required else f"{name}?" for name, required in found.items())


def slots(text: str) -> list[str]:
    """The names in a text that `pieces` accepts, each once."""
    return list(dict.fromkeys(piece.slot for piece in pieces(text) if piece.slot))


def check(text: str, listed: Mapping[str, bool]) -> None:
    """Refuse a text with a name that is neither a value of the call nor listed. Raises `Unreadable`."""
    unknown = [name for name in slots(text) if name not in VALUES and name not in listed]
    if unknown:
        raise Unreadable(
            f"“{unknown[0]}” is neither in the list of fields nor a value of the call. Values are {', '.join(VALUES)}."
        )


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its values; a name without one leaves nothing, and no double space either."""
    filled = "".join(piece.words or values.get(piece.slot, "") for piece in pieces(text))
    return re.sub(r"[ \t]{2,}", " ", filled).strip()


def values_of(call: Call, client: str) -> dict[str, str]:
    """The values of a call as they are spoken of; those that are not known are left out."""
    known = {
        "name": labels.person(call),
        "number": phone_numbers.grouped(call.counterpart),
        "line": labels.line(call),
        "assistant": labels.assistant(call),
        "client": client,
    }
    return {name: value for name, value in known.items() if value}


def asked(text: str, listed: Mapping[str, bool], values: Mapping[str, str]) -> dict[str, bool]:
    """What a person fills in: the listed fields, and the values in the text that this call does not have."""
    missing = {name: True for name in slots(text) if name in VALUES and name not in values}
    return dict(listed) | {name: required for name, required in missing.items() if name not in listed}


def _name(text: str) -> str:
    name = " ".join(text.replace("_", " ").split()).lower()
    if not NAME.fullmatch(name):
        shown = f"“{text.strip()[:30]}” cannot be" if text.strip() else "Nothing between the braces cannot be"
        raise Unreadable(f"{shown} the name of a field. Use up to 30 letters, digits and spaces, {EXAMPLE}.")
    return name
