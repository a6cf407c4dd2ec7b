"""Days and moments that people and addresses may name: where computing with them cannot leave the calendar."""

from __future__ import annotations

from datetime import date, datetime

from django import forms

FIRST, LAST = date(2000, 1, 1), date(2100, 12, 31)


class DayField(forms.DateField):
    """A day from 2000 to 2100."""

    default_error_messages = {"out_of_range": f"Choose a day from {FIRST.year} to {LAST.year}."}

    def validate(self, value: date | None) -> None:
        super().validate(value)
        if value and not FIRST <= value <= LAST:
            raise forms.ValidationError(self.error_messages["out_of_range"], code="out_of_range")


def moment_of(text: str) -> datetime | None:
    """An ISO 8601 time with its zone, from 2000 to 2100; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo and FIRST.year <= found.year <= LAST.year else None
