"""Somebody whose session ends while they fill in a form signs in again, and goes on where they were."""

from __future__ import annotations

from playwright.sync_api import expect

from dashboard.devserver.demo_logins import PASSWORD
from tests.journeys.axe import findings
from tests.journeys.calling import BEGIN


def test_the_form_is_filled_again_after_signing_in(window):
    page = window("operator@bloom.test")
    page.goto("/c/bloom-dental/call/")
    page.get_by_label("Number to call").fill("+31 6 1234 5678")
    page.get_by_text("Say something else first").click()
    page.locator("[name=first_message]").fill("Good morning, this is typed.")
    page.context.clear_cookies(name="patchbay-session")
    page.get_by_role("button", name=BEGIN).click()
    page.wait_for_url("**/accounts/login/**")
    page.get_by_label("E-mail").fill("operator@bloom.test")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/c/bloom-dental/call/")
    note = page.locator("[data-saved-form]")
    expect(note).to_contain_text("was not sent")
    expect(note).to_contain_text("in the form again")
    expect(page.locator("[name=first_message]")).to_have_value("Good morning, this is typed.")
    expect(page.locator("[name=first_message]")).to_be_visible()
    expect(page.locator("[name=destination]")).to_have_value("+31 6 1234 5678")
    assert findings(page) == []
