"""In a real browser: from a campaign that is over to a report that is shared by a link, and to whom is tried again."""

from __future__ import annotations

import re
from datetime import time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from dashboard.campaigns.models import CampaignSnapshot
from tenants.isolation import scope
from tests.fixtures.call_factories import make_call, make_campaign, make_lead, make_report
from tests.journeys.axe import by_width, findings, pale

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture
def campaign(bloom):
    made = make_campaign(bloom, "Summer recall", status="completed", total_leads=8, starts=time(9), ends=time(17))
    for at, outcome in enumerate(["booked"] * 4 + ["declined", "voicemail"]):
        machine = {"machine_source": "analysis"} if outcome == "voicemail" else {"analysis_outcome": outcome}
        number = f"+3161234000{at}"
        call = make_call(
            bloom, state="ended", remote_id=f"call-{at}", counterpart=number, reported_line=bloom.number.e164, **machine
        )
        make_report(bloom, call, summary=f"Summary {at}", analysis={"outcome": outcome})
        facts = {"call_remote_id": f"call-{at}", "attempts": 1, "last_attempt_at": timezone.now()}
        make_lead(made, "completed", phone_number=number, variables={"name": f"Person {at}"}, **facts)
    for at in (6, 7):
        missed = {"phone_number": f"+3161234000{at}", "variables": {"name": f"Person {at}"}}
        make_lead(made, "no_answer", attempts=3, last_attempt_at=timezone.now(), **missed)
    with scope.for_tenant(bloom.tenant):
        CampaignSnapshot.objects.bulk_create(
            CampaignSnapshot(
                tenant=bloom.tenant, campaign=made, at=timezone.now() - timedelta(minutes=60 - 10 * at), total=8,
                completed=at, not_reached=at // 3, calling=0, others=0,
            )
            for at in range(6)
        )  # fmt: skip
    return made


@pytest.fixture
def look(served_browser):
    """What axe finds at both widths, and of the colours when it is dark."""

    def find(page):
        found = []
        for check in (findings, narrow, dark):
            found += check(page)
            served_browser.in_test(used)  # the database ends transactions that are idle for a minute
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(WIDE)
        return found

    return find


def narrow(page):
    page.set_viewport_size(NARROW)
    return by_width(page)


def dark(page):
    page.emulate_media(color_scheme="dark")
    return pale(page)


def used():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def test_a_report_is_shared_read_and_taken_back(served_browser, look, campaign, manager):
    links = []

    def share(page):
        page.goto(f"/c/bloom-dental/campaigns/{campaign.pk}/")
        assert look(page) == []
        page.get_by_role("region", name="What you may do with it").get_by_role("link", name="Open the report").click()
        expect(page.get_by_role("heading", name="Report of Summer recall")).to_be_visible()
        expect(page.get_by_role("region", name="Why people were not reached")).to_contain_text("No answer")
        assert look(page) == []
        page.emulate_media(media="print")
        expect(page.get_by_role("button", name="Make a link")).to_be_hidden()
        expect(page.get_by_role("region", name="What came of it")).to_be_visible()
        page.emulate_media(media="screen")
        page.get_by_label("The link works for").select_option("1 day")
        page.get_by_role("button", name="Make a link").click()
        links.append(page.get_by_label("Link to the report").input_value())
        assert look(page) == []

    def read(page):
        page.goto(links[0])
        expect(page.get_by_role("heading", name="Report of Summer recall")).to_be_visible()
        expect(page.get_by_role("region", name="Caller ID")).to_contain_text("6 of 6 calls left from a number of")
        assert not re.search(r"\+31|Person|Summary", page.inner_text("body"))
        assert look(page) == []

    def take_back(page):
        page.goto(f"/c/bloom-dental/campaigns/{campaign.pk}/report/")
        table = page.get_by_role("region", name="Share it by a link")
        expect(table.get_by_role("row").nth(1)).not_to_contain_text("Never")
        table.get_by_role("button", name=re.compile("^Take back")).click()
        page.mouse.move(5, 5)
        page.evaluate("document.activeElement.blur()")
        expect(page.get_by_role("dialog")).to_have_css("opacity", "1")  # actions of a row fade, questions do not
        page.get_by_role("dialog").get_by_role("button", name="Take it back").click()
        expect(table).to_contain_text("Taken back by")
        assert look(page) == []

    def read_again(page):
        page.goto(links[0])
        expect(page.get_by_role("heading", name="This link does not work any more")).to_be_visible()
        assert look(page) == []

    for browser, steps in ((manager, share), (Client(), read), (manager, take_back), (Client(), read_again)):
        served_browser.run(browser, steps, viewport=WIDE)


def test_those_who_were_missed_or_are_selected_become_a_draft(served_browser, campaign, manager):
    def steps(page):
        page.goto(f"/c/bloom-dental/campaigns/{campaign.pk}/")
        page.get_by_role("button", name="Make a draft").click()
        expect(page.get_by_role("heading", name="Summer recall (again)")).to_be_visible()
        expect(page.get_by_text("3 of 3 will be called").first).to_be_visible()
        assert findings(page) == []
        page.goto(f"/c/bloom-dental/campaigns/{campaign.pk}/")
        boxes = page.get_by_role("region", name="People", exact=True).get_by_role("checkbox")
        boxes.nth(0).check()
        boxes.nth(2).check()
        with page.expect_response(lambda answer: "/campaigns/" in answer.url):
            page.evaluate("document.body.dispatchEvent(new CustomEvent('changed:all'))")
        page.wait_for_function("() => !document.querySelector('.htmx-request')")
        expect(boxes.nth(0)).to_be_checked()
        expect(boxes.nth(1)).not_to_be_checked()
        page.get_by_role("button", name="The people selected").click()
        expect(page.get_by_role("heading", name="Summer recall (again)")).to_be_visible()
        expect(page.get_by_text("2 of 2 will be called").first).to_be_visible()

    served_browser.run(manager, steps, viewport=WIDE)


def test_staff_read_the_calendar(served_browser, look, bloom, harbor, sign_in, support):
    make_campaign(bloom, "Half-year recall", starts=time(9), ends=time(17))
    make_campaign(harbor, "Delivery slots", "paused")

    def steps(page):
        page.goto("/campaigns/")
        page.get_by_role("link", name="Calendar").click()
        expect(page.get_by_role("main")).to_contain_text("Half-year recall")
        expect(page.get_by_role("region", name="Paused, with people left")).to_contain_text("Delivery slots")
        assert look(page) == []
        page.get_by_role("link", name="Next week").click()
        expect(page.get_by_role("link", name="Week before")).to_be_visible()

    served_browser.run(sign_in(support), steps, viewport=WIDE)
