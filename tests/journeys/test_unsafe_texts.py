"""Hostile strings come the way everything comes, from VoiceDock and from people, and every page shows them as text.

By its name this runs after the other journeys: the rows that it leaves are no demo to look at.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.journeys.calling import PANEL, place, region
from tests.journeys.hostile import CORPUS, FORMULAS, Traps, named, not_literal

STAFF = ["/", "/live/", "/clients/", "/clients/corpus/", "/clients/new/", "/clients/corpus/caller-id/", "/inventory/",
         "/calls/", "/campaigns/", "/connections/", "/activity/"]  # fmt: skip
CLIENT = ["", "call/", "live/", "calls/", "caller-id/", "campaigns/", "team/", "settings/", "activity/"]
LISTS = ["tenants/tenant", "tenants/connection", "tenants/number", "tenants/assistant", "tenants/numberdedication",
           "tenants/assistantdedication", "tenants/membership", "tenants/auditentry", "calls/call",
           "calls/callreport", "calls/receipt", "campaigns/campaign", "campaigns/lead"]  # fmt: skip
MESSAGES = CORPUS[:4]
NAMES = {what: named(what) for what in ("Org", "Client", "City", "Line", "Voice", "Hello", "Drive", "Owner", "Lead")}
TALKS, BREAKS, LISTENS = "+31612345691", "+31612345692", "+31612345693"


@dataclass
class Corpus:
    """The client that all of it belongs to: its owner's window, and VoiceDock's side of it."""

    owner: Any
    staff: Any
    vendor: httpx.Client
    campaign: str

    def of_person(self, number: str) -> str:
        listed = self.vendor.get("calls").json()["calls"]
        return str(next(one["id"] for one in listed if one["caller_phone"] == number))


@pytest.fixture
def vendor(patchbay) -> Iterator[httpx.Client]:
    """VoiceDock, as an organization with a hostile name sees it."""
    with httpx.Client(base_url=f"{patchbay.sandbox_url}/api/v1/", trust_env=False, timeout=20) as client:
        agency = {"Authorization": "Bearer sandbox-agency"}
        parent = client.get("organizations", headers=agency).json()["id"]
        asked = {"name": NAMES["Org"], "parent_org_id": parent}
        client.headers["Authorization"] = (
            f"Bearer {client.post('organizations', headers=agency, json=asked).json()['api_key']}"
        )
        yield client


@pytest.fixture
def corpus(window, vendor, sandbox, stillness) -> Iterator[Corpus]:
    """An assistant, a line and a campaign at VoiceDock; the connection, the client and its owner here."""
    asked = {"name": NAMES["Voice"], "first_message": NAMES["Hello"], "model": {"provider": "openai"}}
    assistant = made(vendor.post("assistants", json=asked))["assistant"]["id"]
    line = {"phone_number": "+31205550191", "name": NAMES["Line"], "agent_id": assistant}
    made(vendor.post("numbers", json=line))
    leads = [{"phone_number": TALKS, "variables": {"name": NAMES["Lead"], "day": "<i data-corpus>Mon</i>"}}]
    leads += [
        {"phone_number": f"+3161235{at:04d}", "variables": {"name": one, "day": one}} for at, one in enumerate(CORPUS)
    ]
    body = {"name": NAMES["Drive"], "agent_id": assistant, "system_message_template": "\n".join(CORPUS)}
    body |= {"leads": leads, "schedule_start_time": "00:00:00", "schedule_end_time": "23:59:59"}
    campaign = made(vendor.post("campaigns", json=body))["campaign"]["id"]
    scripted = "".join(f"\n[[person]]\nnumber = '{one}'\nanswers_after = 2\nsays = {json.dumps(MESSAGES)}"
                       for one in (TALKS, BREAKS, LISTENS))  # fmt: skip
    made(sandbox.post("scenarios", json={"toml": f'name = "corpus"\n{scripted}'}))

    staff_page = window("admin@patchbay.test")
    staff_page.goto("/connections/")
    add = region(staff_page, "Add a connection")
    add.get_by_label("Name").fill(NAMES["Org"])
    add.get_by_label("API key").fill(vendor.headers["Authorization"].removeprefix("Bearer "))
    add.get_by_role("button").click()
    staff_page.get_by_role("button", name="Sync now").click()
    expect(region(staff_page, "The organization")).to_contain_text(re.compile(r"Assistants\s*1"))
    expect(region(staff_page, "The organization")).to_contain_text(re.compile(r"Numbers\s*1"))
    staff_page.get_by_role("button", name="Set up webhooks").click()
    expect(staff_page.get_by_role("main")).to_contain_text("1 of 1 assistants")
    yield Corpus(owner(window, staff_page), staff_page, vendor, campaign)
    sandbox.delete("scenarios")


def made(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()


def owner(window: Callable[..., Any], staff_page: Any) -> Any:
    """Opens the client with everything hostile in it, and comes in by its owner's invitation."""
    staff_page.goto("/clients/new/")
    staff_page.get_by_label("Name", exact=True).fill(NAMES["Client"])
    staff_page.get_by_label("Short name").fill("corpus")
    staff_page.get_by_label("City").fill(NAMES["City"][:80])
    for field, label in (("Connection", "Org"), ("First number", "Line"), ("First assistant", "Voice")):
        box = staff_page.get_by_label(field, exact=field == "Connection")
        option = box.locator("option").filter(has_text=NAMES[label])
        box.select_option(option.first.get_attribute("value"))
    staff_page.get_by_label("First owner’s name").fill(NAMES["Owner"])
    staff_page.get_by_label("First owner’s e-mail").fill("owner@corpus.test")
    staff_page.get_by_role("button", name="Open this client").click()
    link = staff_page.get_by_label("Invitation link").input_value()
    page = window()
    page.goto(link)
    page.get_by_label("name").fill(NAMES["Owner"])
    page.get_by_label("Password").fill("a-long-enough-passphrase")
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    return page


