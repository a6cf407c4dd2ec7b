"""Times in words: relative within the hour, else the local clock, with date and zone on hover."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from tenants import time_zones

HOUR = timedelta(hours=1)


def zone(name: str | None) -> ZoneInfo:
    """For showing times: the zone of that name, UTC for none or an unknown one. The hover names the zone used."""
    return time_zones.or_utc(name)


def here() -> ZoneInfo:
    """The zone of the page: the client's, or on the staff's pages the reseller's."""
    return zone(timezone.get_current_timezone_name())


def zone_words(where: ZoneInfo) -> str:
    """`Europe/Amsterdam` → `Amsterdam time`."""
    return "UTC" if where.key == "UTC" else f"{where.key.rsplit('/', 1)[-1].replace('_', ' ')} time"


def talked(seconds: float | None) -> str:
    """Seconds as `04:17`, or `1:04:17` from an hour on; a dash for none."""
    if seconds is None:
        return "—"
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def ago(moment: datetime, where: ZoneInfo, now: datetime | None = None) -> str:
    """`4 s ago`, `12 min ago`; beyond the hour, and in the future, the local clock. clock.js says it the same way."""
    past = (now or timezone.now()) - moment
    if timedelta(seconds=-5) < past < HOUR:
        seconds = max(0, int(past.total_seconds()))
        return f"{seconds} s ago" if seconds < 60 else f"{seconds // 60} min ago"
    return local(moment, where, now)


def local(moment: datetime, where: ZoneInfo, now: datetime | None = None) -> str:
    """`14:03` today, `19 Nov 14:03` this year, `19 Nov 2025 14:03` before."""
    there, today = moment.astimezone(where), (now or timezone.now()).astimezone(where)
    if there.date() == today.date():
        return f"{there:%H:%M}"
    year = "" if there.year == today.year else f" {there.year}"
    return f"{there.day} {there:%b}{year} {there:%H:%M}"


def day(date: date, today: date) -> str:
    """`Today, Thursday 19 November`; `Monday 16 November`; `Monday 16 November 2025` of another year."""
    name = {today: "Today, ", today - timedelta(days=1): "Yesterday, "}.get(date, "")
    year = "" if date.year == today.year else f" {date.year}"
    return f"{name}{date:%A} {date.day} {date:%B}{year}"


def whole(moment: datetime, where: ZoneInfo) -> str:
    """`19 November 2026, 14:03:11 CET (Europe/Amsterdam)`, for the hover and for exports."""
    there = moment.astimezone(where)
    return f"{there.day} {there:%B %Y, %H:%M:%S %Z} ({where.key})"
