"""`/events/`: server-sent events for one browser, as a plain ASGI application.

A stream holds neither a thread nor a connection: its task waits for the browser to leave, and what is sent to it is
written by tasks that all streams share (`writing.Writer`, `sessions.Sessions`). That are ids and versions: the browser
asks for the rows through the authorised views.
"""

from __future__ import annotations

import asyncio
import re
from functools import partial
from http.cookies import CookieError
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.db import DatabaseError
from django.http.cookie import parse_cookie

from dashboard.live_updates import feed, sessions
from dashboard.live_updates.access import StreamRequest
from dashboard.live_updates.feed import Feed
from dashboard.live_updates.listeners import Listener
from dashboard.live_updates.open_stream import Message, Receive, Send, Stream
from dashboard.live_updates.session_limit import StreamLease
from dashboard.live_updates.writing import Writer

RETRY_MS = 2000  # milliseconds after which a browser connects again
HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
SLUG = re.compile(r"[-a-zA-Z0-9_]{1,100}")

_writers: dict[Feed, Writer] = {}


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """GET /events/[?c=<slug>]. 401 when not signed in, 403 from another site, 404 when the user may receive nothing."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    if scope["method"] != "GET":
        return await _send_error(send, 405)
    if not _is_same_origin(headers):
        return await _send_error(send, 403)
    slug = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("c", [""])[0]
    stream_request = StreamRequest(_session_key(headers), slug)
    if not stream_request.session_key:
        return await _send_error(send, 401)
    if slug and not SLUG.fullmatch(slug):
        return await _send_error(send, 404)
    lease = StreamLease(stream_request.session_key)
    try:
        found = await sessions.fetch(stream_request)
    except DatabaseError:
        return await _send_error(send, 503)
    if found.audience is None or not await _hold(lease):
        return await _send_error(send, 404)
    changes_feed = startup()
    stream = Stream(stream_request, lease, Listener(found.audience), send)
    if "last-event-id" in headers:
        stream.listener.request_refresh()
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    first = f"retry: {RETRY_MS}\nid: {changes_feed.floor}\n\n"
    await send({"type": "http.response.body", "body": first.encode(), "more_body": True})
    writer = _writers[changes_feed]
    writer.add(stream)
    writer.sessions.add(stream, found)
    changes_feed.listen(stream.listener)
    try:
        await stream.wait(receive)
    finally:
        changes_feed.leave(stream.listener)
        writer.remove(stream)
        writer.sessions.remove(stream)


def startup() -> Feed:
    """The feed of this process with what writes to its streams; called when the ASGI server starts, too."""
    changes_feed = feed.current_feed()
    if changes_feed not in _writers:
        _writers.clear()  # of feeds that have stopped
        writer = _writers[changes_feed] = Writer()
        changes_feed.flush_to(writer.flush)
        changes_feed.run_beside("heartbeats of streams", partial(writer.keep_alive, changes_feed))
        changes_feed.run_beside("access of streams", partial(writer.sessions.keep_checking, changes_feed))
    return changes_feed


async def _hold(lease: StreamLease) -> bool:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(sessions.executor, lease.hold, sessions.MOST_PER_SESSION)


def _session_key(headers: dict[str, str]) -> str:
    try:
        return parse_cookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME, "")
    except CookieError:
        return ""


def _is_same_origin(headers: dict[str, str]) -> bool:
    """Only our own pages; a browser names the page that asks, or sends no such header at all."""
    origin = headers.get("origin")
    if origin and origin != settings.PUBLIC_URL and urlsplit(origin).netloc != headers.get("host"):
        return False
    return headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


async def _send_error(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"cache-control", b"no-store")]})
    await send({"type": "http.response.body", "body": b""})
