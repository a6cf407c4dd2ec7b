"""Which contact rules a verdict was given by: those of the code, and what staff have put in their place since.

`2026-11-26+NL@2026-11-27T09:12:33Z+client@2026-11-28T10:00:00Z`: the rules of a day, the preset of the person's country
and the settings of the client, each as changed at a moment. Without a part, it is as Patchbay has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo

from dashboard.contact_rules.country_hours import CountryHours
from dashboard.contact_rules.models import ContactSettings
from dashboard.contact_rules.verdict import VERSION
from dashboard.ui import phone_numbers

CLIENT = "client"
PART = re.compile(r"([A-Z]{2}|client)@(\S+)")


class RulesVersion:
    """Of one client at one moment; `of` a person by the country of the number."""

    def __init__(self, settings: ContactSettings, presets: Mapping[str, CountryHours]) -> None:
        changed = settings.changed_at
        self.client = f"+{CLIENT}@{_stamp(changed)}" if changed else ""
        self.countries = {
            country: f"+{country}@{_stamp(preset.changed_at)}"
            for country, preset in presets.items()
            if preset.changed_at and settings.uses_country_hours
        }

    def of(self, country: str) -> str:
        """`country` is an ISO code, or ""."""
        return f"{VERSION}{self.countries.get(country, '')}{self.client}"

    @property
    def all(self) -> set[str]:
        """That of every country."""
        return {self.of(country) for country in ("", *self.countries)}


def words(stored: str, zone: tzinfo = UTC) -> str:
    """`26 November 2026; Netherlands as changed on 27 November 2026 at 10:12`; as it is where it is none of ours."""
    day, *parts = stored.split("+")
    found = [PART.fullmatch(part) for part in parts]
    try:
        changes = [f"{_name(part[1])} as changed on {_moment(part[2], zone)}" for part in found if part]
        return "; ".join([_day(date.fromisoformat(day)), *changes]) if all(found) else stored
    except ValueError:
        return stored


def _name(part: str) -> str:
    return "the client’s own rules" if part == CLIENT else phone_numbers.country(part)


def _day(day: date) -> str:
    return f"{day:%-d %B %Y}"


def _moment(stamp: str, zone: tzinfo) -> str:
    there = datetime.fromisoformat(stamp).astimezone(zone)
    return f"{_day(there.date())} at {there:%H:%M}" + (" UTC" if zone is UTC else "")


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
