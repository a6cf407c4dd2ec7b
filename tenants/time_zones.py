"""Reads names of time zones, as people, settings and VoiceDock write them, as zones of the IANA database."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone
from tzlocal.windows_tz import win_tz

NOT_PLACES = {"localtime", "posixrules", "Factory"}  # names in the database that are no zones of their own
LONGEST = 64  # characters


def read(text: str | None) -> ZoneInfo | None:
    """The zone of that name; None for none, for an unknown name, and for a folder of zones such as `US`.

    Also read are the names that Windows gives, and other case, spaces and underscores where that is unambiguous.
    """
    found = _known().get(_normalize(text or ""))
    return ZoneInfo(found) if found else None


def or_utc(text: str | None) -> ZoneInfo:
    """For showing times, where the page says which zone they are in. Never for deciding anything."""
    return read(text) or ZoneInfo("UTC")


def label(text: str | None) -> str:
    """`Europe/Amsterdam` → `Amsterdam`; for an unknown name, a phrase that says so."""
    zone = read(text)
    if zone is None:
        return f"time zone “{text}” is not known" if text else "time zone is not known"
    return zone.key.rsplit("/", 1)[-1].replace("_", " ")


@cache
def choices() -> tuple[str, ...]:
    """The names that a form offers: places, and UTC. Kept: looking takes 20 ms, a walk through the folder of zones."""
    areas = ("Etc/", "SystemV/", "US/")
    found = available_timezones()
    return tuple(sorted(name for name in found if name == "UTC" or ("/" in name and not name.startswith(areas))))


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """00:00 of that day in the zone."""
    return datetime.combine(day, time.min, zone)


def midnight(zone: ZoneInfo, now: datetime | None = None) -> datetime:
    """When the day of `now` (the present when left out) began in that zone."""
    return start_of_day((now or timezone.now()).astimezone(zone).date(), zone).astimezone(UTC)


def _normalize(text: str) -> str:
    return "_".join(text.replace("_", " ").split()).casefold()


@cache
def _known() -> dict[str, str]:
    """Normalized name → exact name. Ambiguous names are left out; the database has none."""
    exact = available_timezones() - NOT_PLACES
    windows = {_normalize(name): zone for name, zone in win_tz.items() if zone in exact}
    plain: dict[str, set[str]] = {}
    for name in exact:
        plain.setdefault(_normalize(name), set()).add(name)
    return windows | {short: names.pop() for short, names in plain.items() if len(names) == 1}
