"""Campaigns: where each stands, followed as it calls, paused and resumed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from playwright.sync_api import expect

from dashboard.campaigns import lead_reads
from tests.journeys.axe import findings
from tests.journeys.calling import BLOOM, force, without_reload
from tests.patience import PATIENCE

READ_AGAIN = (lead_reads.SOONEST.total_seconds() + PATIENCE) * 1000  # no counter moves when somebody is called
AGE = re.compile(r"data from (\d+ s|\d+ min) ago")


def test_campaigns_are_followed_and_tell_their_age(window, sandbox):
    page = window("owner@bloom.test")
    page.goto("/c/bloom-dental/campaigns/")
    listed = page.get_by_role("main")
    expect(listed).to_contain_text(AGE)
    for name, state in (("Half-year recall", "Calling"), ("Hygienist autumn", "Paused"), ("Summer recall", "Completed"),
                        ("New year openings", "Not started")):  # fmt: skip
        row = listed.get_by_role("listitem").filter(has=page.get_by_role("link", name=name, exact=True))
        expect(row).to_contain_text(state)
        expect(row).to_contain_text("Amsterdam")
        expect(row.get_by_role("img", name=re.compile("reached a person|left"))).to_be_visible()
    assert findings(page) == []

    row = listed.get_by_role("listitem").filter(has=page.get_by_role("link", name="Half-year recall", exact=True))
    before = re.search(r"[\d,]+ of [\d,]+ called", row.inner_text())[0]
    with without_reload(page, "campaign"):
        with held_call(sandbox):
            expect(row).to_contain_text("1 calling", timeout=READ_AGAIN)
        next_lead(sandbox)
        expect(row).not_to_contain_text(before)


@contextmanager
def held_call(sandbox: httpx.Client) -> Iterator[None]:
    """The campaign calls somebody, and nothing goes on at VoiceDock while that is looked at."""
    calls_under_way(sandbox)
    sandbox.post("clock", json={"speed": 0})
    yield
    sandbox.post("clock", json={"speed": 1, "advance": max(0, -sandbox.get("clock").json()["ahead_seconds"])})


def next_lead(sandbox: httpx.Client) -> None:
    """Its call with somebody is over, as soon as there is one; the next follows by itself."""
    for call in calls_under_way(sandbox):
        force(sandbox, call, "in-progress")
        force(sandbox, call, "ended")


def calls_under_way(sandbox: httpx.Client) -> list[str]:
    """The calls of the campaign, as soon as there is one."""
    api = sandbox.base_url.join("/api/v1/campaigns")
    listed = sandbox.get(str(api), headers=BLOOM).json()["campaigns"]
    recall = next(one["id"] for one in listed if one["name"] == "Half-year recall")
    deadline = time.monotonic() + PATIENCE
    while not (calling := _calls(sandbox, f"{api}/{recall}")):
        assert time.monotonic() < deadline, "the campaign calls nobody"
        time.sleep(2)  # between two calls; each question counts towards VoiceDock's limit
    return calling


def _calls(sandbox: httpx.Client, campaign: str) -> list[str]:
    """Its calls that are going on."""
    leads = sandbox.get(f"{campaign}/leads?limit=2000", headers=BLOOM).json()["leads"]
    return [lead["call_id"] for lead in leads if lead["status"] == "calling"]


def test_a_campaign_is_started_paused_and_resumed(window):
    page = window("owner@bloom.test")
    page.goto("/c/bloom-dental/campaigns/")
    page.get_by_role("link", name="Half-year recall", exact=True).click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("Calling")
    page.get_by_role("button", name="Pause").first.click()
    expect(main).to_contain_text("Paused")
    assert findings(page) == []
    page.get_by_role("button", name="Resume").first.click()
    page.get_by_role("button", name="Go on calling").click()
    expect(main).to_contain_text("Calling")

    page.goto("/c/bloom-dental/campaigns/")
    page.get_by_role("link", name="New year openings", exact=True).click()
    page.get_by_role("button", name="Start").first.click()
    page.get_by_role("button", name="Not yet").click()
    expect(main).to_contain_text("Not started")
    page.get_by_role("button", name="Start").first.click()
    page.get_by_role("button", name="Start calling").click()
    expect(page.get_by_role("button", name="Pause").first).to_be_visible()
    expect(main).not_to_contain_text("Not started")


def test_each_figure_of_a_campaign_leads_to_its_people(window):
    """Of one that is over; the history of the demo may still be on its way, and the page follows by itself."""
    page = window("owner@bloom.test")
    page.goto("/c/bloom-dental/campaigns/")
    page.get_by_role("link", name="Summer recall", exact=True).click()
    results = page.get_by_role("region", name="Results so far")
    back = results.get_by_role("link", name=re.compile(r"^Wants a call back [1-9]"))
    expect(back).to_be_visible(timeout=120_000)
    expect(page.get_by_role("region", name="What came of it")).to_contain_text("Declined")
    expect(page.get_by_role("region", name="Latest results").get_by_role("listitem")).to_have_count(6)
    assert findings(page) == []

    least = int(re.search(r"Wants a call back\s+(\d+)", back.inner_text())[1])
    back.click()
    chip = page.get_by_role("link", name=re.compile(r"^Call back \d+$"))
    people = page.get_by_role("region", name="People")
    expect(chip).to_have_attribute("aria-current", "true")
    deadline = time.monotonic() + PATIENCE
    while (wanted := int(re.search(r"\d+", chip.inner_text())[0])) != people.locator("tbody tr").count():
        assert time.monotonic() < deadline, f"{wanted} people in the filter, and others in the list"
        page.reload()  # figures are counted now and then, while calls come in
    assert wanted >= least
    expect(people.locator("tbody .outcome")).to_have_text(["Call back"] * wanted)
