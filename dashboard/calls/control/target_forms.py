"""The list of transfer targets as a form: a row for each, and blank ones to add more."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

from django import forms
from django.utils.timezone import now

from dashboard.calls.control import transfer_book, transfer_hours, transfer_targets
from dashboard.calls.control.row_forms import RowForm
from dashboard.calls.placing import destinations
from dashboard.ui import phone_numbers
from dashboard.ui.time_fields import ClockField
from tenants import names, time_zones
from tenants.form_fields import ZoneField
from tenants.models import Tenant

BLANK_ROWS = 3
WIDEST = {"autocomplete": "off"}
TWICE = {
    "name": "This name stands in a row above already. Add what tells the two apart.",
    "destination": "This number stands in a row above already.",
}


class TargetForm(RowForm):
    """One row; one that is emptied takes its target away."""

    needed = ("name", "destination", "announcement")

    name = forms.CharField(
        required=False,
        max_length=80,
        label="Name",
        widget=forms.TextInput(WIDEST),
        help_text="Who takes over there, like Reception.",
    )
    destination = forms.CharField(
        required=False,
        max_length=200,
        label="Number or SIP address",
        widget=forms.TextInput(WIDEST),
        help_text="Checked like any number that is called.",
    )
    announcement = forms.CharField(
        required=False,
        max_length=500,
        label="Say before the transfer",
        widget=forms.TextInput(WIDEST),
        help_text="Empty: the assistant names who takes over.",
    )
    days = forms.MultipleChoiceField(
        required=False,
        label="Days",
        choices=[(str(number), name[:3]) for number, name in enumerate(transfer_hours.DAYS)],
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: every day.",
    )
    opens = ClockField(required=False, label="From")
    closes = ClockField(required=False, label="Until")
    timezone = forms.CharField(
        required=False, label="Time zone", max_length=64, widget=forms.TextInput({"list": "zones", **WIDEST})
    )

    remove = forms.BooleanField(required=False, label="Remove this target")

    def __init__(self, *args: Any, tenant: Tenant, own: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.empty_permitted = False  # a row that was not changed is cleaned like the others
        self.tenant, self.own = tenant, own
        self.fields["timezone"].widget.attrs["placeholder"] = tenant.timezone

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

    def clean_days(self) -> str:
        return "".join(sorted(self.cleaned_data["days"]))

    def clean_timezone(self) -> str:
        text = self.cleaned_data["timezone"]
        if not text:
            return ""
        if (zone := time_zones.read(text)) is None:
            raise forms.ValidationError(ZoneField.NOT_KNOWN)
        return zone.key

    def clean(self) -> dict[str, Any]:
        row = super().clean() or {}
        if self.is_blank or row.get("remove"):
            self.errors.clear()  # what goes need not be right
            return row
        self._check_hours(row)
        if "name" in row and not row["name"]:
            self.add_error("name", "Write who takes over there, like Reception.")
        if "destination" in row and not row["destination"]:
            self.add_error("destination", "Type the number or SIP address to transfer to.")
        return row

    def _check_hours(self, row: dict[str, Any]) -> None:
        """From and until come together, and are two times."""
        opens, closes = row.get("opens"), row.get("closes")
        for name, other in (("opens", "closes"), ("closes", "opens")):
            if row.get(other) and not row.get(name) and name in row:
                self.add_error(name, "Set both times, or none for the whole day.")
        if opens and opens == closes:
            self.add_error("closes", "Both times are the same. Leave both empty for the whole day.")

    @property
    def hours(self) -> transfer_hours.Hours | None:
        """Of the target that the row was made from."""
        return self.initial.get("hours")

    @property
    def is_open_now(self) -> bool:
        return self.hours is None or self.hours.are_open(now())

    @property
    def hours_detail(self) -> str:
        """`until 17:30`, `from Monday 9:00 Amsterdam time`."""
        return self.hours.state(now()).partition(" ")[2].strip() if self.hours else ""


class TargetFormSet(forms.BaseFormSet):
    """The rows of a client; `made_from` is the fingerprint of the list that they were made from."""

    made_from = ""
    stale = ""  # what to tell a person whose list somebody changed meanwhile

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Those that are filled in, of a valid form."""
        return [form.cleaned_data for form in self._staying()]

    def clean(self) -> None:
        """A name and a destination stand in one row only."""
        for field, message in TWICE.items():
            seen: set[str] = set()
            for form in self._staying():
                value = getattr(form, "cleaned_data", {}).get(field, "").casefold()
                if value and value in seen:
                    form.add_error(field, message)
                seen.add(value)

    def _staying(self) -> list[Any]:
        return [form for form in self.forms if not form.is_blank and not form.cleaned_data.get("remove")]


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
            "days": list(target.days),
            "opens": target.opens,
            "closes": target.closes,
            "timezone": target.timezone,
            "hours": transfer_book.hours_of(target, tenant.timezone),
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
