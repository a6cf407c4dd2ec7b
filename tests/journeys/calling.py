"""What every journey to a phone does: place a call, wait until somebody talks, see what reached VoiceDock."""

from __future__ import annotations

import re
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from tests.journeys.axe import findings

BEGIN = re.compile("^Call .*from")


def region(page: Page, name: str) -> Any:
    """The section of that heading."""
    return page.get_by_role("region", name=name, exact=True)


def place(page: Page, destination: str, assistant: str = "") -> None:
    """From *Call now* onto the panel of the new call."""
    page.get_by_role("link", name="Call now").first.click()
    page.get_by_label("Who do you call").fill(destination)
    if assistant:
        page.get_by_role("radio", name=re.compile(f"^{assistant}")).check()
    assert findings(page) == []
    page.get_by_role("button", name=BEGIN).click()
    page.wait_for_url(re.compile("/calls/[0-9a-f-]{36}/$"))


def talking(page: Page, destination: str, assistant: str) -> None:
    """A call in progress, on its panel."""
    place(page, destination, assistant)
    expect(page.get_by_role("main")).to_contain_text("In progress")


def commands(sandbox: httpx.Client, kind: str) -> list[Any]:
    """The bodies of the commands of this kind that reached VoiceDock."""
    asked = [one for one in sandbox.get("log").json()["requests"] if one["path"].endswith("/control")]
    return [one["body"] for one in asked if one["body"].get("type") == kind]


def placed(sandbox: httpx.Client, destination: str) -> int:
    """How many requests to dial this number reached VoiceDock."""
    asked = [one for one in sandbox.get("log").json()["requests"] if one["path"].endswith("/calls/outbound")]
    return sum(destination in str(one["body"]) for one in asked)
