"""The job itself, from an empty desk to a client's call, through real processes and a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.axe import findings
from tests.journeys.calling import commands, place, region, talking


def test_staff_open_a_client_and_its_owner_calls(window, talkative):
    desk = window("admin@patchbay.test")
    desk.goto("/clients/")
    for name in ("Bloom Dental", "Harbor Logistics", "Noord Energie", "Alder & Finch Estate", "Casa Lindo"):
        expect(desk.get_by_role("main").get_by_role("link", name=name, exact=True)).to_be_visible()
    desk.goto("/inventory/")
    expect(desk.get_by_role("main")).to_contain_text("+31 20 555 0181")
    link = open_a_client(desk)

    wren = window()
    wren.goto(link)
    wren.get_by_label("name").fill("Wren Juniper")
    wren.get_by_label("Password").fill("a-long-enough-passphrase")
    wren.get_by_role("button", name="Join Juniper Care").click()
    expect(wren.get_by_role("heading", level=1)).to_have_text("Overview")
    assert "Bloom" not in wren.content() and "All clients" not in wren.content()
    for elsewhere in ("/clients/", "/c/bloom-dental/", "/c/no-such-client/", "/live/"):
        assert wren.request.get(elsewhere).status == 404
    assert findings(wren) == []

    place(wren, "+31 6 1234 5601")
    wren.evaluate("() => { window.loadedOnce = true }")
    panel = wren.get_by_role("main")
    expect(panel).to_contain_text(re.compile("Dialing|Connecting|In progress"))
    expect(panel).to_contain_text("In progress")
    assert wren.evaluate("() => window.loadedOnce"), "it came without a reload"
    desk.goto("/live/")
    expect(desk.get_by_role("main")).to_contain_text("Juniper Care")
    assert findings(wren) == [] and findings(desk) == []


def open_a_client(desk):
    """The new client with a number and an assistant; the link of its owner's invitation."""
    desk.goto("/clients/")
    desk.get_by_role("link", name="New client").click()
    desk.get_by_label("Name", exact=True).fill("Juniper Care")
    desk.get_by_label("Connection").select_option(label="Kabelhuis")
    desk.get_by_role("button", name="Open this client").click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text("Juniper Care")
    for things, thing in (("Numbers", "Number"), ("Assistants", "Assistant")):
        region(desk, things).get_by_label(thing, exact=True).select_option(index=1)
        region(desk, things).get_by_role("button", name="Dedicate to").click()
        expect(region(desk, things).get_by_role("table")).to_contain_text("In use")
    desk.get_by_text("Invite somebody").click()
    people = region(desk, "People")
    people.get_by_label("E-mail").fill("wren@juniper.test")
    people.get_by_label("Role").select_option("Owner")
    people.get_by_role("button", name="Invite to Juniper Care").click()
    link = desk.get_by_label("Invitation link").input_value()
    assert findings(desk) == []
    return link


def test_every_command_leaves_a_receipt(window, talkative, sandbox):
    page = window("operator@bloom.test")
    talking(page, "+31 6 1234 5602", "Recall NL")
    story = page.get_by_role("log")

    page.get_by_placeholder("Something the assistant should know").fill("Her deductible is used up.")
    page.get_by_role("button", name="Send context").click()
    expect(story).to_contain_text("Her deductible is used up.")
    expect(story).to_contain_text("VoiceDock does not tell whether it was used")

    page.get_by_role("radio", name="Say").check(force=True)
    page.get_by_placeholder("Exactly what the assistant should say").fill("One moment please.")
    page.keyboard.press("Control+Enter")
    expect(story).to_contain_text(re.compile("One moment please.*Accepted by VoiceDock.*Confirmed", re.DOTALL))
    assert findings(page) == []

    page.get_by_role("radio", name="Transfer").check(force=True)
    page.get_by_label("To", exact=True).fill("+31 20 555 0150")
    page.get_by_role("button", name="Transfer the person").click()
    expect(page.get_by_role("main")).to_contain_text("Transferred")
    assert [len(commands(sandbox, kind)) for kind in ("inject-context", "say", "transfer")] == [1, 1, 1]


