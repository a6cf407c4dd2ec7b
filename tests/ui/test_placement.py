"""Where things stand, measured in a browser: messages beside buttons, buttons in rows, and the auditors' menu."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from dashboard.contact_rules import entries
from tenants.access.permissions import Role
from tenants.isolation import scope

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 700}
COVERED = """() => {
    const box = document.getElementById("toasts").getBoundingClientRect();
    const buttons = [...document.querySelectorAll("main :is(.button--primary, .button--end)")];
    return buttons.filter(one => one.checkVisibility()).filter(one => {
        const other = one.getBoundingClientRect();
        return box.left < other.right && box.right > other.left && box.top < other.bottom && box.bottom > other.top;
    }).map(one => one.textContent.trim());
}"""
SAY = """() => {
    const toast = document.getElementById("toast").content.firstElementChild.cloneNode(true);
    toast.querySelector("span").textContent = "The server did not answer. Check your connection and try again.";
    document.getElementById("toasts").append(toast);
}"""
SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
LOW = """([selector, below]) =>
    scrollBy(0, document.querySelector(selector).getBoundingClientRect().bottom - innerHeight + below)"""
HIT = """one => {
    const box = one.getBoundingClientRect(), middle = (box.top + box.bottom) / 2;
    const at = y => document.elementFromPoint(box.left + box.width / 2, y)?.closest(".button") === one;
    return { name: one.textContent, height: box.height, isHighEnough: at(middle - 21) && at(middle + 21) };
}"""


@pytest.fixture
def browser(bloom, make_member, sign_in):
    return sign_in(make_member(bloom, Role.OWNER, "Dora Bloom"))


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize(
    ("path", "button"), [("settings/", ".settings-form .button--primary"), ("call/", "#place .button--primary")]
)
def test_a_message_never_covers_the_button_that_saves_or_calls(browser, served_browser, viewport, path, button):
    def steps(page):
        page.goto(f"/c/bloom-dental/{path}")
        page.evaluate(SAY)
        for below in (8, 40, 72, 104, 136, 400):  # wherever the button stands, a message gives way
            page.evaluate(LOW, [button, below])
            page.evaluate(SETTLED)
            assert page.evaluate(COVERED) == [], below
        toast = page.locator(".toast")
        expect(toast).to_be_in_viewport(ratio=1)

    served_browser.run(browser, steps, viewport=viewport)


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_buttons_in_rows_are_high_enough(browser, bloom, make_member, served_browser, viewport):
    make_member(bloom, Role.VIEWER, "Els Ruiter")
    with scope.for_system("numbers are blocked"):
        entries.add(bloom.tenant, ["+31612340001", "+31612340002"], source=entries.Source.BY_HAND, by=None)

    def steps(page):
        for path in ("team/", "do-not-call/"):
            page.goto(f"/c/bloom-dental/{path}")
            buttons = [one for one in page.locator("tbody .button").all() if one.is_visible()]
            assert buttons
            for one in buttons:
                one.scroll_into_view_if_needed()
                one.hover()
                measured = one.evaluate(HIT)
                assert measured["height"] >= 32, one
                assert measured["isHighEnough"] or viewport == WIDE, measured

    served_browser.run(browser, steps, viewport=viewport)


def test_the_records_of_auditors_are_a_menu_on_a_phone(auditor, sign_in, served_browser):
    def steps(page):
        page.goto("/admin/")
        nav = page.get_by_role("navigation", name="Audit console")
        assert nav.bounding_box()["height"] <= 60
        assert nav.evaluate("one => one.scrollWidth <= one.clientWidth")
        records = nav.get_by_role("link", name="Calls", exact=True)
        expect(records).to_be_hidden()
        nav.get_by_role("button", name="Records").click()
        expect(records).to_be_in_viewport(ratio=1)
        page.set_viewport_size(WIDE)
        page.goto("/admin/")
        expect(nav.get_by_role("button", name="Records")).to_be_hidden()
        expect(records).to_be_visible()

    served_browser.run(sign_in(auditor), steps, viewport=PHONE)
