"""On which days a campaign calls, as pure functions of its days, its hours and the moment (no database access).

VoiceDock knows a daily window alone. On other days the campaign is paused there: from the end of the window of the last
day before them until the beginning of the next day on which it calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from dashboard.campaigns.daily_window import LAST_SECOND, DailyWindow, clock_changes
from dashboard.campaigns.models.schedule import CallingDays

LONGEST = timedelta(days=400)  # looked ahead for a day on which it calls
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Days:
    """The days of one campaign. `holiday_country` is "" where it calls on public holidays too."""

    weekdays: frozenset[int]
    holiday_country: str
    first: date | None
    last: date | None
    ends: time
    zone: ZoneInfo

    @classmethod
    def of(cls, days: CallingDays, window: DailyWindow) -> Days:
        country = days.holiday_country if days.skips_holidays else ""
        return cls(frozenset(days.weekdays), country, days.first_day, days.last_day, window.ends, window.zone)

    def includes(self, day: date) -> bool:
        if (self.first and day < self.first) or (self.last and day > self.last) or day.weekday() not in self.weekdays:
            return False
        return not self.holiday_country or day not in public_holidays(self.holiday_country, day.year)

    def is_over(self, moment: datetime) -> bool:
        """Whether the last day has passed, or its hours have."""
        if self.last is None:
            return False
        local = moment.astimezone(self.zone)
        return local.date() > self.last or (local.date() == self.last and self._is_late(local))

    def are_running(self, moment: datetime) -> bool:
        """Whether VoiceDock should have it started. Between two days on which it calls it stays so over night."""
        local = moment.astimezone(self.zone)
        if not self.includes(local.date()):
            return False
        return not self._is_late(local) or self.includes(local.date() + DAY)

    def next_change(self, moment: datetime) -> datetime | None:
        """When `are_running` is different for the first time after this moment; None for never."""
        now = self.are_running(moment)
        return next((at for at in self._moments(moment) if at > moment and self.are_running(at) != now), None)

    def next_day(self, moment: datetime) -> date | None:
        """The next day on which it calls: today, while its hours are not over."""
        local = moment.astimezone(self.zone)
        day = local.date() + (DAY if self._is_late(local) else timedelta(0))
        day = max(day, self.first) if self.first else day
        return next((day + n * DAY for n in range(LONGEST.days) if self.includes(day + n * DAY)), None)

    def _is_late(self, local: datetime) -> bool:
        return self.ends < LAST_SECOND and local.time() >= self.ends

    def _moments(self, moment: datetime) -> Iterator[datetime]:
        """Each beginning of a day and end of its hours, in order, and each change of the clock."""
        day = moment.astimezone(self.zone).date()
        if self.first and self.first > day and not self.are_running(moment):
            day = self.first - DAY
        for _ in range(LONGEST.days):
            begins = datetime.combine(day, time.min, self.zone).astimezone(UTC)
            ends = [datetime.combine(day, self.ends, self.zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
            yield from sorted({begins, *ends, *clock_changes(self.zone, begins, begins + DAY)})
            day += DAY


@cache
def public_holidays(country: str, year: int) -> frozenset[date]:
    """Those of the whole country; none for a country that is not known."""
    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        return frozenset()
