"""One definition of a daily window, here and in the sandbox, over the days on which the clock is changed too."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dashboard.campaigns import counts, windows
from dashboard.campaigns.daily_window import DailyWindow
from dashboard.campaigns.models import Campaign
from dashboard.sandbox import calling_window as sandbox

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SPRING, AUTUMN = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)  # changed at 01:00 UTC
ZONES = ["Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu", "UTC"]
CHANGES = [SPRING, AUTUMN, *(datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 8), (11, 1), (4, 4)))]

wall_times = st.builds(
    time, st.integers(0, 23), st.sampled_from([0, 1, 15, 29, 30, 31, 59]), st.sampled_from([0, 0, 0, 59])
)
moments = st.builds(
    lambda day, seconds: day + timedelta(seconds=seconds), st.sampled_from(CHANGES), st.integers(-90_000, 180_000)
)
windows_of_a_day = st.builds(DailyWindow, wall_times, wall_times, st.sampled_from(ZONES).map(ZoneInfo))


def in_sandbox(window: DailyWindow) -> SimpleNamespace:
    return SimpleNamespace(
        schedule_start_time=f"{window.starts:%H:%M:%S}",
        schedule_end_time=f"{window.ends:%H:%M:%S}",
        timezone=window.zone.key,
    )


@given(windows_of_a_day, moments)
def test_the_sandbox_opens_and_closes_by_the_same_definition(window, moment):
    in_vendor, at = in_sandbox(window), moment.timestamp()
    assert sandbox.is_open(in_vendor, at) == window.is_open(moment)
    assert sandbox.is_open(in_vendor, at, overnight=False) == (window.is_documented and window.is_open(moment))
    opens = window.next_opening(moment)
    assert sandbox.opens_at(in_vendor, at) == (opens.timestamp() if opens else at + 86_400)


@given(windows_of_a_day, moments)
def test_the_next_opening_is_the_first_open_moment(window, moment):
    assume(not window.is_open(moment))
    opens = window.next_opening(moment)
    until = opens or moment + timedelta(days=2)
    assert opens is None or window.is_open(opens)
    steps = int((until - moment).total_seconds() // 60)
    assert not any(window.is_open(moment + timedelta(minutes=n)) for n in range(steps))
    assert not window.is_open(until - timedelta(seconds=1))


@given(wall_times, moments)
def test_equal_ends_are_read_as_a_whole_day_and_shown_as_undocumented(at, moment):
    window = DailyWindow(at, at, AMSTERDAM)
    assert window.is_open(moment) and not window.is_documented
    campaign = Campaign(status="scheduled", starts=at, ends=at, timezone="Europe/Amsterdam", total_leads=3)
    status = windows.status_of(campaign, moment)
    assert (status.label, status.detail, status.is_calling) == ("Started", windows.NOT_DOCUMENTED, False)
    being_called = counts.of(campaign, {"calling": 1})
    assert windows.status_of(campaign, moment, being_called).label == "Calling", "somebody is being called now"


@pytest.mark.parametrize(
    ("starts", "ends", "day", "opened"),
    [
        (time(2, 30), time(5), SPRING, [(1, 3)]),  # the clock jumps over the start, to 03:00
        (time(2), time(3), SPRING, []),  # and over the whole window
        (time(2, 15), time(2, 45), AUTUMN, [(0.25, 0.75), (1.25, 1.75)]),  # twice
        (time(1), time(2, 30), AUTUMN, [(-1, 0.5), (1, 1.5)]),  # repeated in part
    ],
)
def test_on_days_the_clock_is_changed_the_wall_clock_decides(starts, ends, day, opened):
    """`opened` in hours of UTC."""
    window = DailyWindow(starts, ends, AMSTERDAM)
    moments = [day + timedelta(minutes=n) for n in range(-180, 360)]
    within = [any(day + timedelta(hours=a) <= one < day + timedelta(hours=b) for a, b in opened) for one in moments]
    assert [window.is_open(one) for one in moments] == within


def test_the_last_minute_of_a_day_is_shown_as_it_is():
    last = datetime(2026, 11, 19, 22, 59, 59, 500_000, tzinfo=UTC)  # 23:59:59.5 in Amsterdam

    def campaign(ends):
        return Campaign(starts=time(0), ends=ends, timezone="Europe/Amsterdam")

    whole, short = campaign(time(23, 59, 59)), campaign(time(23, 59))
    assert windows.window_of(whole).is_open(last) and windows.window_label(whole) == "All day, Amsterdam"
    assert (
        not windows.window_of(short).is_open(last)
        and windows.window_label(short) == "Every day 0:00 to 23:59, Amsterdam"
    )
    assert windows.window_label(campaign(time(12, 0, 30))) == "Every day 0:00 to 12:00:30, Amsterdam"


def test_a_window_over_midnight_is_shown_with_its_day_and_names_keep_their_capitals():
    night = Campaign(starts=time(22), ends=time(6), timezone="America/New_York", status="scheduled", total_leads=3)
    assert windows.window_label(night) == "Every day 22:00 to 6:00 the next day, New York"
    assert windows.window_in_sentence(night) == "every day 22:00 to 6:00 the next day, New York"
    assert windows.status_of(night, AUTUMN).detail == windows.NOT_DOCUMENTED
