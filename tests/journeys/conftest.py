"""Journeys go through real processes with a real browser; one Patchbay for all of them."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from dashboard.running.sign_ins import PASSWORD
from tests import stack

PATIENCE = 20_000  # milliseconds, for a machine that is slow; nothing waits that long


@pytest.fixture(scope="session")
def patchbay(browser_type_launch_args: dict) -> Iterator[stack.Stack]:
    """Everything that `manage.py up` starts, with the demo in it: `.url`, `.sandbox_url`."""
    with stack.folder() as folder, stack.up(folder) as everything:
        yield everything


@pytest.fixture(scope="session")
def base_url(patchbay: stack.Stack) -> str:
    """So that `page.goto("/calls/")` is enough."""
    return patchbay.url


@pytest.fixture
def sandbox(patchbay: stack.Stack) -> Iterator[httpx.Client]:
    """The sandbox's own controls."""
    with httpx.Client(base_url=f"{patchbay.sandbox_url}/_sandbox/", trust_env=False, timeout=20) as levers:
        yield levers


@pytest.fixture
def talkative(sandbox: httpx.Client) -> Iterator[None]:
    """Whoever is called answers and talks, until the test is over."""
    sandbox.post("switches", json={"outcome": "conversation"})
    yield
    sandbox.post("switches", json={"outcome": ""})


@pytest.fixture
def window(browser: Any, base_url: str, sign_in: Callable[[Any, str], None]) -> Iterator[Callable[..., Any]]:
    """A page of somebody's own; the browser's options may follow. Its console must stay silent about policies."""
    open_ones, said = [], []

    def open_as(email: str = "", **options: Any) -> Any:
        context = browser.new_context(base_url=base_url, **options)
        context.set_default_timeout(PATIENCE)
        open_ones.append(context)
        page = context.new_page()
        page.on("console", lambda line: said.append(line.text) if _breaks_policy(line) else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        if email:
            sign_in(page, email)
        return page

    expect.set_options(timeout=PATIENCE)
    yield open_as
    for context in open_ones:
        context.close()
    assert said == []


def _breaks_policy(line: Any) -> bool:
    """What the page itself may not do; scripts that a test puts into it, such as axe, have no address."""
    return "Security Policy" in line.text and bool(line.location["url"])


@pytest.fixture
def sign_in(base_url: str) -> Callable[[Any, str], None]:
    """Through the form, as one of the demo's people; ends on the page that follows."""

    def enter(page: Any, email: str, password: str = PASSWORD) -> None:
        page.goto(f"{base_url}/accounts/login/")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/accounts/login/" not in url)

    return enter
