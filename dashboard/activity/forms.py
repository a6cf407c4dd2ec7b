"""The filter of the activity lists."""

from __future__ import annotations

from django import forms
from django.http import QueryDict

from dashboard.ui import date_fields, search_fields
from dashboard.ui.client_field import ClientField


class ActivityFilter(date_fields.PeriodForm):
    """`kinds` are (value, label) pairs; `of_all` offers to choose a client."""

    field_order = ("q", "kind", "client", "since", "until")

    q = search_fields.SearchField(
        required=False, label="Find a person", widget=forms.TextInput(attrs={"placeholder": "Person"})
    )
    kind = forms.ChoiceField(required=False, label="About")
    client = ClientField(more=[("-", "None: the reseller’s own")])

    def __init__(self, query: QueryDict, *, kinds: list[tuple[str, str]], of_all: bool = False) -> None:
        super().__init__(query)
        self.fields["kind"].choices = [("", "Everything"), *kinds]  # type: ignore[attr-defined]
        if of_all:
            self.fields["client"].choose(query.get("client", ""))  # type: ignore[attr-defined]
        else:
            del self.fields["client"]
