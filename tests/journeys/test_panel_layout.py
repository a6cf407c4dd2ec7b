"""What stands where on the live panel and board: receipts in one line, the newest in sight, one row of tools."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.calling import talking

ROW = """name => [...document.querySelectorAll(name)].filter(one => one.checkVisibility())
    .map(one => { const box = one.getBoundingClientRect(); return Math.round(box.y + box.height / 2); })"""
LINES = """() => [...document.querySelectorAll('#call-timeline .receipt')]
    .map(list => new Set([...list.children].map(one => Math.round(one.getBoundingClientRect().y))).size)"""
HIDDEN_BELOW = """() => {
    const newest = document.querySelector('#call-timeline > li:last-child').getBoundingClientRect();
    return newest.bottom > document.querySelector('.composer').getBoundingClientRect().top + 1;
}"""


def test_a_receipt_takes_one_line(window, sandbox, talkative):
    page = window("operator@bloom.test", viewport={"width": 1366, "height": 700})
    page.goto("/c/bloom-dental/")
    talking(page, sandbox, "+31 6 1234 5651", "Recall NL")
    page.get_by_placeholder("Something the assistant should know").fill("Her deductible is used up.")
    page.get_by_role("button", name="Send context").click()
    receipts = page.locator("#call-timeline .receipt")
    expect(receipts.first).to_contain_text(re.compile(r"Sent [\d:]+\s+Accepted [\d:]+\s+not told whether it was used"))
    expect(page.locator("#steer [aria-busy]")).to_have_count(0)  # a form sends one thing after the other
    page.get_by_role("radio", name="Say").check(force=True)
    page.get_by_placeholder("Exactly what the assistant should say").fill("One moment please.")
    page.keyboard.press("Control+Enter")
    expect(receipts.last).to_contain_text(re.compile(r"Sent [\d:]+\s+Accepted [\d:]+\s+Confirmed [\d:]+, spoken"))
    for width in (1366, 1440):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate(LINES) == [1, 1], width


def test_another_command_while_one_waits_for_its_answer_is_refused_in_words_and_kept(window, sandbox, talkative):
    page, held = window("operator@bloom.test"), []
    page.goto("/c/bloom-dental/")
    talking(page, sandbox, "+31 6 1234 5655", "Recall NL")
    page.route("**/command/", lambda route: route.continue_() if held else held.append(route))
    page.get_by_placeholder("Something the assistant should know").fill("Her deductible is used up.")
    page.get_by_role("button", name="Send context").click()
    expect(page.locator("#steer [aria-busy]")).to_have_count(1)
    page.get_by_role("radio", name="Say").check(force=True)
    words = page.get_by_placeholder("Exactly what the assistant should say")
    words.fill("One moment please.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Not sent: what you sent before still waits for its answer")).to_be_visible()
    expect(words).to_have_value("One moment please.")
    held[0].continue_()
    expect(page.locator("#steer [aria-busy]")).to_have_count(0)
    expect(words).to_have_value("One moment please.")
    words.press("Control+Enter")
    expect(page.locator("#call-timeline .receipt")).to_have_count(2)


def test_on_a_phone_the_panel_opens_at_its_newest_line(window, sandbox, talkative):
    page = window("operator@bloom.test", viewport={"width": 390, "height": 664})
    page.goto("/c/bloom-dental/")
    talking(page, sandbox, "+31 6 1234 5652", "Recall NL")
    expect(page.locator("#call-timeline .transcript-line").nth(4)).to_be_visible()
    for _ in range(2):  # while its sentences come, and when it is opened later
        page.wait_for_function(f"() => !({HIDDEN_BELOW})()")
        expect(page.get_by_role("heading", level=1)).to_be_in_viewport()
        page.goto("/c/bloom-dental/live/")
        page.go_back()
    page.reload()
    page.wait_for_function(f"() => !({HIDDEN_BELOW})()")


def test_what_was_sent_is_a_line_that_opens(window, sandbox, talkative):
    page = window("operator@bloom.test", viewport={"width": 1440, "height": 900})
    page.goto("/c/bloom-dental/")
    talking(page, sandbox, "+31 6 1234 5657", "Recall NL")
    sent = page.get_by_role("region", name="What was sent")
    expect(page.locator("#sent-plan")).not_to_have_attribute("open", re.compile(""))
    expect(sent.get_by_text("Recall NL as it is saved")).to_be_visible()
    sent.get_by_role("heading").click()
    expect(sent).to_contain_text("to +31 6 1234 5657, as it is saved.")
    expect(sent.get_by_text("As JSON")).to_be_in_viewport()


@pytest.mark.parametrize(
    ("email", "path"), [("operator@bloom.test", "/c/bloom-dental/live/"), ("admin@patchbay.test", "/live/")]
)
def test_the_tools_of_the_board_stand_in_one_row(window, sandbox, talkative, email, path):
    page = window("operator@bloom.test")
    page.goto("/c/bloom-dental/")
    talking(page, sandbox, "+31 6 1234 5654", "Recall NL")
    board = window(email, viewport={"width": 1440, "height": 900})
    board.goto(path)
    expect(board.locator(".call-card").first).to_be_visible()
    tools = board.evaluate(ROW, ".board__tools :is(.chip, .check)")
    assert len(tools) >= 2 and max(tools) - min(tools) <= 2
    expect(board.get_by_role("button", name="End the selected calls")).to_be_hidden()
    first = board.locator(".board-column:not([hidden])").first
    top = first.bounding_box()["y"]
    board.locator(".call-card__select input").first.check()
    expect(board.get_by_role("button", name="End the selected calls")).to_be_visible()
    assert first.bounding_box()["y"] == top, "rows stay while one chooses among them"
