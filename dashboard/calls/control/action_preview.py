"""What an action that is being edited will look like in the live panel, with values in its text. Nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.forms import Form

from dashboard.calls import queries
from dashboard.calls.control import action_text, composer
from dashboard.calls.control.action_command import LONGEST_VALUE, field_name
from dashboard.calls.control.action_text import Piece
from dashboard.voicedock import CommandType
from dashboard.voicedock.capabilities import Family, badge
from tenants import names
from tenants.isolation import scope
from tenants.models import Tenant

PERSON = {"name": "Anna Jansen", "number": "+31 6 1234 5678"}  # stands for whoever is called
NOTES = {  # by command and its checkbox: what else happens
    (CommandType.INJECT_CONTEXT, True): "The assistant answers right away.",
    (CommandType.INJECT_CONTEXT, False): "Silently, without an answer.",
    (CommandType.SAY, True): "The call ends afterwards.",
    (CommandType.TRANSFER, False): "To one of the transfer targets, chosen during the call.",
}
CHECKED = {CommandType.INJECT_CONTEXT: "trigger_response", CommandType.SAY: "end_after"}


@dataclass(frozen=True)
class Example:
    """A value that is filled in during the call, with what stands for it in the preview; `field` names its input."""

    field: str
    label: str
    value: str
    required: bool


@dataclass(frozen=True)
class Reach:
    """What VoiceDock documents of the command for one kind of model."""

    label: str
    word: str
    cap: str


@dataclass(frozen=True)
class Preview:
    """`pieces` are those of the text with their values; `problem` says why it cannot be read."""

    pieces: list[tuple[Piece, str]]
    examples: list[Example]
    reaches: list[Reach]
    note: str
    problem: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.pieces or self.examples or self.problem)


@scope.requires_scope
def values_of(tenant: Tenant) -> dict[str, str]:
    """The values of a call: an example person, and the client's own line, assistant and name."""
    line = next((str(line.line_name or line.e164) for line in queries.lines(tenant) if line.is_open), "")
    assistant = next((str(one.assistant) for one in queries.assistants(tenant)), "")
    known = PERSON | {"line": line, "assistant": assistant, "client": tenant.name}
    return {name: value for name, value in known.items() if value}


def of_row(form: Form, values: Mapping[str, str]) -> Preview:
    """Of a row as it is saved or typed, valid or not."""
    text, command = str(form["text"].value() or "").strip(), str(form["command"].value() or "")
    reaches, note = _reaches(command, form["families"].value() or []), _note(form, command)
    try:
        pieces = action_text.pieces(text)
        asked = action_text.asked(text, action_text.fields(str(form["fields_asked"].value() or "")), values)
    except action_text.Unreadable as error:
        return Preview([], [], reaches, note, str(error))
    asked |= {
        piece.slot: True for piece in pieces if piece.slot and piece.slot not in values and piece.slot not in asked
    }
    examples = [_example(form, name, required=required) for name, required in asked.items()]
    filled = dict(values) | {name: one.value for name, one in zip(asked, examples, strict=True)}
    return Preview([(piece, filled.get(piece.slot, "")) for piece in pieces], examples, reaches, note)


def _example(form: Form, name: str, *, required: bool) -> Example:
    field = form.add_prefix(f"example-{field_name(name)}")
    typed: Any = form.data.get(field, "") if form.is_bound else ""
    return Example(field, f"{name[:1].upper()}{name[1:]}", names.clean(typed)[:LONGEST_VALUE], required)


def _reaches(command: str, families: list[str]) -> list[Reach]:
    """For the chosen kinds of model, or all that are documented."""
    if command not in list(CommandType):
        return []
    tabs = [(family, composer.tab(family, command, {})) for family in Family if family != Family.UNKNOWN]
    return [Reach(badge(one).label, tab.word, tab.cap) for one, tab in tabs if not families or one in families]


def _note(form: Form, command: str) -> str:
    if command not in list(CommandType):
        return ""
    kind = CommandType(command)
    checked = CHECKED.get(kind)
    return NOTES.get((kind, bool(checked and form[checked].value())), "")
