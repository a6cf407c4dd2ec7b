"""One reader of time zones: exact names, the names of Windows, and everything else unknown."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tzlocal.windows_tz import win_tz

from tenants import time_zones

STRANGE = [
    "US", "Europe", "America/Argentina", "Etc", "posix", "right", "localtime", "posixrules", "Factory", "zone.tab",
    "tzdata.zi", "Mars/Olympus", "../UTC", "/etc/passwd", "Europe/Amsterdam/", "Europe//Amsterdam", ".", "..", "CEST",
    "UTC+2", "+02:00", "W. Europe", "Europe/Amsterdam\x00", "\ud800", "a" * 5000, "🕰", "   ", "<b>US</b>",
]  # fmt: skip


@pytest.mark.parametrize("text", STRANGE)
def test_what_names_no_zone_is_unknown(text):
    assert time_zones.read(text) is None and time_zones.or_utc(text) == ZoneInfo("UTC")
    assert "not known" in time_zones.label(text)


@given(st.text(max_size=80))
def test_whatever_is_written_is_read_or_unknown(text):
    zone = time_zones.read(text)
    assert zone is None or zone.key in available_timezones()
    assert time_zones.label(text) and time_zones.midnight(time_zones.or_utc(text), datetime(2026, 11, 19, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Europe/Amsterdam", "Europe/Amsterdam"),
        (" europe/amsterdam ", "Europe/Amsterdam"),
        ("America/New York", "America/New_York"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("US/Pacific", "US/Pacific"),
        ("Asia/Calcutta", "Asia/Calcutta"),
        ("utc", "UTC"),
    ],
)
def test_exact_old_and_windows_names_are_resolved(text, key):
    assert time_zones.read(text) == ZoneInfo(key)


def test_every_exact_and_every_windows_name_is_read():
    known = available_timezones() - time_zones.NOT_PLACES
    assert {name for name in known if time_zones.read(name) != ZoneInfo(name)} == set()
    assert {name for name in win_tz if time_zones.read(name) is None} == set()
    assert {name for name in time_zones.choices() if time_zones.read(name) is None} == set()
