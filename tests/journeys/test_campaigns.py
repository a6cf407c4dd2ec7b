"""Campaigns: where each stands, followed as it calls, paused and resumed."""

from __future__ import annotations

import re
import time

import httpx
from playwright.sync_api import expect

from tests.journeys.axe import findings
from tests.journeys.calling import BLOOM, force, without_reload
from tests.patience import PATIENCE

AGE = re.compile(r"data from (\d+ s|\d+ min) ago")


def test_campaigns_are_followed_and_tell_their_age(window, sandbox):
    page = window("owner@bloom.test")
    page.goto("/c/bloom-dental/campaigns/")
    listed = page.get_by_role("main")
    expect(listed).to_contain_text(AGE)
    for name, state in (("Half-year recall", "Running"), ("Hygienist autumn", "Paused"), ("Summer recall", "Completed"),
                        ("New year openings", "Not started")):  # fmt: skip
        row = listed.get_by_role("listitem").filter(has=page.get_by_role("link", name=name, exact=True))
        expect(row).to_contain_text(state)
        expect(row).to_contain_text("Amsterdam")
        expect(row.get_by_role("img", name=re.compile("completed"))).to_be_visible()
    assert findings(page) == []

    row = listed.get_by_role("listitem").filter(has=page.get_by_role("link", name="Half-year recall", exact=True))
    before = re.search(r"[\d,]+ of 1,500", row.inner_text())[0]
    with without_reload(page, "campaign"):
        expect(row).to_contain_text("1 calling")
        next_lead(sandbox)
        expect(row).not_to_contain_text(before)


def next_lead(sandbox: httpx.Client) -> None:
    """Its call with somebody is over, as soon as there is one; the next follows by itself."""
    api = sandbox.base_url.join("/api/v1/campaigns")
    listed = sandbox.get(str(api), headers=BLOOM).json()["campaigns"]
    recall = next(one["id"] for one in listed if one["name"] == "Half-year recall")
    deadline = time.monotonic() + PATIENCE
    while not (calling := _calls(sandbox, f"{api}/{recall}")):
        assert time.monotonic() < deadline, "the campaign calls nobody"
        time.sleep(2)  # between two calls; each question counts towards VoiceDock's limit
    for call in calling:
        force(sandbox, call, "in-progress")
        force(sandbox, call, "ended")


def _calls(sandbox: httpx.Client, campaign: str) -> list[str]:
    """Its calls that are going on."""
    leads = sandbox.get(f"{campaign}/leads?limit=2000", headers=BLOOM).json()["leads"]
    return [lead["call_id"] for lead in leads if lead["status"] == "calling"]


def test_a_campaign_is_started_paused_and_resumed(window):
    page = window("owner@bloom.test")
    page.goto("/c/bloom-dental/campaigns/")
    page.get_by_role("link", name="Half-year recall", exact=True).click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("Running")
    page.get_by_role("button", name="Pause").first.click()
    expect(main).to_contain_text("Paused")
    assert findings(page) == []
    page.get_by_role("button", name="Resume").first.click()
    page.get_by_role("button", name="Go on calling").click()
    expect(main).to_contain_text("Running")

    page.goto("/c/bloom-dental/campaigns/")
    page.get_by_role("link", name="New year openings", exact=True).click()
    page.get_by_role("button", name="Start").first.click()
    page.get_by_role("button", name="Not yet").click()
    expect(main).to_contain_text("Not started")
    page.get_by_role("button", name="Start").first.click()
    page.get_by_role("button", name="Start calling").click()
    expect(page.get_by_role("button", name="Pause").first).to_be_visible()
    expect(main).not_to_contain_text("Not started")
