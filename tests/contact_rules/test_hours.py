"""Calling hours are those of the clock in each zone in which a number may ring, also when clocks are changed."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from phonenumbers.tzdata import TIMEZONE_DATA

from dashboard.contact_rules import country_hours, hours, public_holidays, recipients
from dashboard.contact_rules.call_hours import CallHours
from dashboard.contact_rules.contact_settings import hours_of
from dashboard.contact_rules.country_hours import COUNTRY_HOURS
from dashboard.contact_rules.hours import Hours
from dashboard.contact_rules.models import ContactSettings
from tenants import time_zones

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SETS_OF_ZONES = sorted(set(TIMEZONE_DATA.values()))
OWN = Hours(tuple(((time(8), time(20)),) if day < 6 else () for day in range(7)), holidays=None)
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
TENANT = SimpleNamespace(zone=AMSTERDAM)


def changes_of(zone: ZoneInfo) -> list[datetime]:
    """The moments of the year, to the hour, around which the clocks of the zone are changed."""
    moments = [YEAR + timedelta(hours=step) for step in range(0, 366 * 24, 6)]
    return [
        later
        for earlier, later in pairwise(moments)
        if earlier.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset()
    ]


def local_time_is_inside(at: datetime, zone: ZoneInfo) -> bool:
    there = at.astimezone(zone)
    return there.weekday() < 6 and 8 * 60 <= there.hour * 60 + there.minute < 20 * 60


def test_each_zone_of_a_number_is_known_here():
    names = {name for zones in SETS_OF_ZONES for name in zones}
    assert [name for name in sorted(names) if time_zones.read(name) is None] == []


def test_a_moment_is_inside_where_the_local_time_of_each_possible_zone_is():
    chance = random.Random(14)
    all_zones = {name for zones in SETS_OF_ZONES for name in zones}
    changes = {name: changes_of(ZoneInfo(name)) for name in sorted(all_zones)}
    compared = 0
    for names in SETS_OF_ZONES:
        zones = recipients.clocks(names)
        moments = [YEAR + timedelta(minutes=chance.randrange(365 * 24 * 60)) for _ in range(24)]
        for change in {moment for name in names[:4] for moment in changes[name]}:
            moments += [change + timedelta(minutes=minutes) for minutes in range(-24 * 60, 24 * 60, 59)]
        for at in moments:
            assert hours.is_open(OWN, at, zones, "") == all(local_time_is_inside(at, zone) for zone in zones), (
                names,
                at,
            )
            compared += 1
    assert compared > 10_000


def test_the_next_opening_is_the_first_minute_that_is_inside():
    chance = random.Random(15)
    for names in chance.sample(SETS_OF_ZONES, 60):
        zones = recipients.clocks(names)
        at = YEAR + timedelta(minutes=chance.randrange(365 * 24 * 60))
        if hours.is_open(OWN, at, zones, ""):
            continue
        found = hours.next_opening(OWN, at, zones, "")
        if found is None:
            assert not any(
                hours.is_open(OWN, at + timedelta(minutes=step), zones, "") for step in range(0, 8 * 24 * 60, 10)
            ), names
            continue
        assert hours.is_open(OWN, found, zones, "")
        steps = range(int((found - at).total_seconds() // 60))
        assert not any(hours.is_open(OWN, at + timedelta(minutes=step), zones, "") for step in steps), (names, at)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_hours_across_a_change_of_the_clocks(day):
    night = Hours(((((time(2, 15), time(3, 15))),),) * 7, holidays=None)
    first = datetime.combine(day, time(0), AMSTERDAM).astimezone(UTC)
    moments = [first + timedelta(minutes=step) for step in range(6 * 60)]
    inside = [at for at in moments if hours.is_open(night, at, [AMSTERDAM], "NL")]
    assert inside == [at for at in moments if "02:15" <= f"{at.astimezone(AMSTERDAM):%H:%M}" < "03:15"]
    assert hours.next_opening(night, first, [AMSTERDAM], "NL") == inside[0]


def test_hours_that_are_never_open_in_all_zones_have_no_opening():
    zones = [ZoneInfo("Pacific/Honolulu"), ZoneInfo("Asia/Tokyo")]
    short = Hours((((time(9), time(12)),),) * 7)
    assert hours.next_opening(short, YEAR, zones, "") is None


def test_public_holidays_are_those_of_the_country_of_the_number():
    kings_day = datetime(2026, 4, 27, 9, tzinfo=UTC)
    closed = Hours(OWN.days)
    assert not hours.is_open(closed, kings_day, [AMSTERDAM], "NL")
    assert hours.is_open(closed, kings_day, [ZoneInfo("Europe/Berlin")], "DE")
    assert public_holidays.of_year("", 2026) == public_holidays.of_year("ZZ", 2026) == frozenset()


def test_each_country_with_hours_names_where_they_are_written():
    for code, prescribed in COUNTRY_HOURS.items():
        assert code in phonenumbers.SUPPORTED_REGIONS and public_holidays.has_calendar(code)
        assert prescribed.source and prescribed.read_on >= country_hours.READ_ON
        assert len(prescribed.hours.days) == 7 and prescribed.hours.words()


def test_hours_in_words():
    assert hours_of(ContactSettings(), "NL").words() == "Monday to Saturday 8:00 to 20:00, not on public holidays"
    assert COUNTRY_HOURS["FR"].hours.words() == (
        "Monday to Friday 10:00 to 13:00 and 14:00 to 20:00, not on public holidays"
    )
    assert COUNTRY_HOURS["US"].hours.words() == "every day 8:00 to 21:00"
    assert COUNTRY_HOURS["CA"].hours.words() == (
        "Monday to Friday 9:00 to 21:30, Saturday to Sunday 10:00 to 18:00, on public holidays 10:00 to 18:00"
    )


def test_a_refusal_says_the_clock_there_and_when_it_may_be():
    saturday = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
    verdict = CallHours(TENANT, ContactSettings(), saturday)("+33612345678")
    assert verdict.rule == "hours" and verdict.until == datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert verdict.refusal == (
        "It is Saturday 10:30 where this number rings. Calling hours there: Monday to Friday 10:00 to 13:00 and 14:00 "
        "to 20:00, not on public holidays. From Monday 30 November 10:00 (Amsterdam) it may be called."
    )


def test_several_zones_are_all_asked_and_one_without_any_has_the_clients():
    toll_free = "+18002345678"
    zones = recipients.clocks(recipients.of(toll_free).zones)
    assert len(zones) > 5
    settings = ContactSettings(uses_country_hours=False, skips_holidays=False)
    for hour in range(24):
        at = datetime(2026, 11, 25, hour, tzinfo=UTC)
        is_allowed = CallHours(TENANT, settings, at)(toll_free).refusal == ""
        assert is_allowed == all(8 <= at.astimezone(zone).hour < 20 for zone in zones), hour
    early = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
    assert "Wednesday 7:30" in CallHours(TENANT, ContactSettings(), early)("+999").refusal


def test_a_campaign_is_held_to_all_its_moments():
    moments = [datetime(2026, 11, 27, hour, tzinfo=UTC) for hour in (9, 12, 16)]
    inside = CallHours(TENANT, ContactSettings(), moments[0], moments)
    assert inside("+31612345678").refusal == ""
    french = inside("+33612345678")
    assert "Friday 27 November 13:00 (Amsterdam)" in french.refusal and french.until is None


def test_reasons_fit_where_they_are_kept():
    moments = [datetime(2026, 11, 28, 1, tzinfo=UTC)]
    longest = max(
        len(CallHours(TENANT, ContactSettings(), moments[0], sample)(number).refusal)
        for sample in ([], moments)
        for number in ("+33612345678", "+18002345678", "+61412345678", "+14165550123", "+31612345678")
    )
    assert longest <= 300
