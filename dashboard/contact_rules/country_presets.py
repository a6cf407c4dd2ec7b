"""The calling hours and attempts of countries: ours, and those that staff have put in their place for all clients."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from typing import Any

from django.db.models.functions import Now

from dashboard.contact_rules.country_hours import COUNTRY_HOURS, CountryHours
from dashboard.contact_rules.hours import Hours, Spans
from dashboard.contact_rules.models import CountryPreset
from dashboard.ui import phone_numbers
from tenants import audit
from tenants.isolation import scope
from tenants.models import User

SUBJECT = "country-rules"


@scope.requires_scope
def known() -> dict[str, CountryHours]:
    """By ISO code: those of staff, else ours."""
    return COUNTRY_HOURS | {row.country: of_row(row) for row in CountryPreset.objects.all()}


def from_json(stored: str) -> CountryHours:
    """Of a row as PostgreSQL writes it as JSON."""
    values = json.loads(stored)
    names = ("country", "days", "holidays", "most_attempts", "attempt_days", "source")
    times = {
        "read_on": date.fromisoformat(values["read_on"]),
        "changed_at": datetime.fromisoformat(values["changed_at"]),
    }
    return of_row(CountryPreset(**times, **{name: values[name] for name in names}))


@scope.requires_scope
def change(country: str, preset: CountryHours, *, by: User) -> None:
    """For all clients that use the hours of countries. Last in its transaction."""
    CountryPreset.objects.update_or_create(
        country=country,
        defaults={
            "days": [to_json(spans) for spans in preset.hours.days],
            "holidays": None if preset.hours.holidays is None else to_json(preset.hours.holidays),
            "most_attempts": preset.most_attempts,
            "attempt_days": preset.attempt_days,
            "source": preset.source,
            "read_on": preset.read_on,
            "changed_by": by,
            "changed_at": Now(),
        },
    )
    facts = {"source": preset.source, "read_on": day_words(preset.read_on)}
    _record(by, "country-changed", country, what=words(preset), **facts)


@scope.requires_scope
def reset(country: str, *, by: User) -> bool:
    """Ours again, or none where there are none of ours; False where nothing was changed. Last in its transaction."""
    if not CountryPreset.objects.filter(country=country).delete()[0]:
        return False
    ours = COUNTRY_HOURS.get(country)
    _record(by, "country-reset", country, what=words(ours) if ours else "none, so those of each client count")
    return True


def words(preset: CountryHours) -> str:
    """`every day 8:00 to 21:00; at most 4 calls to one person in 30 days`."""
    attempts = attempts_words(preset)
    return f"{preset.hours.words()}; at most {attempts}" if attempts else preset.hours.words()


def attempts_words(preset: CountryHours) -> str:
    """`4 calls to one person in 30 days`; "" where the country has no such rule."""
    if not preset.most_attempts or not preset.attempt_days:
        return ""
    calls = "call" if preset.most_attempts == 1 else "calls"
    days = "a day" if preset.attempt_days == 1 else f"{preset.attempt_days:,} days"
    return f"{preset.most_attempts:,} {calls} to one person in {days}"


def day_words(day: date) -> str:
    return f"{day:%-d %B %Y}"


def to_json(spans: Spans) -> list[list[str]]:
    return [[f"{start:%H:%M}", f"{end:%H:%M}"] for start, end in spans]


def of_row(row: CountryPreset) -> CountryHours:
    days = tuple(_spans(spans) for spans in row.days)
    return CountryHours(
        Hours(days, holidays=None if row.holidays is None else _spans(row.holidays)),
        row.source,
        row.read_on,
        row.most_attempts,
        row.attempt_days,
        changed_at=row.changed_at,
    )


def _spans(stored: list[list[str]]) -> Spans:
    return tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in stored)


def _record(by: User, action: str, country: str, **more: Any) -> None:
    audit.record(
        by, None, f"contact-rules.{action}", f"{SUBJECT}:{country}", country=phone_numbers.country(country), **more
    )
