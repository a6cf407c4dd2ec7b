"""What every journey to a phone does: place a call, wait until somebody talks, see what reached VoiceDock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from playwright.sync_api import Page, expect

BEGIN = re.compile("^Call .*from")
PANEL = re.compile("/calls/[0-9a-f-]{36}/$")
BLOOM = {"Authorization": "Bearer sandbox-bloom"}
LISTEN = """() => {
    window.news = [];
    for (const name of ['changed:call', 'changed:campaign', 'changed:poll'])
        document.body.addEventListener(name, () => window.news.push(name));
}"""


def region(page: Page, name: str) -> Any:
    """The section of that heading."""
    return page.get_by_role("region", name=name, exact=True)


def place(page: Page, destination: str, assistant: str = "") -> None:
    """From *Call now* onto the panel of the new call."""
    page.get_by_role("link", name="Call now").first.click()
    page.get_by_label("Number to call").fill(destination)
    if assistant:
        page.get_by_role("radio", name=re.compile(f"^{assistant}")).check()
    page.get_by_role("button", name=BEGIN).click()
    page.wait_for_url(PANEL)


def open_opening(page: Page) -> Any:
    """The field for another opening sentence, which is folded away."""
    field = page.get_by_label("Opening sentence")
    if not field.is_visible():
        page.get_by_text("Say something else first").click()
    return field


def say_first(page: Page, words: str) -> None:
    open_opening(page).fill(words)


def talking(page: Page, sandbox: httpx.Client, destination: str, assistant: str) -> str:
    """A call of Bloom Dental in progress, on its panel; VoiceDock's id of it."""
    place(page, destination, assistant)
    remote = of_person(sandbox, destination)
    force(sandbox, remote, "in-progress")
    expect(page.locator("#call-header")).to_contain_text("In progress")
    return remote


def of_person(sandbox: httpx.Client, destination: str) -> str:
    """VoiceDock's id of Bloom Dental's newest call with this number."""
    return str(next(one["id"] for one in _newest(sandbox) if one["caller_phone"] == destination.replace(" ", "")))


def people_of_journeys(sandbox: httpx.Client) -> set[str]:
    """The numbers that Bloom Dental called because a journey wanted it: all begin alike."""
    return {one["caller_phone"] for one in _newest(sandbox) if str(one["caller_phone"]).startswith("+316123456")}


def _newest(sandbox: httpx.Client) -> list[dict[str, Any]]:
    """Bloom Dental's newest calls, as VoiceDock lists them."""
    listed = sandbox.get(str(sandbox.base_url.join("/api/v1/calls")), headers=BLOOM, params={"limit": 100})
    return list(listed.json()["calls"])


def force(sandbox: httpx.Client, remote: str, status: str) -> None:
    """Put a call into this status at VoiceDock."""
    answer = sandbox.post(f"calls/{remote}/force", json={"status": status})
    assert answer.is_success or answer.json().get("detail") == f"The call is {status}", answer.text


@contextmanager
def without_reload(page: Page, news: str) -> Iterator[None]:
    """Nothing inside may navigate: what changes has been told over the stream of events."""
    went: list[str] = []
    page.evaluate(LISTEN)
    page.on("framenavigated", listener := lambda frame: went.append(frame.url))
    yield
    page.remove_listener("framenavigated", listener)
    assert went == []
    heard = page.evaluate("() => window.news")
    assert f"changed:{news}" in heard and "changed:poll" not in heard


def commands(sandbox: httpx.Client, kind: str, call: str = "") -> list[Any]:
    """The bodies of the commands of this kind that reached VoiceDock; those into the call of this id only, if given."""
    asked = [one for one in sandbox.get("log").json()["requests"] if one["path"].endswith(f"{call}/control")]
    return [one["body"] for one in asked if one["body"].get("type") == kind]


def placed(sandbox: httpx.Client, destination: str) -> int:
    """How many requests to dial this number reached VoiceDock."""
    asked = [one for one in sandbox.get("log").json()["requests"] if one["path"].endswith("/calls/outbound")]
    return sum(destination in str(one["body"]) for one in asked)
