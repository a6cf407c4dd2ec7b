"""From a file of people to the results of a campaign, as a manager goes it: each page is whole on the way."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.axe import findings
from tests.journeys.calling import BLOOM, PANEL, force, of_person, region
from tests.patience import PATIENCE

LIST = "/c/bloom-dental/campaigns/"
WINDOWS = {
    "wide": {"viewport": {"width": 1440, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True},
}
RUNS = {"wide": "55", "phone": "56"}
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def at_any_hour(window: Any) -> Iterator[None]:
    """Campaigns of Bloom Dental keep no calling hours, so that this goes at night, too."""
    page = window("admin@patchbay.test")
    _keep_hours(page, keeps=False)
    yield
    _keep_hours(page, keeps=True)


def _keep_hours(page: Page, *, keeps: bool) -> None:
    page.goto("/clients/bloom-dental/contact-rules/")
    rule = page.locator("details").filter(has=page.get_by_label("Campaigns keep calling hours", exact=True))
    rule.locator("summary").click()
    rule.get_by_label("Campaigns keep calling hours", exact=True).set_checked(keeps)
    rule.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main")).to_be_visible()


def is_whole(page: Page) -> None:
    assert findings(page) == []
    assert page.evaluate(SIDEWAYS) <= 0, "nothing is cut off beside the page"


@pytest.mark.parametrize("width", WINDOWS)
def test_a_file_becomes_a_campaign_with_results(window, sandbox, at_any_hour, talkative, width):
    page, run, name = window("owner@bloom.test", **WINDOWS[width]), RUNS[width], f"Spring {width}"
    page.goto(LIST)
    page.get_by_role("button", name="New campaign").click()
    page.wait_for_url("**/campaigns/drafts/*/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Assistant", exact=True).select_option(label="Recall NL")
    is_whole(page)

    region(page, "People").get_by_role("button", name="Add the people").click()
    page.wait_for_url("**/people/")
    is_whole(page)
    people = [f"Mevr. Zoë Bos;06-1300{run}01;maandag", f"Dhr. Kuiper;6 1300{run}02;", "Mevr. Visser;geen;vrijdag"]
    rows = "\n".join(["naam;telefoon;dag", *people])
    file = {"name": "spring.csv", "mimeType": "text/csv", "buffer": rows.encode("cp1252")}
    page.get_by_label("Drop a file here, or choose one").set_input_files(file)
    expect(region(page, "The file")).to_contain_text("3 rows, 3 columns")
    expect(region(page, "The file")).to_contain_text("“Mevr. Zoë Bos” reads as it should")
    is_whole(page)

    region(page, "Columns").get_by_label("Name of dag in the instructions").fill("weekday")
    region(page, "Columns").get_by_role("button", name="Save the columns").click()
    expect(region(page, "Columns").get_by_label("Name of dag in the instructions")).to_have_value("weekday")
    wrong = region(page, "Rows to correct")
    expect(wrong).to_contain_text("2 of 3 were not read")
    wrong.get_by_role("button", name="Read it like this").click()
    expect(wrong).to_contain_text("1 of 3 was not read")
    wrong.get_by_label(re.compile("Number.* in line 4")).fill("06 12")
    wrong.get_by_role("button", name="Read what is typed").click()
    expect(wrong.get_by_label(re.compile("Number.* in line 4"))).to_have_value("06 12")
    expect(wrong.get_by_label(re.compile("Number.* in line 4"))).to_have_attribute("aria-invalid", "true")
    is_whole(page)
    wrong.get_by_label(re.compile("Number.* in line 4")).fill(f"06 1300{run}03")
    wrong.get_by_role("button", name="Read what is typed").click()
    expect(page.get_by_text("1 row was read with what was typed.")).to_be_visible()
    expect(wrong).to_contain_text("Every row was read.")

    page.locator("summary", has_text="Add rows, or use another file").click()
    page.get_by_label("Or paste rows").fill(f"telefoon;naam\n06-1300{run}01;Mevr. Zoë Bos\n")
    page.get_by_role("button", name="Read it", exact=True).click()
    expect(page.get_by_text("Nothing is changed yet.")).to_be_visible()
    is_whole(page)
    page.get_by_label("Add the new rows to them").check()
    page.get_by_role("button", name="Read it", exact=True).click()
    expect(page.get_by_text("1 row is added to those of")).to_be_visible()
    expect(region(page, "The file")).to_contain_text("4 rows, 3 columns")

    page.get_by_role("link", name="Go on: when it calls").click()
    page.wait_for_url("**/campaigns/drafts/*/#when")
    expect(region(page, "People")).to_contain_text("3 of 4 will be called")
    when = region(page, "When")
    when.get_by_label("From", exact=True).fill("00:00")
    when.get_by_label("Until", exact=True).fill("23:59")
    for day in ("Sat", "Sun"):
        when.get_by_label(day).check()
    when.get_by_label("Not on public holidays").uncheck()
    says = region(page, "What it says")
    says.get_by_label("Instructions for this campaign").fill("Call {{name}}. Offer {{weekday}}.")
    expect(page.locator("#draft-preview .speech")).to_have_text("Call Mevr. Zoë Bos. Offer maandag.")
    says.get_by_role("button", name="Save").click()
    expect(says).to_contain_text("weekday is empty for 1 of 3 people.")
    is_whole(page)
    says.get_by_label("Say instead of weekday").fill("Monday")

    test = region(page, "Test call")
    person = f"+31 6 12345{run}1"
    test.get_by_label("Call me on").fill(person)
    test.get_by_role("button", name="Save and call this number now").click()
    page.wait_for_url(PANEL)
    force(sandbox, of_person(sandbox, person), "in-progress")
    expect(page.locator("#call-header")).to_contain_text("In progress")
    is_whole(page)
    force(sandbox, of_person(sandbox, person), "ended")
    page.get_by_role("link", name=f"Test call of {name}").click()
    page.wait_for_url("**/campaigns/drafts/*/#test")
    expect(region(page, "Test call")).to_contain_text(re.compile("Last test call: (Ended|In progress)"))
    is_whole(page)

    page.get_by_role("button", name="Save and review").click()
    page.wait_for_url("**/review/")
    expect(region(page, "What will be sent")).to_contain_text("calls 3 people")
    is_whole(page)
    page.get_by_role("button", name="Send 3 people to VoiceDock").click()
    page.wait_for_url("**/sending/")
    is_whole(page)
    page.get_by_role("link", name="Open the campaign").click()
    page.wait_for_url(re.compile("/campaigns/[0-9]+/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.get_by_role("button", name="Start").first.click()
    page.get_by_role("button", name="Start calling").click()
    expect(page.get_by_role("button", name="Pause").first).to_be_visible()
    is_whole(page)

    call_everybody(sandbox, name)
    expect(page.get_by_role("main")).to_contain_text("all 3 people were called", timeout=2 * PATIENCE * 1000)
    is_whole(page)

    page.goto(f"{page.url.partition('#')[0]}report/")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Report of {name}")
    expect(page.get_by_role("main")).to_contain_text("all 3 people were called")
    is_whole(page)


def call_everybody(sandbox: httpx.Client, name: str) -> None:
    """Each of its people is called, talks, and hangs up."""
    api = sandbox.base_url.join("/api/v1/campaigns")
    listed = sandbox.get(str(api), headers=BLOOM).json()["campaigns"]
    campaign = next(one["id"] for one in listed if one["name"] == name)
    done: set[str] = set()
    deadline = time.monotonic() + PATIENCE
    while len(done) < 3:
        assert time.monotonic() < deadline, f"{len(done)} of 3 people were called"
        leads = sandbox.get(f"{api}/{campaign}/leads", headers=BLOOM).json()["leads"]
        for call in {lead["call_id"] for lead in leads if lead["call_id"]} - done:
            force(sandbox, call, "in-progress")
            force(sandbox, call, "ended")
            done.add(call)
        time.sleep(2)  # each question counts towards VoiceDock's limit
