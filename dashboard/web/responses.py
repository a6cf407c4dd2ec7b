"""Answers that need no thread: health, and refusals in words."""

from __future__ import annotations

import json as encoder
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.template import loader

from dashboard.web.request_bodies import Message

Send = Callable[[Message], Awaitable[None]]
WORDS = {
    400: ("That could not be read", "Nothing was done. Go back and try again from the page itself."),
    408: ("That took too long to arrive", "Nothing was done. Check your connection, go back and try again."),
    413: ("That is too much to send at once", "Nothing was done. Go back and send less."),
    503: ("Too much is going on at this moment", "Nothing was done. Go back and try again in half a minute."),
}
POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'"


async def text(scope: Message, send: Send, status: int, words: str) -> None:
    await _answer(scope, send, status, "text/plain; charset=utf-8", words.encode())


async def json(scope: Message, send: Send, status: int, content: dict[str, Any]) -> None:
    await _answer(scope, send, status, "application/json", encoder.dumps(content).encode())


async def empty(scope: Message, send: Send, status: int) -> None:
    await _answer(scope, send, status, "text/html; charset=utf-8", b"")


async def refuse(scope: Message, send: Send, status: int, *, more: Callable[[], Awaitable[None]] | None = None) -> None:
    """Nothing was done, and why. `more` runs before the connection is closed."""
    title, words = WORDS[status]
    page = loader.render_to_string("refused.html", {"title": title, "words": words})
    await _answer(scope, send, status, "text/html; charset=utf-8", page.encode(), more, last=True)


async def _answer(
    scope: Message,
    send: Send,
    status: int,
    kind: str,
    body: bytes,
    more: Callable[[], Awaitable[None]] | None = None,
    *,
    last: bool = False,
) -> None:
    headers = {
        "content-type": kind,
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "content-security-policy": POLICY,
    }
    if settings.SECURE_HSTS_SECONDS:
        headers["strict-transport-security"] = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["retry-after"] = "5"
    if last:
        headers["connection"] = "close"
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    shown = b"" if scope["method"] == "HEAD" else body
    if more is not None:
        await send({"type": "http.response.body", "body": shown, "more_body": True})
        await more()
        shown = b""
    await send({"type": "http.response.body", "body": shown, "more_body": False})
