"""How a campaign stands, by its status and its daily window."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from dashboard.campaigns import calling_days, windows
from dashboard.campaigns.models import Campaign

NOON = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)  # 13:00 in Amsterdam


def campaign(status="scheduled", starts=time(9), ends=time(17), zone="Europe/Amsterdam", total=10, done=0, failed=0):
    return Campaign(
        status=status,
        starts=starts,
        ends=ends,
        timezone=zone,
        total_leads=total,
        completed_leads=done,
        failed_leads=failed,
    )


@pytest.mark.parametrize(
    ("one", "words", "mark"),
    [
        (campaign(), "Calling", "live"),
        (campaign(starts=time(14)), "Waiting for its hours", "waiting"),
        (campaign(zone="Asia/Tokyo"), "Waiting for its hours", "waiting"),
        (campaign(done=7, failed=3), "Everybody called", "ended"),
        (campaign(starts=None), "Started", "live"),
        (campaign("draft"), "Not started", "ended"),
        (campaign("paused"), "Paused", "paused"),
        (campaign("completed"), "Completed", "ended"),
        (campaign("cancelled"), "Cancelled", "ended"),
        (campaign("throttled"), "throttled", ""),
    ],
)
def test_standing(one, words, mark):
    status = windows.status_of(one, NOON)
    assert (status.label, status.mark) == (words, mark)


def test_a_campaign_that_voicedock_has_is_called_no_draft():
    assert windows.status_of(campaign("draft"), NOON).detail == "Nobody is called until somebody starts it."


def test_a_window_over_midnight_is_open_on_both_sides():
    night = campaign(starts=time(22), ends=time(6), zone="UTC")
    at = {hour: windows.window_of(night).is_open(NOON.replace(hour=hour)) for hour in (5, 6, 12, 22, 23)}
    assert at == {5: True, 6: False, 12: False, 22: True, 23: True}


def test_the_end_is_not_inside():
    window = windows.window_of(campaign(zone="UTC"))
    assert window.is_open(NOON.replace(hour=9)) and not window.is_open(NOON.replace(hour=17))


def test_the_next_opening_is_reported_with_its_day():
    assert windows.status_of(campaign(starts=time(15)), NOON).detail == "Calls today from 15:00."
    late = campaign(starts=time(8), ends=time(10), done=1)
    assert windows.status_of(late, NOON).detail == "Calls again tomorrow from 08:00."


def test_the_window_in_words():
    assert windows.window_label(campaign(ends=time(17, 30))) == "Every day 9:00 to 17:30, Amsterdam"
    assert windows.window_label(campaign(starts=time(0), ends=time(23, 59, 59))) == "All day, Amsterdam"
    assert windows.window_label(campaign(starts=None)) == "Hours not known"


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ([0, 1, 2, 3, 4, 5], "Monday to Saturday"),
        ([4, 0, 1, 2, 3], "Monday to Friday"),
        ([0, 1, 2, 5, 6], "Monday to Wednesday, Saturday and Sunday"),
        ([0, 2, 4], "Monday, Wednesday and Friday"),
        ([*range(7)], "every day"),
        ([6], "Sunday"),
        ([], "—"),
    ],
)
def test_days_that_follow_each_other_are_one_span(days, words):
    assert calling_days.weekdays_in_words(days) == words
