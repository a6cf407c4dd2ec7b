"""The overviews and the live board while somebody is on the phone: they follow it, and figures lead to rows."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.axe import findings
from tests.journeys.calling import region, talking, without_reload


def test_the_overviews_follow_a_call_and_lead_to_their_rows(window, sandbox, talkative):
    owner, staff, operator = (window(f"{who}.test") for who in ("owner@bloom", "admin@patchbay", "operator@bloom"))
    owner.goto("/c/bloom-dental/")
    staff.goto("/")
    operator.goto("/c/bloom-dental/")
    with without_reload(owner, "call"):
        talking(operator, sandbox, "+31 6 1234 5631", "Recall NL")
        live = region(owner, "Live now")
        expect(live.get_by_role("listitem").filter(has_text="Sanne Visser")).to_contain_text("In progress")
        expect(owner.locator("#live-count")).to_contain_text(re.compile(r"\d"))
    expect(region(staff, "Clients").get_by_role("row").filter(has_text="Bloom Dental")).to_contain_text("talking")
    assert findings(owner) == findings(staff) == []

    staff.goto("/live/?client=bloom-dental")
    card = staff.get_by_role("listitem").filter(has_text="5631")
    expect(card.locator(".last")).to_contain_text(re.compile("(Person|Assistant): “"))
    expect(card).to_contain_text("Sanne Visser has this call open")
    assert findings(staff) == []

    figure = region(owner, "This week").get_by_role("link", name=re.compile("^Calls")).first
    figure.click()
    expect(owner.get_by_role("heading", level=1)).to_have_text("Calls")
    assert "since=" in owner.url


def test_the_list_of_clients_follows_a_call_while_somebody_types(window, sandbox, talkative):
    staff, operator = window("admin@patchbay.test"), window("operator@bloom.test")
    staff.goto("/clients/")
    operator.goto("/c/bloom-dental/")
    lines = staff.get_by_role("row").filter(has_text="Bloom Dental").locator("[data-label='Live']")
    before = lines.inner_text()
    staff.get_by_role("searchbox").fill("blo")
    with without_reload(staff, "call"):
        talking(operator, sandbox, "+31 6 1234 5632", "Recall NL")
        expect(lines).not_to_have_text(before)
    expect(staff.get_by_role("searchbox")).to_have_value("blo")
