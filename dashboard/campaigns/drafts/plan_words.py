"""When a draft would call, in one sentence."""

from __future__ import annotations

from dashboard.campaigns import calling_days
from dashboard.campaigns.models import CampaignDraft
from dashboard.ui import phone_numbers
from tenants import time_zones


def when(draft: CampaignDraft) -> str:
    """`Monday to Friday from 9:30 to 17:00 by the clock of Amsterdam, from Monday 24 November 2031`."""
    days = calling_days.weekdays_in_words(draft.weekdays)
    hours = f" from {draft.starts:%-H:%M} to {draft.ends:%-H:%M}" if draft.starts and draft.ends else ""
    zone = f" by the clock of {time_zones.label(draft.timezone)}" if hours else ""
    return ", ".join([f"{days}{hours}{zone}", *_limits(draft)])


def _limits(draft: CampaignDraft) -> list[str]:
    country = phone_numbers.country(draft.holiday_country, article=True) if draft.skips_holidays else ""
    return [
        *([f"from {draft.first_day:%A %-d %B %Y}"] if draft.first_day else []),
        *([f"until {draft.last_day:%A %-d %B %Y} at the latest"] if draft.last_day else []),
        *([f"not on public holidays of {country}"] if country else []),
    ]
