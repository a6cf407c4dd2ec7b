"""A day and a time on the clocks of a zone, as a moment: some local times do not exist, and some exist twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from tenants import time_zones


class NoSuchTime(ValueError):
    """The clocks of the zone are put forward over this time; `earliest` is the first one after it."""

    def __init__(self, earliest: datetime) -> None:
        super().__init__(earliest)
        self.earliest = earliest


@dataclass(frozen=True)
class LocalMoment:
    """`at` is in UTC. `is_first_of_two`: the clocks show this time twice, since they are put back that day."""

    at: datetime
    is_first_of_two: bool = False


def moment(day: date, clock: time, zone: ZoneInfo) -> LocalMoment:
    """The first moment at which the clocks of the zone show this. Raises `NoSuchTime`."""
    typed = datetime.combine(day, clock.replace(tzinfo=None, fold=0))
    first, second = (typed.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    at = first.astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) != typed:
        raise NoSuchTime(_after_gap(second, zone))
    return LocalMoment(at, first.utcoffset() != second.utcoffset())


def on_clocks_of(here: ZoneInfo, at: datetime, zone: ZoneInfo) -> str:
    """The same moment on the clocks of `here`, where those show another time than in `zone`; else ""."""
    there, moment_here = at.astimezone(zone), at.astimezone(here)
    if there.utcoffset() == moment_here.utcoffset():
        return ""
    day = "" if there.date() == moment_here.date() else f"{moment_here.day} {moment_here:%b} "
    return day + words(at, here.key)


def _after_gap(second: datetime, zone: ZoneInfo) -> datetime:
    """The time that clocks show which were not put forward: as far beyond the gap as the typed one is inside of it."""
    return max(second.replace(fold=fold).astimezone(UTC).astimezone(zone) for fold in (0, 1))


def words(at: datetime, zone: str) -> str:
    """`14:30 (Amsterdam)`."""
    return f"{at.astimezone(time_zones.or_utc(zone)):%H:%M} ({time_zones.label(zone)})"


def day_words(at: datetime, zone: str) -> str:
    """`27 November 2026 14:30 (Amsterdam)`."""
    there = at.astimezone(time_zones.or_utc(zone))
    return f"{there.day} {there:%B %Y} {words(at, zone)}"
