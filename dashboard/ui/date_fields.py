"""Days and moments that people and addresses may name: where computing with them cannot leave the calendar."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms

REVERSED = "The first day is after the last."
FIRST, LAST = date(2000, 1, 1), date(2100, 12, 31)


class DayField(forms.DateField):
    """A day from 2000 to 2100."""

    default_error_messages = {"out_of_range": f"Choose a day from {FIRST.year} to {LAST.year}."}

    def validate(self, value: date | None) -> None:
        super().validate(value)
        if value and not FIRST <= value <= LAST:
            raise forms.ValidationError(self.error_messages["out_of_range"], code="out_of_range")


def day_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class PeriodForm(forms.Form):
    """Two days, `since` and `until`, both included; either may be left out. Both are kept as typed beside an error."""

    since = DayField(required=False, label="From", widget=day_input())
    until = DayField(required=False, label="Until", widget=day_input())

    def clean(self) -> dict[str, Any]:
        chosen = super().clean() or {}
        since, until = chosen.get("since"), chosen.get("until")
        if since and until and since > until:
            self.add_error("since", REVERSED)
        return self.cleaned_data


def moment_of(text: str) -> datetime | None:
    """An ISO 8601 time with its zone, from 2000 to 2100; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo and FIRST.year <= found.year <= LAST.year else None
