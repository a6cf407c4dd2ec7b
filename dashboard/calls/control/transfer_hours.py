"""When a transfer target takes calls: days of the week and a span of the day, in a zone of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from dashboard.ui import times
from tenants import time_zones

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EVERY_DAY = "0123456"
SETS = {"01234": "weekdays", "56": "weekends", EVERY_DAY: "every day"}


@dataclass(frozen=True)
class Hours:
    """`days` are digits from Monday 0; empty for every day. Without times a day is whole; one that closes before it
    opens goes on after midnight. Times are of the clock in `zone`."""

    days: str = ""
    opens: time | None = None
    closes: time | None = None
    zone: str = "UTC"

    @property
    def are_always(self) -> bool:
        return self.opens is None and self.days in ("", EVERY_DAY)

    def are_open(self, now: datetime) -> bool:
        there = now.astimezone(times.zone(self.zone))
        today, before = there.weekday(), (there.weekday() - 1) % 7
        if self.opens is None or self.closes is None:
            return self._has(today)
        at = there.time()
        if self.opens < self.closes:
            return self._has(today) and self.opens <= at < self.closes
        return (self._has(today) and at >= self.opens) or (self._has(before) and at < self.closes)

    def words(self) -> str:
        """`weekdays 8:30 to 17:30`, `always`."""
        if self.are_always:
            return "always"
        days = self.days or EVERY_DAY
        named = SETS.get(days) or ", ".join(DAYS[int(day)][:3] for day in days)
        if self.opens is None or self.closes is None:
            return named
        return f"{named} {_clock(self.opens)} to {_clock(self.closes)}"

    def state(self, now: datetime) -> str:
        """`open until 17:30`, `always open`, `closed, from Monday 9:00 Amsterdam time`."""
        if self.are_always:
            return "always open"
        if self.are_open(now):
            return f"open until {_clock(self.closes)}" if self.closes else "open today"
        return f"closed, {self.from_when(now)}"

    def from_when(self, now: datetime) -> str:
        """`from 9:00 Amsterdam time`: the next opening, with its day where that is not today."""
        zone = times.zone(self.zone)
        there, opens = now.astimezone(zone), self.opens or time.min
        for ahead in range(8):
            day = there.date() + timedelta(days=ahead)
            begins = datetime.combine(day, opens, zone)
            if self._has(day.weekday()) and begins > now:
                named = ("", "tomorrow ")[ahead] if ahead < 2 else f"{DAYS[day.weekday()]} "
                return f"from {named}{_clock(opens)} {times.zone_words(zone)}"
        return f"from {_clock(opens)} {times.zone_words(zone)}"

    def _has(self, day: int) -> bool:
        return not self.days or str(day) in self.days


ALWAYS = Hours()


def read(texts: Sequence[str], default_zone: str) -> Hours:
    """From days, opens, closes and zone as the database has them as texts; an unknown zone is the client's."""
    days, opens, closes, zone = texts
    if not days and not opens:
        return ALWAYS
    known = time_zones.read(zone)
    return Hours(days, _time(opens), _time(closes), known.key if known else default_zone)


def _time(text: str) -> time | None:
    return time.fromisoformat(text) if text else None


def _clock(at: time) -> str:
    return f"{at.hour}:{at.minute:02}"
