"""When a campaign that is being made will call: samples of all its calling times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dashboard.campaigns.models import CampaignDraft
from dashboard.contact_rules import public_holidays
from tenants import time_zones

AHEAD = 28  # days that are looked at, from its first one: each weekday, and the holidays of four weeks
STEP = timedelta(minutes=30)  # no hours of any country are interrupted for less
LAST_MINUTE = timedelta(minutes=1)


def of(draft: CampaignDraft, now: datetime) -> list[datetime]:
    """In order and in UTC; none as long as its hours, its zone or its days are not complete."""
    zone = time_zones.read(draft.timezone)
    if zone is None or draft.starts is None or draft.ends is None or draft.starts >= draft.ends:
        return []
    return [moment for day in _days(draft, now.astimezone(zone).date()) for moment in _of_day(draft, day, zone)]


def _days(draft: CampaignDraft, today: date) -> Iterator[date]:
    first = max(draft.first_day or today, today)
    last = first + timedelta(days=AHEAD - 1)
    last = min(draft.last_day, last) if draft.last_day else last
    for day in (first + timedelta(days=days) for days in range((last - first).days + 1)):
        is_off = draft.skips_holidays and public_holidays.is_holiday(draft.holiday_country, day)
        if day.weekday() in draft.weekdays and not is_off:
            yield day


def _of_day(draft: CampaignDraft, day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """From the start on, and the last minute before the end."""
    assert draft.starts and draft.ends
    moment = datetime.combine(day, draft.starts, zone).astimezone(UTC)
    last = datetime.combine(day, draft.ends, zone).astimezone(UTC) - LAST_MINUTE
    while moment < last:
        yield moment
        moment += STEP
    yield last
