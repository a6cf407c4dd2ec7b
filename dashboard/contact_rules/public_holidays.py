"""The public holidays of a country, of all its regions. For a country without a calendar none is known."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import holidays


def is_holiday(country: str, day: date) -> bool:
    return day in of_year(country, day.year)


def has_calendar(country: str) -> bool:
    return country in holidays.list_supported_countries()


@lru_cache(maxsize=1024)
def of_year(country: str, year: int) -> frozenset[date]:
    """Days off in the whole country, those that are observed instead of a weekend among them."""
    if not has_calendar(country):
        return frozenset()
    return frozenset(holidays.country_holidays(country, years=year))
