"""When a campaign ends: by the pace of its last hour inside its window, and nothing where there is no pace."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from dashboard.campaigns import counts, pace
from dashboard.campaigns.counts import Recent
from dashboard.campaigns.daily_window import DailyWindow
from dashboard.campaigns.models import Campaign, CampaignSchedule
from tests.fixtures.call_factories import make_campaign, make_lead

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOW = datetime(2026, 11, 25, 14, 0, tzinfo=AMSTERDAM)  # a Wednesday
OFFICE = DailyWindow(time(9), time(17), AMSTERDAM)


def ending(left, *, people=60, since=60, now=NOW, seen=0, schedule=None, **facts):
    """With `people` dealt with since `since` minutes ago, and `left` people left."""
    facts = {"status": "scheduled", "starts": time(9), "ends": time(17), "timezone": "Europe/Amsterdam"} | facts
    campaign = Campaign(total_leads=people + left, leads_seen_at=now - timedelta(seconds=seen), **facts)
    recent = Recent(people, now - timedelta(minutes=since)) if people else Recent()
    return pace.ending(campaign, counts.of(campaign, {"completed": people, "pending": left}, recent), now, schedule)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (90, "about 15:30 today"),  # one a minute
        (163, "about 16:50 today"),
        (180, "about 17:00 today"),
        (210, "about 09:30 tomorrow"),  # half an hour of tomorrow's window
        (180 + 480 + 60, "on Friday about 10:00"),
        (180 + 480 * 8, "about Thursday 3 December"),
    ],
)
def test_the_end_follows_from_the_pace_inside_the_window(left, words):
    assert ending(left) == words


FRIDAY = datetime(2026, 11, 27, 16, 0, tzinfo=AMSTERDAM)


@pytest.mark.parametrize(
    ("facts", "now", "words"),
    [
        ({}, FRIDAY, "about 13:00 tomorrow"),
        ({"weekdays": [0, 1, 2, 3, 4]}, FRIDAY, "on Monday about 13:00"),
        ({"weekdays": [0, 1, 2, 3, 4], "is_on": False}, FRIDAY, "about 13:00 tomorrow"),  # nobody pauses it
        ({"last_day": date(2026, 11, 27)}, FRIDAY, ""),  # not everybody is called before its last day
        ({"last_day": date(2026, 11, 28)}, FRIDAY, "about 13:00 tomorrow"),
        ({"skips_holidays": True, "holiday_country": "NL"}, FRIDAY.replace(month=12, day=24), "on Sunday about 13:00"),
    ],
)
def test_days_on_which_it_does_not_call_are_left_out_of_the_way_to_the_end(facts, now, words):
    schedule = CampaignSchedule(**{"weekdays": list(range(7)), "skips_holidays": False, "is_on": True} | facts)
    assert ending(300, now=now, schedule=schedule) == words


def test_a_pace_is_measured_only_while_the_window_was_open():
    """Half an hour after it opened, the hour before counts for nothing."""
    early = datetime(2026, 11, 25, 9, 30, tzinfo=AMSTERDAM)
    assert ending(30, people=30, since=60, now=early) == "about 10:00 today"


@pytest.mark.parametrize(
    "facts",
    [
        {"people": 0},
        {"people": 4},  # too few
        {"people": 9, "since": 5},  # too short
        {"seen": 600},  # the leads are old
        {"status": "paused"},
        {"status": "draft"},
        {"status": "completed"},
        {"timezone": "Mars/Olympus"},
        {"starts": None},
        {"starts": time(22), "ends": time(6)},  # how VoiceDock reads it is not documented
        {"now": datetime(2026, 11, 25, 20, 0, tzinfo=AMSTERDAM)},  # outside of its window
        {"pause_required_at": NOW},
    ],
)
def test_there_is_no_end_where_there_is_no_pace(facts):
    assert ending(100, **facts) == ""
    assert ending(0) == ""


def test_a_pace_may_be_so_slow_that_it_has_no_end():
    assert ending(10**6, people=5) == ""


@pytest.mark.parametrize(("pace_a_minute", "words"), [(2.6, "2.6 a minute"), (0.58, "35 an hour"), (0, "")])
def test_a_pace_in_words(pace_a_minute, words):
    assert pace.pace_in_words(pace_a_minute) == words


@given(
    st.datetimes(datetime(2026, 3, 20), datetime(2026, 11, 5), timezones=st.just(UTC)),
    st.integers(0, 5000),
    st.sampled_from(
        [OFFICE, DailyWindow(time(0), time(23, 59, 59), AMSTERDAM), DailyWindow(time(1), time(4), AMSTERDAM)]
    ),
)
def test_a_duration_of_open_time_is_found_again(moment, minutes, window):
    """Over changes of the clock too: what is open between two moments is what was asked for."""
    duration = timedelta(minutes=minutes)
    ends = window.after(moment, duration)
    assert ends is not None and ends >= moment
    assert window.open_between(moment, ends) == duration


def test_nobody_looks_further_ahead_than_a_year():
    minute = DailyWindow(time(9), time(9, 1), AMSTERDAM)
    far = minute.after(NOW, timedelta(minutes=300))
    assert far is not None and minute.open_between(NOW, far) == timedelta(minutes=300)
    assert minute.after(NOW, timedelta(minutes=400)) is None
    assert minute.after(NOW, timedelta(days=300)) is None  # one would walk through a thousand years


def test_only_the_last_hour_counts(manager, bloom):
    campaign = make_campaign(bloom, total_leads=26, leads_seen_at=timezone.now())
    now = timezone.now()
    for minutes in (*range(1, 41, 2), 90, 95):
        make_lead(campaign, "completed", last_attempt_at=now - timedelta(minutes=minutes))
    for _ in range(4):
        make_lead(campaign, "pending", last_attempt_at=now - timedelta(minutes=3))
    row = manager.get(f"/c/bloom-dental/campaigns/{campaign.pk}/").context["row"]
    assert row.counts.recent.people == 20
    assert row.counts.recent.since == now - timedelta(minutes=39)
    assert row.ending.startswith(("about ", "on "))
    page = " ".join(manager.get("/c/bloom-dental/campaigns/").content.decode().split())
    assert f"ends {row.ending} at this pace" in page
    for more in ("", "report/"):  # the limit of a day holds for single calls alone
        page = " ".join(manager.get(f"/c/bloom-dental/campaigns/{campaign.pk}/{more}").content.decode().split())
        assert (
            "The limit of calls a day is for calls that are placed here: VoiceDock places those of campaigns." in page
        )
