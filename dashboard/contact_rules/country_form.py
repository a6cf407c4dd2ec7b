"""The calling hours and attempts of one country, as staff write them."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from dashboard.contact_rules.country_hours import CountryHours
from dashboard.contact_rules.hours import DAYS, Hours, Spans
from dashboard.contact_rules.models import LONGEST_PERIOD, MOST_ATTEMPTS
from dashboard.ui import date_fields
from tenants.shown_values import ShownValues

MOST_SPANS = 4  # of a day
CLOCK = r"(\d{1,2})(?:[:.](\d\d))?"
SPAN = re.compile(rf"{CLOCK}\s*(?:-|–|to)\s*{CLOCK}")
BETWEEN = re.compile(r"(?:[\s,;]|\band\b)*")
NOT_READ = "Write hours like 9:00-13:00, 14:00-20:00, or leave it empty for none."
NO_SUCH_TIME = "There is no {clock}. A day goes from 0:00 to 23:59."
REVERSED = "{span} ends before it begins."
OVERLAPPING = "These hours overlap: {span} begins before the hours before it end."
TOO_MANY = f"At most {MOST_SPANS} spans a day."
NO_DAY = "Give at least one day hours. Whoever may not be called at all in a country is a matter of allowed countries."
BOTH = "Fill in both, how many calls and in how many days, or none."
IN_FUTURE = "This day is still to come."
USUAL, NOBODY, OWN = "usual", "nobody", "own"


class SpansField(forms.CharField):
    """`9:00-13:00, 14:00-20:00` as spans; empty for none."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput({"autocomplete": "off", "placeholder": "none"})
        super().__init__(required=False, widget=widget, **kwargs)

    def clean(self, value: Any) -> Any:
        return read_spans(super().clean(value))


def read_spans(text: str) -> Spans:
    """Raises `forms.ValidationError` in words."""
    found = [(_clock(*match.group(1, 2)), _clock(*match.group(3, 4)), match[0]) for match in SPAN.finditer(text)]
    if not BETWEEN.fullmatch(SPAN.sub(" ", text)) or bool(text.strip()) != bool(found):
        raise forms.ValidationError(NOT_READ)
    if len(found) > MOST_SPANS:
        raise forms.ValidationError(TOO_MANY)
    before = time.min
    for start, end, span in found:
        if start >= end:
            raise forms.ValidationError(REVERSED.format(span=span))
        if start < before:
            raise forms.ValidationError(OVERLAPPING.format(span=span))
        before = end
    return tuple((start, end) for start, end, _ in found)


def spans_text(spans: Spans) -> str:
    """As it is read back."""
    return ", ".join(f"{start:%-H:%M}-{end:%-H:%M}" for start, end in spans)


class CountryForm(ShownValues, forms.Form):
    """Hours of each day, of public holidays, and attempts; with where these are written."""

    monday, tuesday, wednesday, thursday, friday, saturday, sunday = (SpansField(label=day) for day in DAYS)
    on_holidays = forms.ChoiceField(
        label="On public holidays",
        choices=[(NOBODY, "Nobody is called"), (USUAL, "As on other days"), (OWN, "At these hours")],
        widget=forms.RadioSelect,
    )
    holidays = SpansField(label="Hours on public holidays", help_text="Where they have hours of their own.")
    most_attempts = forms.IntegerField(
        required=False, min_value=1, max_value=MOST_ATTEMPTS, label="Calls to one person, at most"
    )
    attempt_days = forms.IntegerField(required=False, min_value=1, max_value=LONGEST_PERIOD, label="In how many days")
    source = forms.CharField(
        max_length=200,
        label="Written in",
        help_text="The law or rule that says so; clients see it.",
        error_messages={"required": "Name where this is written."},
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    read_on = date_fields.DayField(
        label="Read on", widget=date_fields.day_input(), error_messages={"required": "Say when you read it there."}
    )

    def __init__(self, data: QueryDict | None, *, preset: CountryHours | None) -> None:
        super().__init__(data, initial=_initial(preset) if preset else {"on_holidays": NOBODY})

    def clean_read_on(self) -> date:
        day: date = self.cleaned_data["read_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(IN_FUTURE)
        return day

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        names = [day.lower() for day in DAYS]
        if not any(facts.get(name) for name in names) and not any(name in self.errors for name in names):
            self.add_error("monday", NO_DAY)
        if facts.get("on_holidays") == OWN and not facts.get("holidays") and "holidays" not in self.errors:
            self.add_error("holidays", NOT_READ.removesuffix(", or leave it empty for none.") + ".")
        attempts = {"most_attempts", "attempt_days"}
        empty = [name for name in attempts if facts.get(name) is None and name not in self.errors]
        if len(empty) == 1 and not attempts & set(self.errors):
            self.add_error(empty[0], BOTH)
        return facts

    def preset(self) -> CountryHours:
        """Of a valid form."""
        facts = self.cleaned_data
        of_holidays: dict[str, Spans | None] = {NOBODY: (), USUAL: None, OWN: facts["holidays"]}
        return CountryHours(
            Hours(tuple(facts[day.lower()] for day in DAYS), of_holidays[facts["on_holidays"]]),
            facts["source"],
            facts["read_on"],
            facts["most_attempts"],
            facts["attempt_days"],
        )


def _clock(hour: str, minute: str | None) -> time:
    try:
        return time(int(hour), int(minute or 0))
    except ValueError:
        clock = f"{hour}:{minute}" if minute else hour
        raise forms.ValidationError(NO_SUCH_TIME.format(clock=clock)) from None


def _initial(preset: CountryHours) -> dict[str, Any]:
    on_holidays = preset.hours.holidays
    return {
        **{day.lower(): spans_text(spans) for day, spans in zip(DAYS, preset.hours.days, strict=True)},
        "on_holidays": USUAL if on_holidays is None else OWN if on_holidays else NOBODY,
        "holidays": spans_text(on_holidays or ()),
        "most_attempts": preset.most_attempts,
        "attempt_days": preset.attempt_days,
        "source": preset.source,
        "read_on": preset.read_on,
    }
