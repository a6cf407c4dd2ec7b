"""What became of a form is in view: errors with the focus on them, receipts, and the focus that a dialog returns."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tenants.access.permissions import Role
from tests.fixtures.factories import PASSWORD, give_password

IN_VIEW = """one => {
    const box = one.getBoundingClientRect();
    return box.top >= 0 && box.bottom <= innerHeight;
}"""
PHONE = {"viewport": {"width": 390, "height": 700}}


@pytest.fixture
def browser(bloom, make_member, sign_in):
    return sign_in(give_password(make_member(bloom, Role.OWNER, "Dora Bloom")))


def test_the_first_wrong_field_has_the_focus_and_is_in_view(browser, served_browser):
    def steps(page):
        page.goto("/c/bloom-dental/settings/")
        page.locator("[name=phrases]").fill("x" * 400)
        page.get_by_role("button", name="Save the settings").click()
        field = page.locator("[name=phrases]")
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
        assert page.locator(".field .error").evaluate(IN_VIEW)
        assert page.evaluate("() => scrollY") > 0

    served_browser.run(browser, steps, **PHONE)


def test_a_receipt_is_in_view(browser, served_browser):
    new = "another long passphrase"

    def steps(page):
        page.goto("/account/")
        page.get_by_label("Present password").fill(PASSWORD)
        page.get_by_label("New password", exact=True).fill(new)
        page.get_by_label("New password again").fill(new)
        page.get_by_role("button", name="Change password").click()
        receipt = page.get_by_text("Your password is changed.")
        expect(receipt).to_be_visible()
        assert receipt.evaluate(IN_VIEW)

    served_browser.run(browser, steps, **PHONE)


def test_a_dialog_returns_the_focus_to_its_button(browser, bloom, make_member, served_browser):
    make_member(bloom, Role.VIEWER, "Els Ruiter")

    def steps(page):
        page.goto("/c/bloom-dental/team/")
        opener = page.get_by_role("button", name="Remove Els Ruiter")
        for close in ("Escape", "Enter"):  # the safe choice has the focus
            opener.click()
            dialog = page.get_by_role("dialog")
            expect(dialog).to_be_visible()
            page.keyboard.press(close)
            expect(dialog).to_be_hidden()
            expect(opener).to_be_focused()
        page.evaluate(  # the part with the button is drawn anew while the dialog is open
            """() => {
                const opener = document.querySelector('[command="show-modal"][commandfor^=remove]');
                opener.click();
                opener.replaceWith(opener.cloneNode(true));
            }"""
        )
        page.keyboard.press("Escape")
        expect(opener).to_be_focused()

    served_browser.run(browser, steps)


def test_the_menu_of_a_phone_leaves_the_bar_free(browser, served_browser):
    def steps(page):
        page.goto("/c/bloom-dental/team/")
        more = page.get_by_role("button", name="More")
        at = more.bounding_box()
        page.touchscreen.tap(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
        expect(page.get_by_role("link", name="Account")).to_be_visible()
        page.touchscreen.tap(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)  # a second tap closes it
        expect(page.get_by_role("link", name="Account")).to_be_hidden()
        expect(page.locator("kbd:visible")).to_have_count(0)

    served_browser.run(browser, steps, has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
    assert served_browser.posts == []
