"""The filter of the activity lists."""

from __future__ import annotations

from typing import Any

from django import forms

from dashboard.ui import date_fields, search_fields


class ActivityFilter(date_fields.PeriodForm):
    """`kinds` and `clients` are (value, label) pairs; without `clients` there is no such field."""

    field_order = ("q", "kind", "client", "since", "until")

    q = search_fields.SearchField(
        required=False, label="Find a person", widget=forms.TextInput(attrs={"placeholder": "Person"})
    )
    kind = forms.ChoiceField(required=False, label="About")
    client = forms.ChoiceField(required=False, label="Client")

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
