"""A client's person places a call, sees it come to life and steers it; every command leaves a receipt."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.axe import findings
from tests.journeys.calling import commands, force, of_person, place, talking, without_reload


def test_a_call_comes_to_life_before_ones_eyes(window, sandbox, talkative, stillness):
    page = window("operator@bloom.test")
    page.goto("/c/bloom-dental/")
    place(page, "+31 6 1234 5605", "Recall NL")
    remote, head = of_person(sandbox, "+31 6 1234 5605"), page.locator("#call-header")
    expect(page.locator("[data-stream-lost]")).to_be_hidden()
    with without_reload(page, "call"):
        expect(head).to_contain_text("Dialing")
        expect(page.get_by_role("button", name="End call")).to_be_disabled()
        assert findings(page) == []
        force(sandbox, remote, "connecting")
        expect(head).to_contain_text("Connecting")
        force(sandbox, remote, "in-progress")
        expect(head).to_contain_text("In progress")
        expect(page.get_by_role("button", name="End call")).to_be_enabled()


def test_every_command_leaves_a_receipt(window, talkative, sandbox):
    page = window("operator@bloom.test")
    page.goto("/c/bloom-dental/")
    call = talking(page, sandbox, "+31 6 1234 5602", "Recall NL")
    rows = page.locator("#call-timeline li.command-receipt")

    sandbox.post("faults", json={"fault": "slow", "route": "/calls/*/control", "seconds": 3})
    page.get_by_placeholder("Something the assistant should know").fill("Her deductible is used up.")
    with without_reload(page, "call"):
        page.get_by_role("button", name="Send context").click()
        receipt = rows.filter(has_text="Her deductible is used up.")
        expect(receipt).to_contain_text("on its way")
        expect(receipt).to_contain_text("Accepted")
        expect(receipt).to_contain_text("not told whether it was used")
        expect(page.locator("#main [aria-busy=true]")).to_have_count(0)  # the answer to what was sent has come here too

        page.get_by_role("radio", name="Say").check(force=True)
        page.get_by_placeholder("Exactly what the assistant should say").fill("One moment please.")
        page.keyboard.press("Control+Enter")
        receipt = rows.filter(has_text="One moment please.")
        expect(receipt).to_contain_text("Accepted")
        expect(receipt).to_contain_text("Confirmed")
    assert findings(page) == []
    expect(page.locator("#main [aria-busy=true]")).to_have_count(0)

    page.get_by_role("radio", name="Transfer").check(force=True)
    page.get_by_text("Another number", exact=True).click()
    page.get_by_label("Number or SIP address").fill("+31 20 555 0199")
    page.get_by_role("button", name="Transfer the person").click()
    expect(page.locator("#call-header")).to_contain_text("Transferring to +31 20 555 0199")
    expect(page.locator("#call-diagram li")).to_have_count(4)
    expect(page.get_by_role("region", name="Summary")).to_contain_text("Transferred to +31 20 555 0199")
    expect(page.locator("#call-diagram li").last).to_contain_text("+31 20 555 0199")
    expect(page.get_by_role("main")).to_contain_text(re.compile("Transfer.*Accepted.*Confirmed", re.DOTALL))
    assert [len(commands(sandbox, kind, call)) for kind in ("inject-context", "say", "transfer")] == [1, 1, 1]


def test_ending_asks_once_and_shows_that_it_worked(window, talkative, sandbox):
    page = window("operator@bloom.test")
    page.goto("/c/bloom-dental/")
    talking(page, sandbox, "+31 6 1234 5603", "Front desk NL")
    before = len(commands(sandbox, "end-call"))
    page.get_by_role("button", name="End call").click()
    assert findings(page) == []
    address = page.url
    with without_reload(page, "call"):
        page.get_by_role("button", name="End the call now").dblclick()
        expect(page.get_by_role("region", name="Timeline")).to_contain_text("Ended by you")
        expect(page.get_by_role("main")).to_contain_text(re.compile("End call.*Confirmed", re.DOTALL))
    expect(page.get_by_role("region", name="Summary")).to_be_visible()
    expect(page.get_by_role("button", name="End call")).to_have_count(0)
    assert page.url == address
    assert findings(page) == []
    assert len(commands(sandbox, "end-call")) == before + 1


def test_a_realtime_call_says_before_the_click_what_will_not_work(window, talkative, sandbox):
    page = window("operator@bloom.test")
    page.goto("/c/bloom-dental/")
    talking(page, sandbox, "+31 6 1234 5604", "Front desk live")
    steer = page.get_by_label("Steer this call")
    expect(steer).to_contain_text("may be ignored")
    page.get_by_role("radio", name="Say").check(force=True)
    expect(steer).to_contain_text("Unreliable here")
    expect(steer).to_contain_text("often times out, or nothing is spoken")
    expect(steer).to_contain_text("Transfer to a person who can say it")
    expect(page.get_by_role("button", name="Say it anyway")).to_be_enabled()
    assert findings(page) == []


def test_one_press_transfers_to_a_person_that_the_client_has_named(window, talkative, sandbox):
    page = window("operator@bloom.test")
    page.goto("/c/bloom-dental/")
    call = talking(page, sandbox, "+31 6 1234 5606", "Recall NL")
    page.get_by_role("radio", name="Transfer").check(force=True)
    page.get_by_role("group", name="Transfer to").get_by_role("button", name="Reception").click()
    expect(page.locator("#call-header")).to_contain_text("Transferring to Reception")
    steer = page.get_by_label("Steer this call")
    expect(steer).to_contain_text("Another one can be sent once this page says that it was not seen.")
    expect(steer.get_by_role("group", name="Transfer to")).to_be_hidden()
    expect(steer.get_by_text("Another number", exact=True)).to_be_hidden()
    expect(page.locator("#handover-note")).to_be_focused()
    expect(page.get_by_role("region", name="Summary")).to_contain_text("Transferred to Reception")
    sent = [one for one in commands(sandbox, "transfer", call) if one["destination"] == "+31205550155"]
    assert [one["message"] for one in sent] == ["I am putting you through to Reception."]


@pytest.mark.parametrize(("opened_by", "person"), [("End call", "+31 6 1234 5681"), ("End now", "+31 6 1234 5682")])
def test_whoever_keeps_talking_ends_nothing(window, talkative, sandbox, opened_by, person):
    page = window("operator@bloom.test")
    page.goto("/c/bloom-dental/")
    call = talking(page, sandbox, person, "Recall NL")
    button = page.get_by_role("button", name=re.compile(f"^{opened_by}"))
    button.click()
    page.get_by_role("dialog").get_by_role("button", name="Keep talking").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()
    page.get_by_placeholder("Something the assistant should know").fill("She is still there.")
    page.get_by_role("button", name="Send context").click()
    expect(page.locator("#call-timeline li.command-receipt", has_text="still there")).to_contain_text("Accepted")
    assert (len(commands(sandbox, "inject-context", call)), commands(sandbox, "end-call", call)) == (1, [])
