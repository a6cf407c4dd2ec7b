"""The filter of the activity lists."""

from __future__ import annotations

from typing import Any

from django import forms

from dashboard.ui import date_fields, search_fields


class ActivityFilter(forms.Form):
    """`kinds` and `clients` are (value, label) pairs; without `clients` there is no such field."""

    q = search_fields.SearchField(
        required=False, label="Find a person", widget=forms.TextInput(attrs={"placeholder": "Person"})
    )
    kind = forms.ChoiceField(required=False, label="About")
    client = forms.ChoiceField(required=False, label="Client")
    since = date_fields.DayField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = date_fields.DayField(required=False, label="Until", widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, kinds: list[tuple[str, str]], clients: list[tuple[str, str]] | None = None) -> None:
        super().__init__(*args)
        self.fields["kind"].choices = [("", "Everything"), *kinds]  # type: ignore[attr-defined]
        if clients is None:
            del self.fields["client"]
        else:
            self.fields["client"].choices = [  # type: ignore[attr-defined]
                ("", "Every client"),
                ("-", "None: the reseller’s own"),
                *clients,
            ]
