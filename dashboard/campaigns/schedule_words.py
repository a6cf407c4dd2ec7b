"""The days of a campaign in words, and how it stands on a day on which it does not call."""

from __future__ import annotations

from datetime import datetime, time

from dashboard.campaigns.models import CampaignSchedule
from dashboard.campaigns.models.schedule import CallingDays
from dashboard.campaigns.schedules import Days
from dashboard.ui import phone_numbers


def limits(days: CallingDays) -> list[str]:
    """What else bounds its days, each for a line of its own."""
    country = phone_numbers.country(days.holiday_country, article=True) if days.skips_holidays else ""
    return [
        *([f"From {days.first_day:%A %-d %B %Y}"] if days.first_day else []),
        *([f"Until {days.last_day:%A %-d %B %Y}"] if days.last_day else []),
        *([f"Not on public holidays of {country}"] if country else []),
    ]


def next_calls(schedule: CampaignSchedule, days: Days, starts: time, now: datetime) -> str:
    """`Monday 23 November from 9:00`, when its days start it next; "" for no such day."""
    day = days.next_day(now)
    return f"{day:%A %-d %B} from {starts:%-H:%M}" if day and schedule.is_on else ""
