"""What a preset fills into the form of *Call now*: picked there, or named in a link of another program.

Nothing is dialed or stored by it. What a person typed stays: in fields that the preset leaves empty, and beside it for
when another preset, or none, is picked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from dashboard.calls.models import Call, CallPreset
from dashboard.calls.placing import line_choice, number_echo
from dashboard.calls.placing.change_forms import OWN, initial_of
from dashboard.calls.placing.changes import Changes
from dashboard.calls.placing.spoken_text import one_line
from dashboard.calls.placing.value_fields import MOST_VARIABLES, VARIABLE_FIELD
from dashboard.calls.presets import book
from tenants.isolation import scope
from tenants.models import AssistantDedication, NumberDedication, Tenant

NO_CHANGES = Changes()
PICK = "pick"  # the key of the preset that is picked, "" for none; `preset` is the one that the form has already
REPLACED = (
    "first_message",
    "instructions",
    "language",
    "model",
    "voice",
    "max_minutes",
    "voicemail_message",
    "metadata",
)
RESERVED = {"preset", "to", "number", "assistant", "again"}  # parameters of a link that are no variables
RESERVED |= {"planned", "when", "zone"}
NAME = re.compile(r"[A-Za-z0-9_]{1,60}")
NOT_HERE = "There is no preset “{key}” here, so nothing was filled in. It may have been deleted. Choose one below."
NO_ASSISTANT = "{assistant}, the assistant of this preset, is not yours any more. Choose another one below."


@dataclass(frozen=True)
class PresetInUse:
    """A preset with those of its line and assistant that are the client's now."""

    preset: CallPreset
    assistant: AssistantDedication | None
    line: NumberDedication | None

    @property
    def note(self) -> str:
        """What of it is not there any more; "" when nothing is missing. A line that has left shows in the choice."""
        name = str(self.preset.assistant_dedication.assistant)
        return "" if self.assistant else NO_ASSISTANT.format(assistant=name)


def in_use(
    preset: CallPreset, lines: Sequence[NumberDedication], assistants: Sequence[AssistantDedication]
) -> PresetInUse:
    """What was released and assigned again is the client's again, under another dedication."""
    speaker = preset.assistant_dedication.assistant_id
    return PresetInUse(
        preset,
        next((one for one in assistants if one.is_open and one.assistant_id == speaker), None),
        next((one for one in lines if one.is_open and one.number_id == preset.number_id), None),
    )


@scope.requires_scope
def posted(
    tenant: Tenant, data: QueryDict, lines: Sequence[NumberDedication], assistants: Sequence[AssistantDedication]
) -> tuple[QueryDict, CallPreset | None]:
    """The form as it was sent, with what is picked filled in; and its preset."""
    before, key = book.with_key(tenant, data.get("preset", "")), str(data.get(PICK, ""))
    if PICK not in data:
        return data, before
    chosen = book.with_key(tenant, key)
    filled = data.copy()
    _fill_texts(filled, before, chosen)
    filled["preset"] = key if chosen else ""
    now = in_use(chosen, lines, assistants) if chosen else None
    if now:
        filled["assistant"] = str(now.assistant.pk) if now.assistant else ""
    if (now and now.line) or filled.get("line_by_rule"):
        filled["line_by_rule"] = "1"
        filled["number"] = str(line_for(tenant, lines, filled.get("destination", ""), chosen) or "")
    return filled, chosen


@scope.requires_scope
def linked(
    tenant: Tenant,
    link: Mapping[str, str],
    lines: Sequence[NumberDedication],
    assistants: Sequence[AssistantDedication],
    *,
    again: Call | None = None,
) -> tuple[dict[str, Any], CallPreset | None]:
    """What the form begins with for the parameters of a link, and its preset. `again`: a call that is made again."""
    if again:
        preset, changes = book.with_name(tenant, again.preset_name), Changes.from_json(again.overrides)
    else:
        preset = book.with_key(tenant, link.get("preset", ""))
        changes = Changes.from_json(preset.changes) if preset else NO_CHANGES
    named = next((line.pk for line in lines if line.is_open and str(line.pk) == link.get("number", "")), None)
    return initial_of(changes) | values_in(link) | {
        "preset": preset.key if preset else "",
        "number": named or line_for(tenant, lines, link.get("to", ""), preset),
        "line_by_rule": "" if named else "1",
        "assistant": _assistant(preset, link.get("assistant", ""), lines, assistants),
    }, preset


def values_in(link: Mapping[str, str]) -> dict[str, str]:
    """Values of variables: by their names, or as `variable-name` where the link needs that name itself."""
    found: dict[str, str] = {}
    for parameter, value in link.items():
        name = parameter.removeprefix(VARIABLE_FIELD)
        is_example = value == name.upper()  # as the link on the page of presets has it until a program fills it in
        if NAME.fullmatch(name) and parameter not in RESERVED and not is_example and len(found) < MOST_VARIABLES:
            found[VARIABLE_FIELD + name] = one_line(value)
    return found


def line_for(
    tenant: Tenant, lines: Sequence[NumberDedication], text: str, preset: CallPreset | None = None
) -> int | None:
    """The line by rule for a call to whom this text names; without a number, the preset's or the usual one."""
    choose = rule(tenant, lines, preset)
    first = choose("").line
    echo = number_echo.of(tenant, text, line=first.e164 if first else "")
    chosen = choose(echo.e164).line
    return chosen.pk if chosen else None


def rule(
    tenant: Tenant, lines: Sequence[NumberDedication], preset: CallPreset | None
) -> Callable[[str], line_choice.LineChoice]:
    """The line for the number that is called, in E.164, or "" while none is typed."""
    preset_number = preset.number_id if preset else None
    return lambda e164: line_choice.choose(lines, e164, usual=tenant.default_number_id, preset_number=preset_number)


def not_here(key: str) -> str:
    return NOT_HERE.format(key=one_line(key)[:60])


def _begin(preset: CallPreset | None) -> dict[str, Any]:
    return initial_of(Changes.from_json(preset.changes) if preset else NO_CHANGES)


def _assistant(
    preset: CallPreset | None,
    wanted: str,
    lines: Sequence[NumberDedication],
    assistants: Sequence[AssistantDedication],
) -> int | None:
    """The one that the link names; else the preset's, and none where that has been released; else the usual one."""
    offered = [assistant.pk for assistant in assistants]
    usual = next(iter(offered), None)
    if preset:
        now = in_use(preset, lines, assistants).assistant
        usual = now.pk if now else None
    return next((pk for pk in offered if str(pk) == wanted), usual)


def _fill_texts(data: QueryDict, before: CallPreset | None, chosen: CallPreset | None) -> None:
    was, now = _begin(before), _begin(chosen)
    for name in REPLACED:
        preset_text, text = str(was.get(name) or ""), _text(data.get(name, ""))
        typed = text if text != preset_text else data.get(OWN + name, "")
        new = str(now.get(name) or "")
        data[name] = new or typed
        data[OWN + name] = typed if new else ""
    of_preset = was["facts"].split("\n")
    added = [line for line in _text(data.get("facts", "")).split("\n") if line and line not in of_preset]
    data["facts"] = "\n".join(filter(None, [now["facts"], *added]))


def _text(sent: str) -> str:
    return sent.replace("\r\n", "\n").strip()
