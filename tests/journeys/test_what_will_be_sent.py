"""What the screen says before a call is what arrives at VoiceDock: the saved assistant as it is, and with changes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.axe import findings
from tests.journeys.calling import BEGIN, PANEL, open_opening, region, say_first

AS_IT_IS, ON_A_PHONE, CHANGED = "+31 6 1234 5671", "+31 6 1234 5673", "+31 6 1234 5672"


def arrived(sandbox: Any, destination: str) -> dict[str, Any]:
    """The one body that dialed this number."""
    asked = [one["body"] for one in sandbox.get("log").json()["requests"] if one["path"].endswith("/calls/outbound")]
    (body,) = [body for body in asked if body["destination"] == destination.replace(" ", "")]
    return body


def shown_json(page: Page, heading: str) -> dict[str, Any]:
    sheet = region(page, heading)
    for details in sheet.locator("details", has_text="As JSON").all():  # beside a live call, one within another
        if details.get_attribute("open") is None:
            details.locator("> summary").click()
    return json.loads(sheet.locator("pre").inner_text())


def without_reference(body: dict[str, Any]) -> dict[str, Any]:
    """The id of the call is not known before it is placed."""
    assert body["assistant_override"]["metadata"].pop("our_ref")
    return body


@pytest.mark.parametrize(("width", "destination"), [(1440, AS_IT_IS), (390, ON_A_PHONE)])
def test_the_words_before_the_call_are_what_leaves(window, talkative, sandbox, width, destination):
    page = window("operator@bloom.test")
    page.set_viewport_size({"width": width, "height": 1000})
    page.goto("/c/bloom-dental/call/")
    page.get_by_label("Number to call").fill(destination)
    page.get_by_role("radio", name=re.compile("^Recall NL")).check()
    expect(region(page, "What will be sent")).to_contain_text(destination)
    expect(region(page, "What will be sent")).to_contain_text("as it is saved.")
    before = shown_json(page, "What will be sent")
    assert findings(page) == []
    page.get_by_role("button", name=BEGIN).click()
    page.wait_for_url(PANEL)
    body = arrived(sandbox, destination)
    assert without_reference(body) == without_reference(before)
    assert body["assistant_override"] == {"metadata": {}}


def test_what_the_call_changes_is_shown_sent_and_kept(window, talkative, sandbox):
    page = window("operator@bloom.test")
    page.goto("/c/bloom-dental/call/")
    page.get_by_label("Number to call").fill(CHANGED)
    page.get_by_role("radio", name=re.compile("^Recall NL")).check()
    say_first(page, "Good afternoon {{name}}, it is about {{time}}.")
    page.get_by_label("Facts for this call").fill("40 minutes with Dr Bloom\nTakes apixaban")
    plan = region(page, "What will be sent")
    expect(plan).to_contain_text("Not filled in: name, time.")
    values = page.get_by_role("group", name="Values to fill in")
    values.get_by_label("Name", exact=True).fill("Mrs de Wit")
    values.get_by_label("Time", exact=True).fill("Tuesday, 10:40")
    expect(plan).to_contain_text("with another opening sentence, 2 facts and 2 values filled in.")
    expect(plan).to_contain_text("Good afternoon Mrs de Wit, it is about Tuesday, 10:40.")
    expect(plan).not_to_contain_text("Not filled in")
    before = shown_json(page, "What will be sent")
    page.get_by_label("Facts for this call").press("End")
    assert findings(page) == []

    page.get_by_role("button", name=BEGIN).click()
    page.wait_for_url(PANEL)
    body = arrived(sandbox, CHANGED)
    assert shown_json(page, "What was sent") == body
    assert without_reference(body) == without_reference(before)
    override = body["assistant_override"]
    assert override["first_message"] == "Good afternoon Mrs de Wit, it is about Tuesday, 10:40."
    assert override["llm_config"]["messages"][0]["content"].endswith("- 40 minutes with Dr Bloom\n- Takes apixaban")
    assert not {"agent_id", "agent", "agent_config"} & (body.keys() | override.keys())


def test_what_is_typed_while_the_fields_are_drawn_anew_stays(window):
    page = window("operator@bloom.test")
    page.goto("/c/bloom-dental/call/")
    fields, held = page.locator("#call-changes"), []
    fields.evaluate("block => block.setAttribute('data-before', '')")
    page.route("**/call/preview/?part=changes", lambda route: held.append(route))
    open_opening(page)
    with page.expect_request("**/call/preview/?part=changes"):
        page.get_by_role("radio", name=re.compile("^Front desk live")).check()
    page.locator("[name=first_message]").fill("Typed meanwhile.")
    held[0].continue_()
    expect(page.locator("#call-changes[data-before]")).to_have_count(0)
    expect(page.locator("[name=first_message]")).to_have_value("Typed meanwhile.")
    expect(page.locator("[name=first_message]")).to_be_visible()


def test_the_field_of_a_variable_comes_while_its_text_is_typed_and_takes_nothing_from_who_types(window):
    page = window("operator@bloom.test")
    page.goto("/c/bloom-dental/call/")
    opening = open_opening(page)
    opening.press_sequentially("Good morning {{name}}")
    expect(page.get_by_label("Name", exact=True)).to_be_visible()
    expect(opening).to_be_focused()
    opening.press_sequentially(", this is Bloom.")
    expect(opening).to_have_value("Good morning {{name}}, this is Bloom.")
    expect(page.locator("#opening-words")).to_have_text("Good morning Name, this is Bloom.")
    page.get_by_label("Name", exact=True).fill("Mrs de Wit")
    expect(page.locator("#opening-words")).to_have_text("Good morning Mrs de Wit, this is Bloom.")
