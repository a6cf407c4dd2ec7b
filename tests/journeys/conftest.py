"""Journeys go through real processes with a real browser; one Patchbay for all of them."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from dashboard.devserver.demo_logins import PASSWORD
from tenants.access.reauthentication import MAX_AGE
from tests import patience, stack
from tests.journeys.calling import people_of_journeys

PATIENCE = patience.PATIENCE * 1000  # milliseconds
RECENT = MAX_AGE / 2  # seconds; a sign-in that is older makes the dialog *Confirm that it is you* come


@pytest.fixture(scope="session")
def patchbay(browser_session: ExitStack, browser_type_launch_args: dict) -> stack.Stack:
    """Everything that `manage.py up` starts, with the demo in it: `.url`, `.sandbox_url`."""
    folder = browser_session.enter_context(stack.folder())
    return browser_session.enter_context(stack.up(folder, PATCHBAY_WEB_PROCESSES="1"))  # whose log tests read


@pytest.fixture(scope="session")
def base_url(patchbay: stack.Stack) -> str:
    """So that `page.goto("/calls/")` is enough."""
    return patchbay.url


@pytest.fixture
def sandbox(patchbay: stack.Stack) -> Iterator[httpx.Client]:
    """The sandbox's own controls."""
    with httpx.Client(base_url=f"{patchbay.sandbox_url}/_sandbox/", trust_env=False, timeout=20) as admin_api:
        yield admin_api


@pytest.fixture
def talkative(sandbox: httpx.Client) -> Iterator[None]:
    """Whoever is called answers and talks, until the test is over; then they hang up, as a client's lines are few."""
    sandbox.post("options", json={"outcome": "conversation"})
    yield
    for person in people_of_journeys(sandbox):
        sandbox.post("hang-up", json={"number": person})
    sandbox.post("options", json={"outcome": ""})
    sandbox.delete("faults")


@pytest.fixture
def stillness(sandbox: httpx.Client) -> Iterator[None]:
    """In the sandbox nothing happens by itself, until the test is over."""
    sandbox.post("clock", json={"speed": 0})
    yield
    behind = -sandbox.get("clock").json()["ahead_seconds"]
    sandbox.post("clock", json={"speed": 1, "advance": max(0, behind)})


@pytest.fixture(scope="session")
def signed_in() -> dict[str, tuple[float, Any]]:
    """Who has come through the form already: when, and what the browser kept of it."""
    return {}


@pytest.fixture
def window(
    browser: Any,
    base_url: str,
    sign_in: Callable[[Any, str], None],
    signed_in: dict[str, tuple[float, Any]],
    request: pytest.FixtureRequest,
) -> Iterator[Callable[..., Any]]:
    """A page of somebody's own; the browser's options may follow. Its console must stay silent. When the test fails,
    what each page showed is printed."""
    open_ones, console, failed = [], [], request.session.testsfailed

    def open_as(email: str = "", **options: Any) -> Any:
        since, kept = signed_in.get(email, (float("-inf"), None))
        is_kept = time.monotonic() - since < RECENT
        context = browser.new_context(base_url=base_url, storage_state=kept if is_kept else None, **options)
        context.set_default_timeout(PATIENCE)
        open_ones.append(context)
        page = context.new_page()
        page.on("console", lambda line: console.append(f"{page.url} {line.text}") if _is_trouble(line) else None)
        page.on("pageerror", lambda error: console.append(f"{page.url} {error}"))
        if email and not is_kept:
            sign_in(page, email)
            signed_in[email] = (time.monotonic(), context.storage_state())
        return page

    expect.set_options(timeout=PATIENCE)
    yield open_as
    for context in open_ones:
        for page in context.pages if request.session.testsfailed > failed else ():
            sys.stdout.write(f"{page.url}\n{page.inner_text('body')}\n")
        context.close()
    assert console == []


def _is_trouble(line: Any) -> bool:
    """Errors and broken policies. Scripts that a test puts into the page, such as axe, have no address; and that a
    page is absent, or a form refused, the browser says too."""
    address = line.location["url"]
    if not address or (line.type != "error" and "Security Policy" not in line.text):
        return False
    return not any(f"status of {one}" in line.text for one in (401, 403, 404, 410, 422)) or "/static/" in address


@pytest.fixture
def sign_in(base_url: str) -> Callable[[Any, str], None]:
    """Through the form, as one of the demo's people; ends on the page that follows."""

    def enter(page: Any, email: str, password: str = PASSWORD) -> None:
        page.goto(f"{base_url}/accounts/login/")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/accounts/login/" not in url)

    return enter
