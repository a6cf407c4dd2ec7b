"""Calling hours: spans of the clock for each day of the week, in the time zones of the person who is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dashboard.contact_rules import public_holidays

Span = tuple[time, time]  # from, and until, which is not in it
Spans = tuple[Span, ...]
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LOOKED_AHEAD = 30  # days in which the next opening is searched


@dataclass(frozen=True)
class Hours:
    """`days` are the spans of Monday to Sunday; `holidays` those of a public holiday, None for as on other days."""

    days: tuple[Spans, ...]
    holidays: Spans | None = ()

    def on(self, day: date, country: str) -> Spans:
        if self.holidays is not None and public_holidays.is_holiday(country, day):
            return self.holidays
        return self.days[day.weekday()]

    def words(self) -> str:
        """`Monday to Friday 9:00 to 20:00, Saturday 9:00 to 17:00, not on public holidays`."""
        parts = [f"{_days_words(first, last)} {spans_words(spans)}" for first, last, spans in self._runs() if spans]
        if self.holidays is not None:
            parts.append(f"on public holidays {spans_words(self.holidays)}" if self.holidays else NOT_ON_HOLIDAYS)
        return ", ".join(parts)

    def _runs(self) -> Iterator[tuple[int, int, Spans]]:
        """Days that follow each other and have the same spans: first, last, spans."""
        first = 0
        for at in range(1, len(DAYS) + 1):
            if at == len(DAYS) or self.days[at] != self.days[first]:
                yield first, at - 1, self.days[first]
                first = at


NOT_ON_HOLIDAYS = "not on public holidays"


def is_open(hours: Hours, at: datetime, zones: Iterable[ZoneInfo], country: str) -> bool:
    """Whether the clock is inside of these hours in each of these zones, of which there is at least one."""
    return all(_is_open_in(hours, at.astimezone(zone), country) for zone in zones)


def next_opening(hours: Hours, at: datetime, zones: Sequence[ZoneInfo], country: str) -> datetime | None:
    """The first moment after `at` that is inside of the hours in each zone; None where there is none for long.

    All zones are inside from a moment on only if that is the beginning of a span in one of them.
    """
    starts = sorted({start for zone in zones for start in _starts(hours, at, zone, country) if start > at})
    return next((start for start in starts if is_open(hours, start, zones, country)), None)


def spans_words(spans: Spans) -> str:
    return " and ".join(f"{clock_words(start)} to {clock_words(end)}" for start, end in spans)


def clock_words(clock: time) -> str:
    """`9:30`."""
    return f"{clock.hour}:{clock:%M}"


def _is_open_in(hours: Hours, there: datetime, country: str) -> bool:
    clock = there.time()
    return any(start <= clock < end for start, end in hours.on(there.date(), country))


def _starts(hours: Hours, at: datetime, zone: ZoneInfo, country: str) -> Iterator[datetime]:
    """When the spans of the next days begin, and on days whose clocks are put forward when those are put forward."""
    today = at.astimezone(zone).date()
    for day in (today + timedelta(days=days) for days in range(LOOKED_AHEAD)):
        for start, _ in hours.on(day, country):
            yield from (datetime.combine(day, start.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1))
        yield from _clock_changes(day, zone)


def _clock_changes(day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """The moment at which the clocks of the zone are changed on this day, to the minute."""
    first = datetime.combine(day, time.min, zone).astimezone(UTC)
    last = datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)
    offset = first.astimezone(zone).utcoffset()
    if offset == last.astimezone(zone).utcoffset():
        return
    while last - first > timedelta(minutes=1):
        middle = first + (last - first) / 2
        first, last = (middle, last) if middle.astimezone(zone).utcoffset() == offset else (first, middle)
    yield last.replace(second=0, microsecond=0)


def _days_words(first: int, last: int) -> str:
    if (first, last) == (0, 6):
        return "every day"
    return DAYS[first] if first == last else f"{DAYS[first]} to {DAYS[last]}"
