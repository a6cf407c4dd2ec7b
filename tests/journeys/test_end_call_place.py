"""End call stands at the same pixel in every tab and state of the live panel, at every size of screen."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.calling import force, of_person, place, talking

WIDE = [(1366, 700), (1440, 900), (1024, 768)]
PHONES = [(390, 844), (390, 664), (360, 740), (720, 450)]  # the last one is a window of 1440 by 900, enlarged to 200 %
TABS = ("Context", "Say", "Transfer")
UNDER = """element => {
    const box = element.getBoundingClientRect();
    const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return Boolean(hit && (element.contains(hit) || hit.closest('label')?.contains(element)));
}"""
COVERED = """name => { const isInSight = UNDER; return [...document.querySelectorAll(name)]
    .filter(one => one.checkVisibility() && !isInSight(one)).map(one => one.outerHTML.slice(0, 120));
}""".replace("UNDER", UNDER)
UNREACHABLE = """name => {
    const isInSight = UNDER, controls = `${name} :is(input:not([type=hidden]), textarea, button, a)`;
    return [...document.querySelectorAll(controls)].filter(one => one.checkVisibility()).filter(one => {
        one.scrollIntoView({ block: 'nearest', inline: 'center' });
        return !isInSight(one);
    }).map(one => one.outerHTML.slice(0, 120));
}""".replace("UNDER", UNDER)
Box = tuple[int, int, int, int]  # in whole pixels: a page may be scrolled by a part of one


class Places:
    """Where End call was at each size; every later look has to find it there."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.first: dict[tuple[int, int], Box] = {}

    def look(self, state: str) -> None:
        """At all sizes, in all tabs, and on a phone folded and unfolded."""
        for size in (*WIDE, *PHONES):
            self.page.set_viewport_size({"width": size[0], "height": size[1]})
            if size in PHONES:
                self._same(size, f"{state}, folded")
                self.page.get_by_role("button", name="Commands", exact=True).click()
            for tab in TABS:
                self.page.get_by_role("radio", name=tab).check(force=True)
                self._same(size, f"{state}, {tab}")
            self.page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
            self._same(size, f"{state}, scrolled")
            self.page.evaluate("() => scrollTo(0, 0)")
            if size in PHONES:
                self.page.get_by_role("button", name="Fold").click()

    def _same(self, size: tuple[int, int], state: str) -> None:
        found = self.page.evaluate("""() => {
            const box = document.querySelector('[data-end-call]').getBoundingClientRect();
            const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
            return [[box.x, box.y, box.width, box.height].map(Math.round), Boolean(hit?.closest('[data-end-call]'))];
        }""")
        box, is_on_top = tuple(found[0]), found[1]
        assert is_on_top, (size, state, "something covers it")
        assert box[0] >= 0 and box[1] >= 0 and box[0] + box[2] <= size[0] and box[1] + box[3] <= size[1], (size, state)
        assert box == self.first.setdefault(size, box), (size, state)


@pytest.mark.parametrize(("assistant", "last"), [("Recall NL", 41), ("Front desk live", 42)])
def test_end_call_never_moves(window, sandbox, talkative, stillness, assistant, last):
    page, person = window("operator@bloom.test"), f"+31 6 1234 56{last}"
    page.goto("/c/bloom-dental/")
    place(page, person, assistant)
    places, end = Places(page), page.locator("[data-end-call]")
    expect(end).to_be_disabled()
    places.look("dialing")
    page.set_viewport_size({"width": 1440, "height": 900})
    force(sandbox, of_person(sandbox, person), "in-progress")
    expect(end).to_be_enabled()
    places.look("answered")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("radio", name="Context").check(force=True)
    page.get_by_placeholder("Something the assistant should know").fill("Her deductible is used up. " * 20)
    page.get_by_role("button", name="Send context").click()
    expect(page.locator("#call-timeline")).to_contain_text("Accepted")
    expect(page.locator(".composer [aria-busy=true]")).to_have_count(0)  # the stream may be quicker than the answer
    page.get_by_role("radio", name="Transfer").check(force=True)
    page.get_by_text("Another number", exact=True).click()
    page.get_by_label("Number or SIP address").fill("0612")
    page.get_by_role("button", name=re.compile("^Transfer")).last.click()
    expect(page.locator("#to-error")).to_be_visible()
    places.look("after a command and an error")
    page.evaluate("() => { document.querySelector('[data-stream-lost]').hidden = false; }")
    places.look("while the stream is down")


