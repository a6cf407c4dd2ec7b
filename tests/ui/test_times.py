"""Relative within the hour, else the local clock; the zone on hover."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.template import Context, Template

from dashboard.ui import times

NOW = datetime(2026, 11, 19, 13, 7, tzinfo=UTC)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, "—"), (0, "00:00"), (257, "04:17"), (3600, "1:00:00"), (-3, "00:00")]
)
def test_talked(seconds, words):
    assert times.talked(seconds) == words


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(seconds=4), "4 s ago"),
        (timedelta(minutes=12), "12 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=1), "13:07"),
        (timedelta(days=1), "18 Nov 14:07"),
        (timedelta(days=365), "19 Nov 2025 14:07"),
        (timedelta(seconds=-2), "0 s ago"),  # two clocks are never quite the same
        (timedelta(minutes=-53), "15:00"),
    ],
)
def test_ago(before, words):
    assert times.ago(NOW - before, AMSTERDAM, NOW) == words


def test_midnight_is_that_of_the_zone():
    just_past = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
    assert times.local(just_past, AMSTERDAM, NOW) == "00:30"
    assert times.local(just_past, ZoneInfo("Europe/London"), NOW) == "18 Nov 23:30"


@time_machine.travel(NOW, tick=False)
def test_times_speak_of_the_client_shown():
    request = SimpleNamespace(tenant=SimpleNamespace(timezone="Europe/Amsterdam"))
    assert Template("{% data_from t %}").render(Context({"t": None})) == "no data yet"
    html = Template("{% local_time t %}|{% local_time t 'UTC' %}|{% ago t %}|{% since t %}").render(
        Context({"t": NOW - timedelta(seconds=65), "request": request})
    )
    here, utc, ago, since = html.split("|")
    assert ">14:05<" in here and "14:05:55 CET (Europe/Amsterdam)" in here
    assert ">13:05<" in utc
    assert "data-age" in ago and ">1 min ago<" in ago
    assert 'data-since="2026-11-19T13:05:55+00:00">01:05<' in since


def test_a_zone_that_does_not_exist_is_utc():
    assert times.zone("Mars/Olympus").key == times.zone(None).key == "UTC"
