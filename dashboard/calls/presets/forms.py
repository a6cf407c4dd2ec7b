"""The form of one preset: its name, assistant and line, and every change of a call that *Call now* has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.utils import timezone

from dashboard.calls.models import CallPreset
from dashboard.calls.models.call_preset import LONGEST_PRESET_NAME
from dashboard.calls.placing import overrides
from dashboard.calls.placing.change_forms import ChangesForm, initial_of
from dashboard.calls.placing.changes import Changes
from dashboard.calls.placing.saved_assistants import SavedAssistant
from dashboard.calls.presets import book, filling
from dashboard.ui import phone_numbers
from tenants.form_fields import NameField
from tenants.models import AssistantDedication, NumberDedication
from tenants.shown_values import ShownValues

BY_RULE = "By rule"
RULE = "By rule: a line in the country of the person, then of the same area, else the usual one."
NAME_TAKEN = "There is a preset of this name already. Choose another name."
DIFFERENT_CONNECTIONS = "This assistant cannot speak on that line. Choose another line or assistant."
TOO_MANY = f"There are {book.MOST} presets already, which is the most. Delete one first."
NOT_YOURS = "This one is not assigned to you. Choose one of the list."
GONE = (
    "Somebody deleted this preset meanwhile, so nothing was saved. What you typed stands below; saving once more makes "
    "a new preset of it."
)


class PresetForm(ShownValues, ChangesForm):
    """`assistant` and `number` are ids of the client's own open dedications. Values of variables are not part of it."""

    name = NameField(max_length=LONGEST_PRESET_NAME, label="Name", widget=forms.TextInput({"autocomplete": "off"}))
    assistant = forms.TypedChoiceField(
        coerce=int,
        label="Assistant",
        error_messages={"required": "Choose the assistant that speaks.", "invalid_choice": NOT_YOURS},
    )
    number = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        label="Call from",
        help_text=RULE,
        error_messages={"invalid_choice": NOT_YOURS},
    )
    position = forms.IntegerField(min_value=1, max_value=99, label="Order", help_text="1 stands first on Call now.")
    asks_for_values = False

    def __init__(
        self,
        *args: Any,
        others: Sequence[CallPreset],
        lines: Sequence[NumberDedication],
        assistants: Sequence[AssistantDedication],
        saved: dict[int, SavedAssistant],
        **kwargs: Any,
    ) -> None:
        self.others = others
        self.lines = {line.pk: line for line in lines if line.is_open}
        self.assistants = {one.pk: one for one in assistants if one.is_open}
        super().__init__(*args, saved=saved, **kwargs)
        for name in ("shown", "preset"):  # these are of a call; `ShownValues` has a hidden field of its own
            del self.fields[name]
        speakers = [(pk, str(one.assistant)) for pk, one in self.assistants.items()]
        self.fields["assistant"].choices = [("", "Choose"), *speakers]  # type: ignore[attr-defined]
        calls_from = [
            (pk, f"{one.line_name} {phone_numbers.grouped(one.e164)}".strip()) for pk, one in self.lines.items()
        ]
        self.fields["number"].choices = [("", BY_RULE), *calls_from]  # type: ignore[attr-defined]

    @property
    def usual_first_message(self) -> str:
        """What the chosen assistant says first by itself."""
        return self.saved.first_message

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if any(one.name.casefold() == name.casefold() for one in self.others):
            raise forms.ValidationError(NAME_TAKEN)
        return name

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        line, assistant = self.lines.get(facts.get("number") or 0), self.assistants.get(facts.get("assistant") or 0)
        if line and assistant and line.connection_id != assistant.connection_id:
            self.add_error("assistant", DIFFERENT_CONNECTIONS)
        if assistant:
            self.check_changes()
        return facts

    def check_changes(self) -> None:
        """As for a call, but for the age of our copy: each call looks at that by itself."""
        if self.saved.read_at is None:
            return
        try:
            overrides.compose(self.changes(), replace(self.saved, read_at=timezone.now()))
        except overrides.ChangeRefused as error:
            self.add_change_error(error.field, error.message)

    def stored(self) -> dict[str, Any]:
        """What `book` takes, of a valid form."""
        cleaned = self.cleaned_data
        return {
            "name": cleaned["name"],
            "assistant_dedication_id": cleaned["assistant"],
            "number_dedication_id": cleaned["number"],
            "changes": self.changes().to_json(),
            "position": cleaned["position"],
        }


def initial(
    preset: CallPreset, lines: Sequence[NumberDedication], assistants: Sequence[AssistantDedication]
) -> dict[str, Any]:
    """The preset as it is; empty where its assistant or line has left the client."""
    now = filling.in_use(preset, lines, assistants)
    return initial_of(Changes.from_json(preset.changes)) | {
        "name": preset.name,
        "assistant": now.assistant.pk if now.assistant else "",
        "number": now.line.pk if now.line else "",
        "position": preset.position,
    }
