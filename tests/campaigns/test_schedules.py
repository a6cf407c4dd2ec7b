"""The days of a campaign, as pure functions: over a whole year, in zones that change their clocks at other hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.campaigns.schedules import Days, public_holidays

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ZONES = [
    "Europe/Amsterdam",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Asia/Tokyo",
    "America/Santiago",
]
WORKDAYS = frozenset(range(5))


def days(zone="Europe/Amsterdam", weekdays=WORKDAYS, country="", first=None, last=None, ends=time(17)):
    return Days(frozenset(weekdays), country, first, last, ends, ZoneInfo(zone))


def at(text, zone=AMSTERDAM):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("moment", "running"),
    [
        ("2026-11-23 08:00", True),  # a Monday, before its hours: VoiceDock's window keeps it waiting
        ("2026-11-23 18:00", True),  # over night it stays started
        ("2026-11-27 16:59", True),
        ("2026-11-27 17:00", False),  # Friday, after its hours
        ("2026-11-28 12:00", False),
        ("2026-11-29 23:59", False),
        ("2026-11-30 00:00", True),
    ],
)
def test_it_is_started_from_the_first_midnight_to_the_last_closing(moment, running):
    assert days().are_running(at(moment)) is running


def test_public_holidays_are_left_out_where_it_says_so():
    assert date(2026, 12, 25) in public_holidays("NL", 2026) and public_holidays("ZZ", 2026) == frozenset()
    assert days(country="NL").are_running(at("2026-12-25 12:00")) is False
    assert days().are_running(at("2026-12-25 12:00")) is True
    assert days(country="NL").next_day(at("2026-12-24 18:00")) == date(2026, 12, 28)


def test_the_first_and_the_last_day_bound_it():
    limited = days(first=date(2026, 12, 1), last=date(2026, 12, 2))
    assert limited.next_change(at("2026-11-02 12:00")) == at("2026-12-01 00:00")
    assert limited.next_change(at("2026-12-01 12:00")) == at("2026-12-02 17:00")
    assert limited.next_change(at("2026-12-02 17:00")) is None and limited.next_day(at("2026-12-02 17:00")) is None
    assert [limited.is_over(at(f"2026-12-02 {hour}")) for hour in ("16:59", "17:00")] == [False, True]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("ends", [time(17), time(23, 59, 59), time(2, 30)])
def test_a_year_of_changes_is_that_of_every_quarter_of_an_hour(zone, ends):
    """Nothing is missed or invented: from one change to the next it stays as it was, over both changes of the clock."""
    calls = days(zone, weekdays={0, 1, 3, 6}, country="US", first=date(2026, 2, 1), last=date(2026, 12, 10), ends=ends)
    moment, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    expected, state = [], calls.are_running(moment)
    for step in range(int((until - moment) / timedelta(minutes=15))):
        look = moment + timedelta(minutes=15 * (step + 1))
        if calls.are_running(look) != state:
            state = not state
            expected.append((look, state))
    found, change = [], calls.next_change(moment)
    while change is not None and change < until:
        found.append((change, calls.are_running(change)))
        change = calls.next_change(change)
    assert len(found) == len(expected) > 50
    for (exact, after), (seen, also_after) in zip(found, expected, strict=True):
        assert after == also_after and timedelta(0) <= seen - exact < timedelta(minutes=15)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),
    st.sets(st.integers(0, 6), min_size=1),
    st.times(time(1), time(23, 59, 59)),
)
def test_it_never_runs_within_the_hours_of_a_day_that_is_not_one_of_its_days(zone, moment, weekdays, ends):
    calls = days(zone, weekdays=weekdays, country="NL", ends=ends)
    local = moment.astimezone(calls.zone)
    if not calls.includes(local.date()):
        assert not calls.are_running(moment)
    elif local.time() < ends:
        assert calls.are_running(moment)


def test_days_without_a_weekday_never_come():
    never = days(weekdays=())
    assert never.next_change(at("2026-11-23 12:00")) is None and never.next_day(at("2026-11-23 12:00")) is None
