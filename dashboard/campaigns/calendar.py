"""The week of all campaigns: which of them calls on which day, at which hours, and for how many people that is.

A day is one of the campaign's own time zone. Days that are over hold nothing: which campaign was to call on them is not
kept, and its page tells whom it called.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from dashboard.campaigns import counts, pace, windows
from dashboard.campaigns.counts import Counts
from dashboard.campaigns.models import Campaign, CampaignSchedule
from dashboard.campaigns.schedules import Days
from dashboard.campaigns.windows import CampaignStatus
from tenants.isolation import scope

MOST = 200  # campaigns of a week
WEEKS_AHEAD = 52
DAYS = 7
Status = Campaign.Status


@dataclass(frozen=True)
class Entry:
    """A campaign in the calendar; `known` are its counts, `ends` is when it has called everybody at its pace, `ending`
    the same in words; None and "" where that is not known."""

    campaign: Campaign
    status: CampaignStatus
    window: str
    known: Counts
    ending: str
    ends: datetime | None


@dataclass(frozen=True)
class Day:
    date: date
    is_today: bool
    is_over: bool
    entries: list[Entry] = field(default_factory=list)

    @property
    def left(self) -> int:
        return sum(entry.known.left for entry in self.entries)


@dataclass(frozen=True)
class Week:
    """`idle` have people left and call on no day; `has_more`: only the first `most` campaigns are shown."""

    days: list[Day]
    idle: list[Entry]
    before: str
    following: str
    has_more: bool
    most: int

    @property
    def first(self) -> date:
        return self.days[0].date

    @property
    def last(self) -> date:
        return self.days[-1].date


def monday_of(text: str, today: date) -> date:
    """Of the week of a day such as `2026-11-26`; of this week for anything else, a week that is over or far ahead."""
    this = today - timedelta(days=today.weekday())
    try:
        asked = date.fromisoformat(text)
    except ValueError:
        return this
    asked -= timedelta(days=asked.weekday())
    return asked if this <= asked <= this + timedelta(weeks=WEEKS_AHEAD) else this


@scope.requires_scope
def week(campaigns: QuerySet[Campaign], monday: date, now: datetime, today: date) -> Week:
    """Two queries, whatever the number of campaigns and people. `campaigns` as of `queries.listed`."""
    waiting = Q(status__in=[Status.DRAFT, Status.PAUSED], schedule__is_on=True) | Q(status=Status.PAUSED)
    found = campaigns.filter(Q(status=Status.SCHEDULED) | waiting, vanished_at=None)
    rows = list(found.order_by("tenant__name", "name", "pk")[: MOST + 1])
    shown = rows[:MOST]
    known = counts.of_all(shown)
    entries = [_entry(campaign, known[campaign.pk], now) for campaign in shown if known[campaign.pk].left]
    dates = [monday + timedelta(days=at) for at in range(DAYS)]
    days = [
        Day(day, day == today, day < today, [entry for entry in entries if day >= today and _calls_on(entry, day)])
        for day in dates
    ]
    idle = [entry for entry in entries if not _is_running(entry.campaign)]
    this = today - timedelta(days=today.weekday())
    return Week(
        days,
        idle,
        before=(monday - timedelta(weeks=1)).isoformat() if monday > this else "",
        following=(monday + timedelta(weeks=1)).isoformat() if monday < this + timedelta(weeks=WEEKS_AHEAD) else "",
        has_more=len(rows) > MOST,
        most=MOST,
    )


def _entry(campaign: Campaign, known: Counts, now: datetime) -> Entry:
    schedule = _schedule(campaign)
    ends = pace.ends_at(campaign, known, now, schedule)
    return Entry(
        campaign,
        windows.status_of(campaign, now, known, schedule),
        windows.hours_label(campaign),
        known,
        pace.in_words(ends, now),
        ends,
    )


def _calls_on(entry: Entry, day: date) -> bool:
    """By its days and hours; not behind the day on which it has called everybody, where that is known."""
    campaign = entry.campaign
    if not _is_running(campaign):
        return False
    if entry.ends is not None and day > entry.ends.date():
        return False
    schedule, window = _schedule(campaign), windows.window_of(campaign)
    if schedule is None or window is None:
        return True
    return Days.of(schedule, window).includes(day)


def _is_running(campaign: Campaign) -> bool:
    """Whether it calls without anybody starting it."""
    schedule = _schedule(campaign)
    return campaign.status == Status.SCHEDULED or (schedule is not None and schedule.is_on)


def _schedule(campaign: Campaign) -> CampaignSchedule | None:
    return getattr(campaign, "schedule", None)
