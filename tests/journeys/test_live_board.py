"""A full live board: calls come by themselves, it is narrowed, and several calls are ended from the keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.calling import commands, force, talking, without_reload

LINE = "+31205550142"
OTHER = "+31 6 1234 5692"
CALLS = 40


@pytest.fixture
def ring(sandbox: Any, talkative: None) -> Iterator[Callable[[], dict[str, str]]]:
    """Many people call in; returns VoiceDock's ids of the calls by who calls."""
    found = {}

    def everybody() -> dict[str, str]:
        for number in range(CALLS):
            person = f"+3161237{number:04}"
            asked = {"number": LINE, "from": person, "outcome": "conversation"}
            found[person] = sandbox.post("calls/inbound", json=asked).json()["id"]
        return found

    yield everybody
    for person in found:
        sandbox.post("hang-up", json={"number": person})


def rows(page: Any) -> Any:
    return page.locator(".call-card").filter(has_text="+31 6 1237 00")


def open_board(page: Any) -> None:
    """With its stream: one that is opened while many calls come in takes its time, and the page polls until then."""
    with page.expect_response(lambda answer: "/events/" in answer.url and answer.ok):
        page.goto("/c/bloom-dental/live/")


def test_many_live_calls_are_followed_filtered_and_ended(window, sandbox, stillness, ring):
    page = window("operator@bloom.test", viewport={"width": 1440, "height": 900})
    page.goto("/c/bloom-dental/")
    talking(page, sandbox, OTHER, "Front desk live")
    open_board(page)
    ringing = ring()
    expect(rows(page)).to_have_count(CALLS)
    with without_reload(page, "call"):
        for remote in ringing.values():
            force(sandbox, remote, "in-progress")
        expect(rows(page).filter(has_text="In progress")).to_have_count(CALLS)

    page.get_by_role("button", name="Filter").click()
    page.get_by_label("Assistant", exact=True).select_option("Front desk live")
    page.wait_for_url(re.compile(r"assistant=Front"))
    expect(page.locator(".call-card").filter(has_text=OTHER)).to_be_visible()
    expect(rows(page)).to_have_count(0)
    page.get_by_role("link", name="Clear filters").click()
    page.wait_for_url(re.compile(r"/live/\??$"))  # until it is loaded: its scripts take the keys
    expect(rows(page)).to_have_count(CALLS)

    page.locator("body").press("j")
    expect(page.locator(".call-card").first.get_by_role("link")).to_be_focused()
    rows(page).first.get_by_role("link").focus()  # above may be calls of others, which cannot all be selected
    page.keyboard.press("x")
    for _ in range(2):
        page.keyboard.press("j")
        page.keyboard.press("x")
    expect(page.locator("[data-selected-count]")).to_have_text("3 selected")
    chosen = page.eval_on_selector_all(
        ".call-card:has(:checked)", "rows => rows.map(row => row.querySelector('[data-e164]').dataset.e164)"
    )
    page.get_by_role("button", name="End the selected calls").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("End these 3 calls?")
    for e164 in chosen:
        expect(page.locator(f"[data-e164='{e164}']")).to_be_visible()
    sandbox.post("clock", json={"speed": 1})  # an end-call takes a moment at VoiceDock
    page.get_by_role("button", name="End 3 calls now").click()
    expect(page.get_by_role("main")).to_be_visible()
    page.wait_for_url(re.compile(r"/live/(\?.*)?$"))
    for e164 in chosen:
        expect(page.locator(f".call-card [data-e164='{e164}']").first).to_be_hidden()
    ended = [e164 for e164 in chosen if e164 in ringing]
    assert len(ended) == 3
    assert all(len(commands(sandbox, "end-call", ringing[e164])) == 1 for e164 in ended)

    page.locator("#board-columns summary").click()
    page.get_by_role("checkbox", name="Assistant and line").uncheck()
    page.get_by_role("button", name="Show these").click()
    expect(page.locator(".call-card__route")).to_have_count(0)
    page.goto("/c/bloom-dental/live/")
    expect(page.locator(".call-card__route")).to_have_count(0)
    page.locator("#board-columns summary").click()
    page.get_by_role("checkbox", name="Assistant and line").check()
    page.get_by_role("button", name="Show these").click()
    expect(page.locator(".call-card__route").first).to_be_visible()
