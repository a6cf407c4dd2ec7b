"""When a campaign will have called everybody, by the pace of its last hour inside its daily window."""

from __future__ import annotations

from datetime import datetime, timedelta

from dashboard.campaigns import windows
from dashboard.campaigns.counts import RECENT, Counts
from dashboard.campaigns.daily_window import LONGEST
from dashboard.campaigns.models import Campaign, CampaignSchedule
from dashboard.campaigns.schedules import Days

FEWEST_PEOPLE = 5  # fewer tell no pace
SHORTEST = timedelta(minutes=10)
OLDEST = timedelta(minutes=5)  # leads that were read longer ago tell the pace of another time
WEEK = 7  # days ahead that are named by their weekday


def ending(campaign: Campaign, known: Counts, now: datetime, schedule: CampaignSchedule | None = None) -> str:
    """`about 16:40 today`, `about 11:20 tomorrow`; "" while there is nothing to measure.

    Both the pace and the way to the end leave out the hours in which the window is shut, and the way to the end the
    days on which its `schedule` does not let it call. "" where its last day comes before that.
    """
    ends = ends_at(campaign, known, now, schedule)
    return in_words(ends, now)


def in_words(ends: datetime | None, now: datetime) -> str:
    return _words(ends, now.astimezone(ends.tzinfo)) if ends else ""


def ends_at(
    campaign: Campaign, known: Counts, now: datetime, schedule: CampaignSchedule | None = None
) -> datetime | None:
    """In the zone of the campaign; None while it is not calling, or there is no pace."""
    window, pace = windows.window_of(campaign), per_minute(campaign, known, now)
    if not pace or window is None or not known.left or not windows.status_of(campaign, now, known).is_calling:
        return None
    needed = timedelta(minutes=known.left / pace)
    if needed >= LONGEST:
        return None
    if schedule is not None and schedule.is_on:
        ends = window.after(now, needed, Days.of(schedule, window).includes, schedule.last_day)
    else:
        ends = window.after(now, needed)
    return ends.astimezone(window.zone) if ends else None


def per_minute(campaign: Campaign, known: Counts, now: datetime) -> float:
    """People dealt with in a minute, over the last hour of its window; 0 for too few, or when the leads are old."""
    window, until = windows.window_of(campaign), campaign.leads_seen_at
    if window is None or not window.is_documented or until is None or now - until > OLDEST:
        return 0.0
    people, since = known.recent
    if since is None or people < FEWEST_PEOPLE:
        return 0.0
    span = window.open_between(max(since, now - RECENT), min(now, until))
    return people / (span.total_seconds() / 60) if span >= SHORTEST else 0.0


def pace_in_words(pace: float) -> str:
    """`2.6 a minute`, `35 an hour`; "" for none."""
    if not pace:
        return ""
    return f"{pace:.1f} a minute" if pace >= 1 else f"{max(1, round(pace * 60))} an hour"


def _words(ends: datetime, now: datetime) -> str:
    """To ten minutes today and tomorrow, to the hour within a week, then to the day: it is an estimate."""
    days = (ends.date() - now.date()).days
    ends = _rounded(ends, 10 if days <= 1 else 60)
    days = (ends.date() - now.date()).days
    if days <= 1:
        return f"about {ends:%H:%M} {'tomorrow' if days else 'today'}"
    if days < WEEK:
        return f"on {ends:%A} about {ends:%-H:%M}"
    return f"about {ends:%A %-d %B}"


def _rounded(moment: datetime, minutes: int) -> datetime:
    over = timedelta(minutes=moment.minute % minutes, seconds=moment.second, microseconds=moment.microsecond)
    return moment - over + (timedelta(minutes=minutes) if over else timedelta())
