"""The list of transfer targets as a form: a row for each, and blank ones to add more."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

from django import forms

from dashboard.calls.control import transfer_book, transfer_targets
from dashboard.calls.placing import destinations
from dashboard.ui import phone_numbers
from tenants import names
from tenants.models import Tenant

BLANK_ROWS = 3
WIDEST = {"autocomplete": "off"}
TWICE = {
    "name": "This name stands in a row above already. Add what tells the two apart.",
    "destination": "This number stands in a row above already.",
}


class TargetForm(forms.Form):
    """One row; one that is emptied takes its target away."""

    name = forms.CharField(required=False, max_length=80, label="Name", widget=forms.TextInput(WIDEST))
    destination = forms.CharField(
        required=False, max_length=200, label="Number or SIP address", widget=forms.TextInput(WIDEST)
    )
    announcement = forms.CharField(
        required=False, max_length=500, label="Say before the transfer", widget=forms.TextInput(WIDEST)
    )

    def __init__(self, *args: Any, tenant: Tenant, own: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.empty_permitted = False  # a row that was not changed is cleaned like the others
        self.tenant, self.own = tenant, own

    def clean_name(self) -> str:
        return names.clean(self.cleaned_data["name"])

    def clean_destination(self) -> str:
        text = self.cleaned_data["destination"]
        if not text:
            return ""
        try:
            return transfer_targets.read(self.tenant, text, own=self.own)
        except destinations.NotCallable as error:
            raise forms.ValidationError(str(error)) from None

    def clean(self) -> dict[str, Any]:
        row = super().clean() or {}
        if self.is_blank:
            return row
        if "name" in row and not row["name"]:
            self.add_error("name", "Write who takes over there, like Reception.")
        if "destination" in row and not row["destination"]:
            self.add_error("destination", "Type the number or SIP address to transfer to.")
        return row

    @property
    def is_blank(self) -> bool:
        return not any(str(self.data.get(self.add_prefix(name), "")).strip() for name in self.fields)


class TargetFormSet(forms.BaseFormSet):
    """The rows of a client; `made_from` is the fingerprint of the list that they were made from."""

    made_from = ""
    stale = ""  # what to tell a person whose list somebody changed meanwhile

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Those that are filled in, of a valid form."""
        return [form.cleaned_data for form in self.forms if not form.is_blank]

    def clean(self) -> None:
        """A name and a destination stand in one row only."""
        for field, message in TWICE.items():
            seen: set[str] = set()
            for form in self.forms:
                value = getattr(form, "cleaned_data", {}).get(field, "").casefold()
                if value and value in seen:
                    form.add_error(field, message)
                seen.add(value)


def form_set(tenant: Tenant, data: Any = None) -> TargetFormSet:
    """Its targets as they are, or as they were typed."""
    shape = forms.formset_factory(
        TargetForm,
        formset=TargetFormSet,
        extra=BLANK_ROWS,
        max_num=transfer_book.MOST_NAMED,
        absolute_max=transfer_book.MOST_NAMED,
        validate_max=True,
    )
    targets = transfer_book.named(tenant)
    initial = [
        {
            "name": target.name,
            "destination": phone_numbers.grouped(target.destination),
            "announcement": target.announcement,
        }
        for target in targets
    ]
    own_facts = {"tenant": tenant, "own": transfer_targets.own_lines(tenant)}
    rows = cast(TargetFormSet, shape(data, initial=initial, form_kwargs=own_facts, prefix="target"))
    rows.made_from = transfer_book.fingerprint(targets) if data is None else data.get("made_from", "")
    return rows


def mark_stale(rows: TargetFormSet, tenant: Tenant, message: str) -> None:
    """Tell that the list was changed meanwhile; saved once more, the rows are taken as made from the list as it is."""
    rows.stale = message
    rows.made_from = transfer_book.fingerprint(transfer_book.named(tenant))
