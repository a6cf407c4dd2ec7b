"""Presets from the screen: one press fills the form, and what was shown then is what leaves."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.axe import findings
from tests.journeys.calling import BEGIN, PANEL, placed, region, say_first
from tests.journeys.test_what_will_be_sent import arrived, shown_json, without_reference

CALL = "/c/bloom-dental/call/"
WIDE, ON_A_PHONE, LINKED, SAVED = "+31 6 1234 5621", "+31 6 1234 5622", "+31 6 1234 5623", "+31 6 1234 5624"


def pick(page: Page, name: str) -> None:
    page.get_by_role("link", name=re.compile(f"^{name}")).click()
    expect(page.get_by_role("link", name=re.compile(f"^{name}"))).to_have_attribute("aria-current", "true")


def fill(page: Page, name: str, value: str) -> None:
    page.get_by_role("group", name="Values to fill in").get_by_label(name, exact=True).fill(value)


def call(page: Page, sandbox: Any, destination: str) -> dict[str, Any]:
    """Place the call that is shown; the body that arrived is the one that was shown before."""
    before = shown_json(page, "What will be sent")
    page.get_by_role("button", name=BEGIN).click()
    page.wait_for_url(PANEL)
    body = arrived(sandbox, destination)
    expect(page.locator("#sent").locator("xpath=../..")).to_contain_text("Made with")
    assert without_reference(body) == without_reference(before)
    return body


@pytest.mark.parametrize(("width", "destination"), [(1440, WIDE), (390, ON_A_PHONE)])
def test_a_preset_two_fields_and_the_call(window, talkative, sandbox, width, destination):
    page = window("operator@bloom.test")
    page.set_viewport_size({"width": width, "height": 1000})
    page.goto(CALL)
    page.get_by_label("Number to call").fill(destination)
    pick(page, "Appointment reminder")
    expect(page.get_by_label("Number to call")).to_have_value(re.compile("1234 56"))
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    plan = region(page, "What will be sent")
    expect(plan).to_contain_text("Not filled in: name, time.")
    fill(page, "Name", "Mrs de Wit")
    fill(page, "Time", "Tuesday, 10:40")
    expect(plan).to_contain_text("appointment on Tuesday, 10:40. Can you still come?")
    expect(plan).to_contain_text("with another opening sentence, 2 facts and 2 values filled in.")
    expect(page.locator("[data-line-reason-of]")).to_have_text("It is the line of this preset.")
    assert findings(page) == []
    body = call(page, sandbox, destination)
    assert body["assistant_override"]["first_message"] == (
        "Good afternoon Mrs de Wit, this is the assistant of Bloom Dental. I am calling about your appointment on "
        "Tuesday, 10:40. Can you still come?"
    )


def test_a_link_of_another_program_fills_the_form_and_dials_nothing(window, talkative, sandbox):
    page = window("owner@bloom.test")
    page.goto("/c/bloom-dental/settings/presets/")
    assert findings(page) == []
    link = region(page, "Payment reminder").get_by_label("Call link for another program").input_value()
    values = {"NUMBER": LINKED.replace("+", "%2B").replace(" ", ""), "NAME": "Ada", "AMOUNT": "80", "DUE_DATE": "May"}
    for word, value in values.items():
        link = re.sub(rf"=\b{word}\b", f"={value}", link)
    page.goto(link)
    expect(region(page, "What will be sent")).to_contain_text(
        "Good day Ada, this is Bloom Dental about an invoice of 80."
    )
    assert placed(sandbox, LINKED.replace(" ", "")) == 0
    body = call(page, sandbox, LINKED)
    assert "It was due on May." in str(body["assistant_override"]["llm_config"]["messages"])


def test_what_was_typed_on_call_now_is_saved_picked_and_deleted(window):
    page = window("owner@bloom.test")
    page.goto(CALL)
    page.get_by_label("Number to call").fill(SAVED)
    say_first(page, "Hello {{who}}, it rains.")
    page.get_by_label("Opening sentence").blur()
    fill(page, "Who", "Ada")
    page.get_by_role("button", name="Save as preset").click()
    expect(page.get_by_role("heading", name="New preset")).to_be_visible()
    expect(page.get_by_label("Opening sentence")).to_have_value("Hello {{who}}, it rains.")
    assert findings(page) == []
    page.get_by_label("Name", exact=True).fill("Rain")
    page.get_by_role("button", name="Save the preset").click()
    expect(region(page, "Rain")).to_contain_text("To fill in: Who")

    page.goto(CALL)
    pick(page, "Rain")
    expect(page.get_by_label("Opening sentence")).to_have_value("Hello {{who}}, it rains.")
    pick(page, "No preset")
    expect(page.get_by_label("Opening sentence")).to_have_value("")

    page.goto("/c/bloom-dental/settings/presets/")
    region(page, "Rain").get_by_role("link", name="Edit").click()
    page.get_by_role("button", name="Delete it").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("The preset Rain is deleted.")).to_be_visible()
    expect(region(page, "Rain")).to_have_count(0)
