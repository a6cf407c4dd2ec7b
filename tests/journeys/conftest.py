"""Journeys go through real processes with a real browser; one Patchbay for all of them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dashboard.running.sign_ins import PASSWORD
from tests import stack


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
def sign_in(base_url: str) -> Callable[[Any, str], None]:
    """Through the form, as one of the demo's people; ends on the page that follows."""

    def enter(page: Any, email: str, password: str = PASSWORD) -> None:
        page.goto(f"{base_url}/accounts/login/")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/accounts/login/" not in url)

    return enter
