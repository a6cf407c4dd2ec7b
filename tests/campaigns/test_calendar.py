"""The calendar of all campaigns: which of them calls on which day, bounded, for staff alone."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from dashboard.campaigns import calendar, queries
from dashboard.campaigns.models import Campaign, CampaignSchedule
from tenants.access.permissions import Role, StaffRole
from tenants.isolation import scope
from tests.fixtures.call_factories import captured_selects, make_campaign, make_lead

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
TODAY = date(2026, 11, 25)  # a Wednesday
NOW = datetime(2026, 11, 25, 14, 0, tzinfo=AMSTERDAM)
MONDAY = date(2026, 11, 23)
OFFICE = {"starts": time(9), "ends": time(17), "timezone": "Europe/Amsterdam"}


def schedule(campaign, **more):
    facts = {"weekdays": [0, 1, 2, 3, 4], "skips_holidays": False, "is_on": True} | more
    with scope.for_system("its days"):
        CampaignSchedule.objects.create(tenant_id=campaign.tenant_id, campaign=campaign, **facts)
    return campaign


def week(monday=MONDAY):
    with scope.for_system("the calendar"):
        return calendar.week(queries.listed(), monday, NOW, TODAY)


def names(found):
    return {day.date.day: [str(entry.campaign) for entry in day.entries] for day in found.days}


def test_each_calls_on_its_days_from_today_on_and_on_no_day_that_is_over(bloom, harbor):
    make_campaign(bloom, "Every day", **OFFICE)
    schedule(make_campaign(bloom, "Workdays", **OFFICE))
    schedule(make_campaign(harbor, "Waits for Friday", status="paused", **OFFICE), weekdays=[4])
    schedule(make_campaign(harbor, "Until Thursday", **OFFICE), last_day=date(2026, 11, 26))
    make_campaign(harbor, "Paused", status="paused")
    make_campaign(harbor, "Not started", status="draft")
    make_campaign(harbor, "Over", status="completed")
    make_campaign(harbor, "Nobody left", total_leads=0, completed_leads=0, failed_leads=0)
    found = week()
    daily = ["Every day", "Workdays"]
    assert names(found) == {
        23: [],
        24: [],
        25: [*daily, "Until Thursday"],
        26: [*daily, "Until Thursday"],
        27: [*daily, "Waits for Friday"],
        28: ["Every day"],
        29: ["Every day"],
    }
    assert [str(entry.campaign) for entry in found.idle] == ["Paused"]
    assert [day.is_over for day in found.days] == [True, True, *[False] * 5]
    assert found.days[2].left == 3 * 55


def test_public_holidays_and_what_vanished_are_left_out(bloom):
    schedule(make_campaign(bloom, "Recall", **OFFICE), skips_holidays=True, holiday_country="NL")
    gone = make_campaign(bloom, "Gone", **OFFICE)
    with scope.for_system("it vanished"):
        Campaign.objects.filter(pk=gone.pk).update(vanished_at=NOW)
    christmas = names(week(date(2026, 12, 21)))
    assert christmas == {21: ["Recall"], 22: ["Recall"], 23: ["Recall"], 24: ["Recall"], 25: [], 26: [], 27: []}


@pytest.mark.parametrize(
    ("text", "monday"),
    [
        ("", MONDAY),
        ("2026-12-03", date(2026, 11, 30)),
        ("2026-11-01", MONDAY),
        ("2999-01-01", MONDAY),
        ("2026-W99", MONDAY),
        ("nonsense", MONDAY),
    ],
)
def test_a_week_is_named_by_a_day_and_is_this_one_where_it_is_none(text, monday):
    assert calendar.monday_of(text, TODAY) == monday


def read(answer):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def test_staff_see_who_calls_how_many_are_left_and_on_which_connection(bloom, harbor, sign_in, support):
    make_campaign(bloom, "Recall", **OFFICE)
    make_campaign(harbor, "Slots", **OFFICE)
    browser = sign_in(support)
    assert "/campaigns/calendar/" in browser.get("/campaigns/").content.decode()
    answer = browser.get("/campaigns/calendar/")
    page = read(answer)
    assert "Recall Bloom Dental 9:00 to 17:00, Amsterdam 55 left" in page and str(bloom.connection) in page
    assert 'href="/c/bloom-dental/campaigns/' in answer.content.decode()
    one = read(browser.get("/campaigns/calendar/?client=harbor-logistics"))
    assert "Slots" in one and "Recall" not in one
    following = answer.context["week"].following
    later = browser.get(f"/campaigns/calendar/?week={following}")
    assert later.context["week"].first == answer.context["week"].first + timedelta(days=7)
    assert "Week before" in read(later) and "Week before" not in page
    assert browser.get("/campaigns/calendar/?week=x&client=nobody").status_code == 200


def test_clients_and_finance_have_no_calendar(bloom, make_member, make_staff, sign_in):
    assert sign_in(make_member(bloom, Role.OWNER)).get("/campaigns/calendar/").status_code == 404
    assert sign_in(make_staff(StaffRole.FINANCE)).get("/campaigns/calendar/").status_code == 403


def test_more_campaigns_cost_no_more_queries_and_are_bounded(bloom, harbor, sign_in, support, monkeypatch):
    browser = sign_in(support)
    make_lead(schedule(make_campaign(bloom, "First", **OFFICE)), "pending")
    browser.get("/campaigns/calendar/")
    with captured_selects() as few:
        browser.get("/campaigns/calendar/")
    for at in range(30):
        make_lead(schedule(make_campaign(harbor, f"Campaign {at}", **OFFICE)), "pending")
    with captured_selects() as many:
        answer = browser.get("/campaigns/calendar/")
    assert len(many) == len(few) <= 14 and "Only the first" not in read(answer)
    monkeypatch.setattr(calendar, "MOST", 5)
    answer = browser.get("/campaigns/calendar/")
    assert "Only the first 5 campaigns are shown" in read(answer)
    assert max(len(day.entries) for day in answer.context["week"].days) == 5
