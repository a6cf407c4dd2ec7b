"""A browser without scripts for `manage.py bench`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from dashboard.devserver.demo_logins import PASSWORD
from tests import stack


@contextmanager
def signed_in(patchbay: stack.Stack, email: str) -> Iterator[httpx.Client]:
    """A browser without scripts, past the sign-in."""
    with httpx.Client(base_url=patchbay.url, follow_redirects=True, trust_env=False, timeout=30) as browser:
        form = browser.get("/accounts/login/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        browser.post(
            "/accounts/login/",
            data={"login": email, "password": PASSWORD, "csrfmiddlewaretoken": token[1] if token else ""},
            headers={"Origin": patchbay.url},
        )
        yield browser
