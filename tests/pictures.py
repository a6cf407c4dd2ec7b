"""`manage.py pictures`: starts the demo in a temporary folder and takes the pictures of README.md and docs/."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, expect, sync_playwright

from dashboard.devserver.demo_logins import PASSWORD
from dashboard.devserver.paths import ROOT
from tests import stack
from tests.journeys.axe import stand_still
from tests.journeys.calling import force, of_person, place

FOLDER = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1440, 900
SIZE: Any = {"width": WIDTH, "height": HEIGHT}
SCHEMES = ("light", "dark")
CLIENT = "/c/bloom-dental/"
PERSON = "+31 6 1234 5699"
PATIENCE = 60_000  # milliseconds


def main(names: list[str]) -> None:
    """All of them, or those that are named."""
    if unknown := set(names) - set(PICTURES):
        sys.exit(f"There is no picture {', '.join(sorted(unknown))}; there are {', '.join(PICTURES)}.")
    FOLDER.mkdir(exist_ok=True)
    expect.set_options(timeout=PATIENCE)
    with stack.folder() as folder, stack.up(folder) as patchbay, chromium() as browser, controls(patchbay) as sandbox:
        with window(browser, patchbay.url, "owner@bloom.test") as page:
            until_it_has_its_history(page)
        for name in [name for name in PICTURES if name in names or not names]:
            email, show = PICTURES[name]
            with window(browser, patchbay.url, email) as page:
                show(page, sandbox)
                take(page, name)


def take(page: Page, name: str) -> None:
    stand_still(page)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.screenshot(path=file_of(name, scheme), caret="initial")
        sys.stdout.write(f"{file_of(name, scheme).relative_to(ROOT)}\n")


def controls(patchbay: stack.Stack) -> httpx.Client:
    """Of the sandbox."""
    return httpx.Client(base_url=f"{patchbay.sandbox_url}/_sandbox/", trust_env=False, timeout=20)


def file_of(name: str, scheme: str) -> Path:
    return FOLDER / f"{name}-{scheme}.png"


@contextmanager
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        sys.exit("No Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--hide-scrollbars"])


@contextmanager
def window(browser: Browser, url: str, email: str) -> Iterator[Page]:
    """Signed in, past the form."""
    with browser.new_context(base_url=url, viewport=SIZE, locale="en-GB") as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto("/accounts/login/")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda address: "/accounts/login/" not in address)
        yield page


def until_it_has_its_history(page: Page) -> None:
    """A worker of the demo reads it after the start: until no more calls are found."""
    found: list[str] = []
    while len(found) < 3 or len(set(found[-3:])) > 1 or found[-1].startswith("0 "):
        page.goto(f"{CLIENT}calls/?outcome=booked")
        found.append(page.locator(".page-header p").inner_text().partition("·")[0])
        page.wait_for_timeout(4000)


def live_panel(page: Page, sandbox: httpx.Client) -> None:
    """A call in progress, into which context and a sentence were sent; then the sandbox stands still."""
    sandbox.post("options", json={"outcome": "conversation"})
    page.goto(CLIENT)
    place(page, PERSON, "Recall NL")
    force(sandbox, of_person(sandbox, PERSON), "in-progress")
    expect(page.locator("#call-timeline .transcript-line")).not_to_have_count(0)
    page.get_by_placeholder("Something the assistant should know").fill("Her deductible is used up.")
    page.get_by_role("button", name="Send context").click()
    expect(page.locator("#call-timeline li.command-receipt")).to_contain_text("Accepted")
    expect(page.locator("#call-timeline .transcript-line").nth(2)).to_be_visible()
    page.get_by_role("radio", name="Say").check(force=True)
    page.get_by_placeholder("Exactly what the assistant should say").fill("Offer Thursday morning instead.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#call-timeline li.command-receipt").last).to_contain_text("Confirmed")
    expect(page.locator("#call-timeline .transcript-line").nth(5)).to_be_visible()
    page.get_by_role("radio", name="Context").check(force=True)
    sandbox.post("clock", json={"speed": 0})


def client_overview(page: Page, sandbox: httpx.Client) -> None:
    page.goto(CLIENT)


def staff_overview(page: Page, sandbox: httpx.Client) -> None:
    """Once the data is fresh: the history has kept the workers busy."""
    page.goto("/")
    expect(page.get_by_role("main")).not_to_contain_text("Its data is old", timeout=5 * PATIENCE)


def call(page: Page, sandbox: httpx.Client) -> None:
    """The newest call that ended with an appointment."""
    page.goto(f"{CLIENT}calls/?outcome=booked")
    named = page.locator(".call-row__person").filter(has_not_text="Netherlands,")
    named.get_by_role("link").first.click()
    expect(page.get_by_role("region", name="Summary")).to_be_visible()


def audit(page: Page, sandbox: httpx.Client) -> None:
    page.goto("/admin/")
    page.get_by_label("Client").select_option(label="Bloom Dental")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("main")).to_contain_text("About Bloom Dental")


PICTURES: dict[str, tuple[str, Callable[[Page, Any], None]]] = {  # who looks, and how they come to the page
    "client-overview": ("owner@bloom.test", client_overview),
    "staff-overview": ("admin@patchbay.test", staff_overview),
    "call": ("owner@bloom.test", call),
    "audit": ("auditor@patchbay.test", audit),
    "live-panel": ("operator@bloom.test", live_panel),  # the last: the sandbox stands still after it
}

if __name__ == "__main__":
    main(sys.argv[1:])
