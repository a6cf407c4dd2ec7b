"""One request to an endpoint as a person: what came back, what it wrote and what it leaked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.test import RequestFactory
from django.test.client import ClientHandler

from tests.fixtures.canary_tenant import CanaryTenant
from tests.fixtures.two_tenants import Person, TwoTenants, rolled_back

WRITES = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?', re.I)
NEUTRAL = {"django_session", "usersessions_usersession", "tenants_user"}  # last use of a session, last log-in
BETWEEN = " ()-\u00a0\u2009\u200b\u202f\u2060".encode()  # whatever a number may be written with
ONCE = re.compile(
    rb'(?:nonce|hx-headers(?::inherited)?|data-now|data-seconds-left)=(?:"[^"]*"|\'[^\']*\')'
    rb'|value="[A-Za-z0-9]{64}"'
)
handler = ClientHandler(enforce_csrf_checks=False)


class Environ(RequestFactory):
    """What a server hands over."""

    def request(self, **given: Any) -> Any:
        return self._base_environ(**given)


@dataclass
class Answer:
    status: int
    headers: str
    body: bytes
    wrote: set[str]
    asked: list[str]
    location: str

    @property
    def word(self) -> str:
        """What the person met, in the words of the table."""
        if self.status == 302 and self.location.startswith("/accounts/login/?next="):
            return "sign-in"
        return {403: "forbidden", 404: "missing", 405: "no such method"}.get(self.status, "in")

    @cached_property
    def text(self) -> bytes:
        return self.body + self.headers.encode()

    @cached_property
    def bare(self) -> bytes:
        """With nothing between the digits of a number."""
        return self.text.translate(None, BETWEEN).replace(b"&nbsp;", b"")

    @property
    def shape(self) -> bytes:
        """The body without what differs in every answer."""
        return ONCE.sub(b"", self.body)


def ask(
    two_tenants: TwoTenants,
    who: Person,
    method: str,
    address: str,
    data: dict[str, Any] | None = None,
    *,
    afterwards: Callable[[], None] = lambda: None,
) -> Answer:
    """Send one request and roll back what it wrote; `afterwards` runs before that if it wrote anything."""
    two_tenants.asked.clear()
    body = urlencode(data or {}, doseq=True) if method not in ("GET", "HEAD") else ""
    environ = Environ().generic(
        method,
        address,
        body,
        content_type="application/x-www-form-urlencoded",
        HTTP_COOKIE=who.cookie,
    )
    with rolled_back(), _watched() as wrote:
        response = handler(environ)
        content = b"".join(response.streaming_content) if response.streaming else response.content
        headers = "\n".join(f"{name}: {value}" for name, value in response.items())
        headers += str(response.cookies)
        if wrote - NEUTRAL:
            afterwards()
    return Answer(
        response.status_code, headers, content, wrote - NEUTRAL, list(two_tenants.asked), response.get("Location", "")
    )


@contextmanager
def _watched() -> Iterator[set[str]]:
    wrote: set[str] = set()

    def note(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        if isinstance(sql, str) and (found := WRITES.match(sql)):
            wrote.add(found[1].lower())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield wrote


def leaks(answer: Answer, canary: CanaryTenant, *, given: str = "", kinds: tuple[str, ...] = ()) -> list[str]:
    """Canaries of a tenant in the body, the headers or a file name; `given` is what the request itself contained."""
    found = []
    for kind, texts in canary.canaries.items():
        if not kinds or kind in kinds:
            text = answer.bare if kind == "numbers" else answer.text
            found += [word for word in texts if word not in given and word.encode() in text]
    return found
