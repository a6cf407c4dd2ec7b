"""This week against the week before up to the same moment, counted by the client's own days in one query."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dashboard.calls.models import Call
from dashboard.overview import client_page, figures
from tenants.isolation import scope
from tests.fixtures.call_factories import captured_selects, make_call

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
THURSDAY = datetime(2026, 11, 19, 14, 7, tzinfo=AMSTERDAM)


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=AMSTERDAM)


def call_at(setup, moment, **more):
    values = {"state": "ended", "created_at": moment, "started_at": moment, "duration_seconds": 60} | more
    return make_call(setup, **values)


def weeks_of(setup, now=THURSDAY, zone=AMSTERDAM):
    with scope.for_tenant(setup.tenant):
        return figures.weeks(Call.objects.filter(tenant=setup.tenant), zone, now)


@pytest.fixture
def two_weeks(bloom):
    """Three calls this week, and four of the week before, one of them after the same moment."""
    call_at(bloom, at(2026, 11, 16, 0, 0), analysis_outcome="booked")
    call_at(bloom, at(2026, 11, 19, 14, 6), analysis_outcome="booked", duration_seconds=120)
    call_at(bloom, at(2026, 11, 19, 9, 0), machine_source="summary")
    call_at(bloom, at(2026, 11, 9, 0, 0), analysis_outcome="call_back")
    call_at(bloom, at(2026, 11, 12, 14, 6), analysis_outcome="booked")
    call_at(bloom, at(2026, 11, 12, 14, 8), analysis_outcome="declined")
    call_at(bloom, at(2026, 11, 15, 23, 59), analysis_outcome="declined")
    call_at(bloom, at(2026, 11, 8, 23, 59))
    return bloom


def test_the_week_before_ends_at_the_same_moment(two_weeks):
    weeks = weeks_of(two_weeks)
    assert (weeks.this.calls, weeks.this.reached, weeks.this.missed, weeks.this.seconds) == (3, 2, 1, 180)
    assert (weeks.before.calls, weeks.before.reached) == (2, 2)
    assert (weeks.today.this.calls, weeks.today.before.calls) == (2, 1)
    assert [(day.this.calls, day.before.calls) for day in weeks.days] == [(1, 1), (0, 0), (0, 0), (2, 1)] + [(0, 0)] * 3


def test_minutes_are_those_talked_with_people(bloom):
    """The average would not be one of talks if the minutes of voicemail counted."""
    call_at(bloom, THURSDAY - timedelta(minutes=9), duration_seconds=100)
    call_at(bloom, THURSDAY - timedelta(minutes=8), duration_seconds=50, machine_source="summary")
    call_at(bloom, THURSDAY - timedelta(minutes=7), duration_seconds=30, state="in-progress")
    weeks = weeks_of(bloom)
    assert (weeks.this.reached, weeks.this.seconds, weeks.this.seconds_each) == (1, 100, 100)


def test_voicemail_is_not_reached(two_weeks):
    weeks = weeks_of(two_weeks)
    assert (weeks.this.share, weeks.before.share) == (67, 100)


def test_outcomes_are_ranked_with_their_change(two_weeks):
    weeks = weeks_of(two_weeks)
    ranks = [(rank.outcome.slug, rank.count, rank.change_figure) for rank in weeks.ranks()]
    assert ranks == [("booked", 2, "+1"), ("voicemail", 1, "+1"), ("call_back", 0, "−1")]
    assert weeks.best().outcome.slug == "booked" and weeks.ranks()[0].width == "100.00%"


def test_a_live_call_has_no_outcome_and_is_not_reached_yet(bloom):
    call_at(bloom, THURSDAY - timedelta(minutes=1), state="in-progress", duration_seconds=None)
    weeks = weeks_of(bloom)
    assert (weeks.this.calls, weeks.this.reached, weeks.this.share, weeks.ranks()) == (1, 0, None, [])


def test_days_are_those_of_the_client_also_when_its_clocks_change(bloom):
    """In the week after the clocks went back the same moment of last week is an hour further away."""
    now = at(2026, 10, 26, 12, 0)
    call_at(bloom, at(2026, 10, 19, 11, 59))
    call_at(bloom, at(2026, 10, 19, 12, 1))
    call_at(bloom, at(2026, 10, 26, 0, 0))
    weeks = weeks_of(bloom, now)
    assert (weeks.today.this.calls, weeks.today.before.calls) == (1, 1)


def test_it_is_one_query_that_reads_two_weeks_alone(two_weeks):
    with scope.for_tenant(two_weeks.tenant), captured_selects() as found:
        figures.weeks(Call.objects.filter(tenant=two_weeks.tenant), AMSTERDAM, THURSDAY)
    assert len(found) == 1 and found[0].count('"calls_call"."created_at" >=') >= 1


def test_figures_say_how_they_changed_and_lead_to_their_rows(two_weeks):
    found = {one.label: one for one in client_page.week_figures(weeks_of(two_weeks), "/calls/")}
    assert list(found) == ["Booked", "Calls", "Reached a person", "Minutes talked"]
    booked, reached = found["Booked"], found["Reached a person"]
    assert (booked.value, booked.change, booked.is_better) == ("2", "1 more than last week", True)
    assert booked.url == "/calls/?since=2026-11-16&outcome=booked"
    assert (reached.value, reached.change, reached.is_better) == ("67%", "33 points down", False)
    assert found["Calls"].change == "1 more than last week" and found["Minutes talked"].value == "3"
    today = {one.label: one for one in client_page.today_figures(weeks_of(two_weeks), "/calls/")}
    assert today["Calls"].url == "/calls/?since=2026-11-19" and today["Calls"].change == "1 more than last Thursday"


@pytest.mark.parametrize(
    ("difference", "words"),
    [(21, "21 more than last week"), (-4, "4 fewer than last week"), (0, "as many as last week")],
)
def test_a_change_in_words(difference, words):
    assert client_page.change(difference, "last week") == words


@pytest.mark.parametrize(("points", "words"), [(3, "3 points up"), (-1, "1 point down"), (0, "unchanged"), (None, "")])
def test_points_in_words(points, words):
    assert client_page.points_words(points) == words
