"""A one-time assistant in the browser: made as a form and as JSON, and called with; what was shown is what left."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from tests.journeys.axe import findings
from tests.journeys.calling import BEGIN, PANEL, region
from tests.journeys.test_what_will_be_sent import arrived, shown_json

DESTINATION, PLANNED = "+31 6 1234 5679", "+31 6 1234 5668"


def test_a_one_time_assistant_is_made_shown_and_sent(window, talkative, sandbox):
    page = window("operator@bloom.test")
    page.goto("/c/bloom-dental/call/")
    page.get_by_role("link", name="One-time assistant", exact=True).click()
    page.get_by_role("link", name="see all one-time assistants").click()
    page.get_by_label("Begin with").select_option("")
    page.get_by_role("button", name="Make it").click()
    page.get_by_label("Name", exact=True).fill("Friday survey")
    page.get_by_label("Opening sentence").fill("Good afternoon, may I ask two questions?")
    page.get_by_label("Provider of the model").select_option("xai_realtime")
    expect(page.get_by_label("Speech detection: threshold")).to_be_visible()
    expect(page.get_by_label("Provider of speech recognition")).to_have_count(0)
    expect(page.get_by_label("Opening sentence")).to_have_value("Good afternoon, may I ask two questions?")
    page.get_by_label("Temperature").fill("7")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Give a number from 0 to 2.")).to_be_visible()
    assert findings(page) == []
    page.get_by_label("Temperature").fill("0.4")
    page.get_by_role("button", name="Advanced: show it as JSON").click()
    text = page.get_by_label("The assistant as JSON")
    text.fill(text.input_value().replace('"temperature": 0.4', '"temperature": 0.4 "new": 1'))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("a comma is missing here").first).to_be_visible()
    assert findings(page) == []
    text.fill(text.input_value().replace('0.4 "new"', '0.4, "new"'))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Friday survey")).to_be_visible()

    page.goto("/c/bloom-dental/call/once/")
    page.get_by_label("Number to call").fill(DESTINATION)
    page.get_by_role("radio", name="Friday survey").check()
    plan = region(page, "What will be sent")
    expect(plan).to_contain_text("Friday survey (one-time)")
    expect(plan).to_contain_text(DESTINATION)
    expect(plan).to_contain_text("Good afternoon, may I ask two questions?")
    before = shown_json(page, "What will be sent")
    assert findings(page) == []
    page.get_by_role("button", name=BEGIN).click()
    page.wait_for_url(PANEL)
    body = arrived(sandbox, DESTINATION)
    assert shown_json(page, "What was sent") == body
    assert body["assistant"]["metadata"].pop("our_ref") and before["assistant"]["metadata"].pop("our_ref")
    assert body == before
    assert body["assistant"]["llm_config"]["new"] == 1 and "stt_config" not in body["assistant"]
    assert body.keys() == {"destination", "number_id", "assistant"}


def test_its_values_are_asked_for_and_it_is_planned_for_later(window):
    page = window("operator@bloom.test")
    page.goto("/c/bloom-dental/call/one-time/new/?side=json")
    page.get_by_label("Name", exact=True).fill("Open questions")
    text = page.get_by_label("The assistant as JSON")
    first = '"first_message": "Hello {{name}}, is {{day}} fine?", '
    text.fill("{" + first + '"llm_config": {"provider": "xai_realtime", "model": "grok-voice-think-fast-2.0"}}')
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Open questions")).to_be_visible()

    page.goto("/c/bloom-dental/call/once/")
    page.get_by_label("Number to call").fill(PLANNED)
    page.get_by_role("radio", name="Open questions").check()
    plan = region(page, "What will be sent")
    expect(plan).to_contain_text("Not filled in: name, day")
    page.get_by_label("Name", exact=True).fill("Ada")
    page.get_by_label("Day", exact=True).first.fill("Friday")
    expect(plan).to_contain_text("Hello Ada, is Friday fine?")
    page.get_by_role("radio", name="At a time").check()
    day = (datetime.now(ZoneInfo("Europe/Amsterdam")) + timedelta(days=2)).date().isoformat()
    page.locator("[name=plan_date]").fill(day)
    page.get_by_label("Time", exact=True).fill("14:30")
    expect(plan).to_contain_text("at 14:30 (Amsterdam)")
    assert findings(page) == []
    page.get_by_role("button", name=re.compile(r"^Plan for \w{3} \d+ \w{3}, 14:30$")).click()
    page.wait_for_url("**/calls/planned/")
    row = page.get_by_role("row").filter(has_text=PLANNED).first
    expect(row).to_contain_text("Open questions (one-time)")
    row.get_by_role("link", name="Change").click()
    expect(page.locator("[name=variable-name]")).to_have_value("Ada")
    expect(page.get_by_role("radio", name="Open questions")).to_be_checked()


def test_who_has_no_right_sees_no_trace(window):
    page = window("owner@harbor.test")
    page.goto("/c/harbor-logistics/call/")
    expect(page.get_by_label("Number to call")).to_be_visible()
    expect(page.get_by_text("One-time")).to_have_count(0)
