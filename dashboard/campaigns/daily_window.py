"""The daily window of a campaign: a start and an end by the local time of its zone (`docs/voicedock-api.md §6.5`).

The sandbox has the same definition and may not import this one; `tests/campaigns/test_daily_window.py` checks that
both are equal. VoiceDock does not say what happens where the end is not after the start: such a window is not
*documented*, and `is_open` takes it to span midnight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LAST_SECOND = time(23, 59, 59)  # an end from here on is the end of the day: there is no 24:00
LONGEST = timedelta(days=365)  # looked ahead: a campaign that takes longer has no end to speak of
AHEAD = 3  # days searched for the next opening: a window may be skipped on the day the clock goes forward


@dataclass(frozen=True)
class DailyWindow:
    """`starts` is inside, `ends` is not."""

    starts: time
    ends: time
    zone: ZoneInfo

    @property
    def is_documented(self) -> bool:
        return self.starts < self.ends

    def is_open(self, moment: datetime) -> bool:
        """By local time: what is skipped in spring is never open, what is repeated in autumn is open twice."""
        local = moment.astimezone(self.zone).time()
        before_end = self.ends >= LAST_SECOND or local < self.ends
        if self.is_documented:
            return self.starts <= local and before_end
        return self.starts <= local or before_end

    def next_opening(self, moment: datetime) -> datetime | None:
        """The first moment after this one at which a closed window is open."""
        found = (at for at in sorted(self._candidates(moment)) if at > moment and self.is_open(at))
        return next(found, None)

    def closing(self, moment: datetime) -> datetime:
        """When it shuts, seen from a moment at which it is open. For a window that is documented."""
        local = moment.astimezone(self.zone)
        if self.ends >= LAST_SECOND:
            shut = datetime.combine(local.date() + timedelta(days=1), time.min, self.zone)
        else:
            shut = datetime.combine(local.date(), self.ends, self.zone)
        shut = shut.astimezone(UTC)
        return shut if shut > moment else shut + timedelta(hours=1)  # the hour that the clock repeats in autumn

    def after(
        self,
        moment: datetime,
        duration: timedelta,
        includes: Callable[[date], bool] = lambda day: True,
        last: date | None = None,
    ) -> datetime | None:
        """The moment by which it has been open for so long since `moment`; None for none within `LONGEST`.

        Days that `includes` leaves out do not count, and none behind `last`.
        """
        at: datetime | None = moment
        while at is not None and at - moment <= LONGEST:
            if self.is_open(at):
                shut, day = self.closing(at), at.astimezone(self.zone).date()
                if last is not None and day > last:
                    return None
                if not includes(day):
                    at = shut
                    continue
                if at + duration <= shut:
                    return at + duration
                duration -= shut - at
                at = shut
            if not self.is_open(at):
                at = self.next_opening(at)
        return None

    def open_between(self, since: datetime, until: datetime) -> timedelta:
        """How long it was open between the two."""
        total, at = timedelta(), since
        while at < until:
            if self.is_open(at):
                shut = min(self.closing(at), until)
                total, at = total + (shut - at), shut
            elif (opens := self.next_opening(at)) is not None:
                at = opens
            else:
                break
        return total

    def _candidates(self, moment: datetime) -> Iterator[datetime]:
        """Each start, twice where the clock repeats it, and each change of the clock."""
        today = moment.astimezone(self.zone).date()
        for days in range(AHEAD):
            start = datetime.combine(today + timedelta(days=days), self.starts, self.zone)
            yield start.astimezone(UTC)
            yield start.replace(fold=1).astimezone(UTC)
        yield from clock_changes(self.zone, moment, moment + timedelta(days=AHEAD))


def clock_changes(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[datetime]:
    """The moments at which the offset of the zone changes, to the second; two within one day are found as one."""
    step = since.astimezone(UTC).replace(microsecond=0)
    while step < until:
        following = step + timedelta(days=1)
        if _offset(zone, step) != _offset(zone, following):
            yield _first_after(zone, step, following)
        step = following


def _first_after(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second with the offset that holds at `after`."""
    offset = _offset(zone, after)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        before, after = (before, middle) if _offset(zone, middle) == offset else (middle, after)
    return after


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()