def test_nothing_hostile_is_more_than_text(corpus, sandbox, window, base_url, browser):
    people = [corpus.owner, corpus.staff, window("auditor@patchbay.test")]
    client, staff, auditor = (Traps(page, base_url) for page in people)
    wrong: list[str] = []
    board = window("support@patchbay.test")
    on_the_board = Traps(board, base_url)
    board.goto("/live/?client=corpus")

    whole = talked(corpus, sandbox, client, wrong)
    broken = broke_off(corpus, sandbox, client, wrong)
    expect(board.locator("#live-board")).to_be_visible()
    wrong += on_the_board.sprung()
    wrong += walk(client, [f"/c/corpus/{path}" for path in CLIENT])
    campaign = link(client.page, "/c/corpus/campaigns/", NAMES["Drive"])
    wrong += walk(client, [campaign], *CORPUS, NAMES["Drive"], NAMES["Lead"], NAMES["Voice"])
    wrong += walk(client, [whole], *MESSAGES, NAMES["Lead"])
    wrong += walk(client, [broken], CORPUS[4], CORPUS[9])
    wrong += walk(client, ["/c/corpus/settings/", "/c/corpus/"], NAMES["Client"])
    wrong += exported(client.page)
    connection = link(staff.page, "/connections/", NAMES["Org"])
    wrong += walk(staff, [*STAFF, connection])
    wrong += walk(staff, ["/clients/corpus/"], *(NAMES[one] for one in ("Client", "Line", "Voice", "Owner")))
    for admin_list in LISTS:
        wrong += walk(auditor, [f"/admin/{admin_list}/"])
        first = auditor.page.locator("#result_list tbody th a")
        wrong += walk(auditor, [first.first.get_attribute("href")] if first.count() else [])
    assert wrong == [], "\n".join(wrong)
    knocked_out(browser, corpus.owner, base_url, whole)


