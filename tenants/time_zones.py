"""The one reader of time zones: what people, settings and VoiceDock write, as a zone of the IANA database or none."""

from __future__ import annotations

from datetime import UTC, datetime, time
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from tzlocal.windows_tz import win_tz

OF_THE_MACHINE = {"localtime", "posixrules", "Factory"}  # files of the database that name no place
LONGEST = 64  # characters


def read(text: str | None) -> ZoneInfo | None:
    """The zone of that name; None for none, for an unknown name, and for a folder of zones such as `US`.

    Also read are the names that Windows gives, and other case, spaces and underscores where that is unambiguous.
    """
    found = _known().get(_plain(text or ""))
    return ZoneInfo(found) if found else None


def or_utc(text: str | None) -> ZoneInfo:
    """For showing times, where the page says which zone they are in. Never for deciding anything."""
    return read(text) or ZoneInfo("UTC")


def words(text: str | None) -> str:
    """`Europe/Amsterdam` → `Amsterdam`; an unknown name is quoted and said to be unknown."""
    zone = read(text)
    if zone is None:
        return f"time zone “{text}” is not known" if text else "time zone is not known"
    return zone.key.rsplit("/", 1)[-1].replace("_", " ")


def choices() -> list[str]:
    """What a form offers: places, and UTC."""
    areas = ("Etc/", "SystemV/", "US/")
    return sorted(
        name for name in available_timezones() if name == "UTC" or ("/" in name and not name.startswith(areas))
    )


def midnight(zone: ZoneInfo, now: datetime) -> datetime:
    """When the day of `now` began there."""
    return datetime.combine(now.astimezone(zone).date(), time.min, zone).astimezone(UTC)


def _plain(text: str) -> str:
    return "_".join(text.replace("_", " ").split()).casefold()


@cache
def _known() -> dict[str, str]:
    """Plain name → exact name. Names that only case tells apart would be left out; the database has none."""
    exact = available_timezones() - OF_THE_MACHINE
    windows = {_plain(name): zone for name, zone in win_tz.items() if zone in exact}
    plain: dict[str, set[str]] = {}
    for name in exact:
        plain.setdefault(_plain(name), set()).add(name)
    return windows | {short: names.pop() for short, names in plain.items() if len(names) == 1}