def test_ending_asks_once_and_shows_that_it_worked(window, talkative, sandbox):
    page = window("operator@bloom.test")
    talking(page, "+31 6 1234 5603", "Front desk NL")
    page.get_by_role("button", name="End call").click()
    assert findings(page) == []
    page.get_by_role("button", name="End the call now").click()
    expect(page.get_by_role("main")).to_contain_text("Ended")
    expect(page.get_by_role("main")).to_contain_text(re.compile("End call.*Confirmed", re.DOTALL))


def test_a_realtime_call_says_before_the_click_what_will_not_work(window, talkative):
    page = window("operator@bloom.test")
    talking(page, "+31 6 1234 5604", "Front desk live")
    steer = page.get_by_label("Steer this call")
    expect(steer).to_contain_text("xAI Realtime")
    expect(steer).to_contain_text("may be ignored")
    page.get_by_role("radio", name="Say").check(force=True)
    expect(steer).to_contain_text("does not work reliably")
    expect(steer).to_contain_text("Transfer to a person who can say it")
    expect(page.get_by_role("button", name="Say it anyway")).to_be_enabled()
    assert findings(page) == []


def test_campaigns_are_followed_and_tell_their_age(window, sandbox):
    page = window("owner@bloom.test")
    page.goto("/c/bloom-dental/campaigns/")
    listed = page.get_by_role("main")
    expect(listed).to_contain_text("Half-year recall")
    expect(listed).to_contain_text(re.compile(r"data from (\d+ s|\d+ min) ago"))
    expect(listed).to_contain_text("Amsterdam")
    assert listed.get_by_role("img", name=re.compile("completed")).count() > 2
    assert findings(page) == []

    page.get_by_role("link", name="Half-year recall").click()
    page.evaluate("() => { window.loadedOnce = true }")
    before = page.get_by_role("main").inner_text()
    assert "Running" in before
    page.get_by_role("button", name="Pause").first.click()
    expect(page.get_by_role("main")).to_contain_text("Paused")
    assert findings(page) == []
    page.get_by_role("button", name="Resume").first.click()
    page.get_by_role("button", name="Go on calling").click()
    expect(page.get_by_role("main")).to_contain_text("Running")


def test_an_auditor_reads_everything_and_changes_nothing(window):
    page = window("auditor@patchbay.test")
    page.goto("/admin/")
    assert findings(page, django=True) == []
    for shelf in ("tenants/tenant", "tenants/numberdedication", "tenants/assistantdedication", "calls/call",
                  "calls/receipt", "campaigns/campaign", "inventory/syncrun", "tenants/auditentry"):  # fmt: skip
        answer = page.goto(f"/admin/{shelf}/")
        assert answer.status == 200, shelf
        assert page.get_by_role("link", name=re.compile("^Add ")).count() == 0
        assert page.locator("#changelist-form select[name=action]").count() == 0
    page.goto("/admin/calls/call/")
    somebody = re.search(r"\+\d{9,}", page.locator("#result_list tbody tr").last.inner_text())[0]
    page.locator("#searchbar").fill(somebody)
    page.get_by_role("button", name="Search").click()
    page.wait_for_url(re.compile("[?&]q="))
    rows = page.locator("#result_list tbody tr")
    assert rows.count() == rows.filter(has_text=somebody).count() > 0
    page.goto("/admin/calls/call/")
    page.get_by_role("link", name="Bloom Dental").first.click()
    expect(page.locator("#result_list")).not_to_contain_text("Casa Lindo")
    page.locator("#result_list tbody th a").first.click()
    assert page.get_by_role("button", name=re.compile("Save|Delete")).count() == 0
    assert findings(page, django=True) == []
    for path in ("/clients/", "/c/bloom-dental/", "/live/"):
        assert page.request.get(path).status == 404
