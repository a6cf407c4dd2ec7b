"""The form of a test call: to whom, and with whose values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from dashboard.campaigns.models import DraftLead
from dashboard.ui import phone_numbers
from tenants.names import isolate

LONGEST_DESTINATION = 120


class TrialForm(forms.Form):
    """`line` is the line of the file that holds the person; 0 for nobody's values."""

    destination = forms.CharField(
        max_length=LONGEST_DESTINATION,
        label="Call me on",
        error_messages={"required": "Type the number that is called, your own for instance."},
        widget=forms.TextInput({"inputmode": "tel", "autocomplete": "tel", "class": "phone-input"}),
    )
    line = forms.TypedChoiceField(coerce=int, label="With the values of")
    token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, people: Sequence[DraftLead], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = str(self["line"].value() or "0")
        offered = [(lead.line, _label(lead)) for lead in people]
        if chosen.isdecimal() and len(chosen) < 10 and int(chosen) not in dict(offered) and int(chosen):
            offered.append((int(chosen), f"Line {chosen}"))
        self.fields["line"].choices = offered or [(0, "Nobody yet")]  # type: ignore[attr-defined]

    def refuse(self, field: str, words: str) -> None:
        """Beside its field where the form has it, else above the form."""
        self.add_error(field if field in ("destination", "line") else None, words)


def _label(lead: DraftLead) -> str:
    name = isolate(lead.name) if lead.name else phone_numbers.grouped(lead.number)
    return f"{name}, line {lead.line}"