def test_what_scrolls_is_the_timeline_and_the_middle_of_the_composer(window, sandbox, talkative):
    page = window("operator@bloom.test", viewport={"width": 1366, "height": 700})
    page.goto("/c/bloom-dental/")
    talking(page, sandbox, "+31 6 1234 5643", "Recall NL")
    page.get_by_role("radio", name="Transfer").check(force=True)
    assert page.evaluate("() => document.documentElement.scrollHeight <= innerHeight")
    scrolls = "name => { const box = document.querySelector(name); return getComputedStyle(box).overflowY; }"
    for name in ("#story", ".composer__middle"):
        assert page.evaluate(scrolls, name) == "auto", name


@pytest.mark.parametrize(("assistant", "last"), [("Recall NL", 46), ("Front desk live", 47)])
def test_each_tab_keeps_its_button_in_sight_and_lets_each_field_be_scrolled_to(
    window, sandbox, talkative, assistant, last
):
    page = window("owner@bloom.test", viewport={"width": 1440, "height": 900})
    page.goto("/c/bloom-dental/")
    talking(page, sandbox, f"+31 6 1234 56{last}", assistant)
    for size in (*WIDE, *PHONES):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        if size in PHONES:
            page.get_by_role("button", name="Commands", exact=True).click()
        for tab in TABS:
            page.get_by_role("radio", name=tab).check(force=True)
            assert page.evaluate(UNREACHABLE, ".composer__middle") == [], (size, tab)
            page.evaluate("() => { document.querySelector('.composer__middle').scrollTop = 0; }")
            if tab == "Transfer":
                page.get_by_text("Another number", exact=True).click()
                assert page.evaluate(UNREACHABLE, ".composer__middle") == [], (size, tab, "unfolded")
                page.get_by_label("Number or SIP address").fill("+31205550150")
            assert page.evaluate(COVERED, ".command-form__send .button") == [], (size, tab)
            if tab == "Transfer":
                page.get_by_text("Another number", exact=True).click()
        if size in PHONES:
            page.get_by_role("button", name="Fold").click()


def test_on_a_phone_every_page_is_two_presses_away(window, sandbox, talkative):
    page = window("operator@bloom.test", viewport={"width": 390, "height": 844})
    page.goto("/c/bloom-dental/")
    talking(page, sandbox, "+31 6 1234 5644", "Recall NL")
    page.get_by_role("button", name="Pages").click()
    for name in ("Overview", "Call now", "Live", "Calls", "Campaigns"):
        expect(page.get_by_label("Pages").get_by_role("link", name=name, exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Back to live calls").click()
    page.wait_for_url(re.compile("/live/$"))


ENDS = """() => Object.fromEntries(['banner', 'panel__header', 'composer'].map(name => {
    const { top, bottom } = document.querySelector(`.${name}`).getBoundingClientRect();
    return [name, [top, bottom]];
}))"""


def assert_header_and_conversation_are_in_sight(page: Any, state: str, height: int, least: float) -> None:
    for y in (0, 120, 100_000):
        page.evaluate("y => scrollTo(0, y)", y)
        ends = page.evaluate(ENDS)
        assert ends["panel__header"][0] >= ends["banner"][1] - 0.5, (state, height, y, ends)
        assert ends["composer"][0] - ends["panel__header"][1] >= least, (state, height, y, ends)


@pytest.mark.parametrize(("scheme", "last"), [("light", 45), ("dark", 46)])
def test_on_a_phone_an_open_sheet_leaves_the_header_and_a_third_for_the_conversation(
    window, sandbox, talkative, scheme, last
):
    page = window("operator@bloom.test", viewport={"width": 390, "height": 844}, has_touch=True, color_scheme=scheme)
    page.goto("/c/bloom-dental/")
    talking(page, sandbox, f"+31 6 1234 56{last}", "Recall NL")
    page.get_by_role("button", name="Commands", exact=True).click()
    for tab in TABS:
        page.get_by_role("radio", name=tab).check(force=True)
        for height, least in ((844, 844 / 3), (664, 0)):
            page.set_viewport_size({"width": 390, "height": height})
            assert_header_and_conversation_are_in_sight(page, tab, height, least)
        page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("radio", name="Context").check(force=True)
    expect(page.get_by_placeholder("Something the assistant should know")).to_be_in_viewport(ratio=0.9)
    page.get_by_role("radio", name="Transfer").check(force=True)
    page.get_by_role("group", name="Transfer to").get_by_role("button", name="Reception").click()
    expect(page.locator("#handover-note")).to_contain_text("Transferring to Reception")
    assert_header_and_conversation_are_in_sight(page, "transferring", 844, 844 / 3)