def talked(corpus: Corpus, sandbox: httpx.Client, client: Traps, wrong: list[str]) -> str:
    """The campaign calls somebody whose name, words and summary are hostile: before one's eyes, over the stream."""
    page = client.page
    later(sandbox, 0)
    page.goto("/c/corpus/campaigns/")
    page.get_by_role("link", name=NAMES["Drive"], exact=True).click()
    page.get_by_role("button", name="Start").first.click()
    page.get_by_role("button", name="Start calling").click()
    expect(page.get_by_role("button", name="Pause").first).to_be_visible()
    later(sandbox, 4)
    page.goto("/c/corpus/live/")
    page.locator("#live-board a[href*='/calls/']").first.click()
    page.wait_for_url(PANEL)
    later(sandbox, 20)
    expect(page.locator("#call-timeline")).to_contain_text(MESSAGES[0])
    wrong += client.sprung()
    corpus.vendor.patch(f"campaigns/{corpus.campaign}", json={"status": "paused"})
    later(sandbox, 75)
    expect(page.locator("#call-page")).to_contain_text(f"{NAMES['Lead']} confirmed")
    wrong += client.sprung()
    return str(page.url)


def broke_off(corpus: Corpus, sandbox: httpx.Client, client: Traps, wrong: list[str]) -> str:
    """A call placed here: steered with hostile words, and ended with an error in VoiceDock's."""
    page = client.page
    page.goto("/c/corpus/")
    place(page, BREAKS)
    remote = corpus.of_person(BREAKS)
    made(sandbox.post(f"calls/{remote}/force", json={"status": "in-progress"}))
    expect(page.get_by_role("button", name="Send context")).to_be_enabled()
    page.get_by_placeholder("Something the assistant should know").fill(CORPUS[4])
    page.get_by_role("button", name="Send context").click()
    expect(page.locator("#call-timeline")).to_contain_text(CORPUS[4])
    expect(page.locator("#call-timeline")).to_contain_text("Accepted")
    wrong += client.sprung()
    ended = {"status": "ended-with-error", "error": CORPUS[9], "end_reason": CORPUS[2]}
    made(sandbox.post(f"calls/{remote}/force", json=ended))
    expect(page.locator("#call-page")).to_contain_text(CORPUS[9])
    wrong += client.sprung()
    return str(page.url)


def later(sandbox: httpx.Client, seconds: int) -> None:
    """So long after this moment: VoiceDock's clock stands still, and what happens there shall not lie in the past."""
    behind = -sandbox.get("clock").json()["ahead_seconds"]
    made(sandbox.post("clock", json={"advance": max(0, behind) + seconds}))


def walk(traps: Traps, addresses: list[str], *readable: str) -> list[str]:
    found = []
    for address in addresses:
        answer = traps.page.goto(address)
        found += [] if answer.status == 200 else [f"{address} answers {answer.status}"]
        found += traps.sprung() + not_literal(traps.page, *readable)
    return found


def link(page: Any, address: str, name: str) -> str:
    page.goto(address)
    return str(page.get_by_role("main").get_by_role("link", name=name, exact=True).first.get_attribute("href"))


def exported(page: Any) -> list[str]:
    """No cell of an export begins as a formula would."""
    answer = page.request.get("/c/corpus/calls/export.csv?part=whole")
    text = answer.text()
    assert answer.ok and "text/csv" in answer.headers["content-type"] and BREAKS[3:] in text
    return [f"a formula in the export: {one}" for one in FORMULAS if re.search(rf'(^|[,;"]){re.escape(one)}', text)]


def knocked_out(browser: Any, owner: Any, base_url: str, address: str) -> None:
    """As if a template said `safe`: the traps see what is made and what the policy stops; without one, what it does."""
    for policy in (True, False):
        context = browser.new_context(base_url=base_url, storage_state=owner.context.storage_state())
        page = context.new_page()
        traps = Traps(page, base_url)

        def unescaped(policy: bool, route: Any) -> None:
            answer = route.fetch()
            headers = {name: value for name, value in answer.headers.items() if policy or "policy" not in name}
            route.fulfill(response=answer, headers=headers, body=html.unescape(answer.text()))

        page.route(f"**{address.removeprefix(base_url)}", partial(unescaped, policy))
        page.goto(address)
        found = "\n".join(traps.sprung())
        context.close()
        assert "made <script" in found and "made <img" in found and "onerror does alert" in found
        assert ("policy" in found) if policy else ("dialog 1" in found and "request http" in found), found
