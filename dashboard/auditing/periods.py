"""What an auditor asks about: one client, and whole days in that client's time zone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils import timezone

from dashboard.ui import times
from tenants import time_zones
from tenants.models import Tenant

PRESETS = (("Today", 1), ("Last 7 days", 7), ("Last 30 days", 30))


@dataclass(frozen=True)
class Preset:
    """A period that is chosen with one press."""

    label: str
    query: str
    is_chosen: bool


@dataclass(frozen=True)
class Period:
    """One client, from the beginning of the day `since` to the end of the day `until`, in the client's time zone."""

    client: Tenant
    since: date
    until: date
    asked_at: datetime = field(default_factory=timezone.now)  # one moment, so that all answers cover the same entries

    @property
    def zone(self) -> ZoneInfo:
        return self.client.zone

    @property
    def begins(self) -> datetime:
        return time_zones.start_of_day(self.since, self.zone)

    @property
    def ends(self) -> datetime:
        """When it was asked, if the last day was not over yet."""
        return min(time_zones.start_of_day(self.until + timedelta(days=1), self.zone), self.asked_at)

    @property
    def days_in_utc(self) -> tuple[date, date]:
        """The first and the last day as checkpoints are dated, which is in UTC."""
        return self.begins.astimezone(UTC).date(), self.ends.astimezone(UTC).date()

    @property
    def words(self) -> str:
        """`19 November 2026, until 14:07`, or `1 to 19 November 2026`."""
        last = f"{self.until.day} {self.until:%B %Y}"
        if self.since == self.until:
            days = f"{self.until:%A} {last}"
        elif (self.since.year, self.since.month) == (self.until.year, self.until.month):
            days = f"{self.since.day} to {last}"
        else:
            days = f"{self.since.day} {self.since:%B %Y} to {last}"
        now = self.asked_at.astimezone(self.zone)
        return f"{days}, until {now:%H:%M}" if self.until >= now.date() else days

    @property
    def zone_words(self) -> str:
        return times.zone_words(self.zone)

    @property
    def query(self) -> str:
        """For links to the other answers about the same."""
        return self._query(self.since, self.until)

    @property
    def presets(self) -> list[Preset]:
        """Days until today."""
        today = self.asked_at.astimezone(self.zone).date()
        offered = [(label, today - timedelta(days=days - 1)) for label, days in PRESETS]
        chosen = self.since if self.until == today else None
        return [Preset(label, self._query(since, today), since == chosen) for label, since in offered]

    def _query(self, since: date, until: date) -> str:
        query = QueryDict(mutable=True)
        query.update({"client": str(self.client.pk), "since": str(since), "until": str(until)})
        return query.urlencode()
