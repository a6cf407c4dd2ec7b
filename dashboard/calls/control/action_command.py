"""A command that is made with an action: its text with the values of the call and what a person fills in.

It leaves as the four commands do, by the same form and the same `commands.send`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from dashboard.calls.control import action_book, action_text
from dashboard.calls.control.action_forms import LONGEST
from dashboard.calls.forms import CommandForm
from dashboard.calls.models import Action
from dashboard.voicedock import CommandType
from dashboard.voicedock.capabilities import badge
from tenants import names

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


class ActionCommandForm(CommandForm):
    """`action` is the client's action with the key that was sent; `made_from` is its fingerprint on that page."""

    made_from = forms.CharField(required=False, max_length=64)

    def __init__(
        self, *args: Any, action: Action | None, key: int, values: Mapping[str, str], family: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["type"] = forms.CharField(required=False)  # it is the action's, whatever was sent
        self.action, self.key, self.values, self.family = action, key, values, family
        self.asked = action_text.asked(action.text, action_text.fields(action.fields), values) if action else {}
        for name, required in self.asked.items():
            self.fields[field_name(name)] = forms.CharField(
                required=required,
                max_length=LONGEST_VALUE,
                error_messages={"required": f"Fill in the {name}."},
            )

    @property
    def action_name(self) -> str:  # type: ignore[override]
        return self.action.name if self.action else ""

    def clean_type(self) -> str:
        return self.action.command if self.action else ""

    def clean(self) -> dict[str, Any]:
        if self.action is None:
            raise forms.ValidationError(GONE)
        if self.cleaned_data.get("made_from") != action_book.fingerprint([self.action]):
            raise forms.ValidationError(CHANGED)
        if refusal := not_for(self.action, self.family):
            raise forms.ValidationError(refusal)
        if self.action.command == CommandType.TRANSFER and not self.cleaned_data.get("target"):
            self.add_error("target", NO_TARGET)
        if self.errors:
            return self.cleaned_data
        text = self._text(self.action)
        self.cleaned_data |= {
            TEXT_FIELD[CommandType(self.action.command)]: text,
            "trigger_response": self.action.trigger_response,
            "end_after": self.action.end_after,
        }
        facts = super().clean()
        return facts | {"announcement": text} if text else facts

    def _text(self, action: Action) -> str:
        """With what was filled in; an error where it is longer than the command takes."""
        filled = {name: names.clean(self.cleaned_data[field_name(name)]) for name in self.asked}
        text, longest = action_text.fill(action.text, dict(self.values) | filled), LONGEST[CommandType(action.command)]
        if len(text) > longest:
            place = field_name(next(reversed(filled))) if filled else None
            self.add_error(place, f"Together with its text that is {len(text)} characters; {longest} are the most.")
        return text
