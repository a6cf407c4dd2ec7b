"""A campaign is made: from *New campaign* over its sections to the review, left and found again on the way."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.axe import findings
from tests.journeys.calling import region

LIST = "/c/bloom-dental/campaigns/"


def test_a_campaign_is_made_step_by_step(window):
    page = window("owner@bloom.test")
    page.goto(LIST)
    page.get_by_role("button", name="New campaign").click()
    page.wait_for_url("**/campaigns/drafts/*/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Campaign without a name")
    page.get_by_label("Name", exact=True).fill("Recall in spring")
    page.get_by_label("From", exact=True).fill("19:00")
    page.get_by_label("Instructions for this campaign").fill("Call {{name}} about a visit.")
    region(page, "When").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Choose an end that is later on the same day.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recall in spring")
    expect(page.get_by_label("From", exact=True)).to_have_value("19:00")
    assert findings(page) == []

    page.get_by_label("From", exact=True).fill("10:00")
    region(page, "When").get_by_label("Sat").check()
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("main").get_by_role("link", name="Campaigns", exact=True).click()
    expect(page.get_by_label("From", exact=True)).to_have_value("10:00")
    assert asked == ["beforeunload"], "what is not saved is not lost without a word"
    page.get_by_role("button", name="Leave for now").click()
    page.wait_for_url(f"**{LIST}")
    row = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="Recall in spring"))
    expect(row).to_contain_text("Missing: people")
    assert findings(page) == []

    row.get_by_role("link", name="Recall in spring").click()
    expect(page.get_by_label("From", exact=True)).to_have_value("10:00")
    expect(region(page, "When").get_by_label("Sat")).to_be_checked()
    page.get_by_role("button", name="Save and review").click()
    page.wait_for_url("**/review/")
    expect(region(page, "Before it can be sent")).to_contain_text("There is no file with people.")
    expect(region(page, "What will be sent")).to_contain_text(re.compile("from 10:00 to 17:00"))
    assert findings(page) == []

    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Delete the draft").click()
    expect(page.get_by_role("dialog")).to_contain_text("Nobody on it was called")
    page.get_by_role("button", name="Delete it").click()
    page.wait_for_url(f"**{LIST}")
    expect(page.get_by_role("link", name="Recall in spring")).to_have_count(0)


def test_the_preview_follows_what_is_typed_and_leads_from_person_to_person(window):
    page = window("owner@bloom.test")
    page.goto(LIST)
    page.get_by_role("link", name="Hygienist, winter").click()
    preview = page.locator("#draft-preview")
    expect(preview).to_contain_text("As Mevr. Zoë Brønsted gets it")
    page.get_by_label("Instructions for this campaign").fill("Good {{daypart}}, {{name}}.")
    expect(preview.locator(".speech")).to_have_text("Good ochtend, Mevr. Zoë Brønsted.")
    for _ in range(2):
        at = preview.locator("small").inner_text()
        preview.get_by_role("button", name="Next person").click()
        expect(preview.locator("small")).not_to_have_text(at)
    expect(preview.locator(".speech")).to_have_text("Good no value for daypart in this row, Mevr. F. Aydın.")
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_label("Instructions for this campaign")).to_have_value(re.compile("hygienist"))


def test_a_row_that_is_corrected_wrongly_keeps_its_place_and_says_so(window):
    page = window("owner@bloom.test")
    page.goto(LIST)
    page.get_by_role("link", name="Hygienist, winter").click()
    page.get_by_role("button", name="File, columns and rows to correct").click()
    page.wait_for_url("**/people/")
    region(page, "The file").get_by_role("link", name="3 rows to correct").click()
    number = page.get_by_label("Number of Mevr. A. Visser, in line 10")
    number.fill("0613")
    before = page.evaluate("performance.timeOrigin")
    page.get_by_role("button", name="Read what is typed").click()
    expect(region(page, "Rows to correct").get_by_text("This number is too short.")).to_be_in_viewport()
    expect(number).to_have_value("0613")
    expect(number).to_be_focused()
    assert page.evaluate("performance.timeOrigin") == before, "the part is swapped, the page stays"
    assert findings(page) == []
