"""`/events/`: server-sent events for one browser, as a plain ASGI application.

What a stream may receive is read from the database in a thread, at the start and again every 10 s; in between
the stream holds neither a thread nor a connection. What it sends are ids and versions: the browser asks for the rows
through the authorised views.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http.cookies import CookieError
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from django.conf import settings
from django.contrib.auth import get_user
from django.db import DatabaseError, connections
from django.http import HttpRequest
from django.http.cookie import parse_cookie

from dashboard.live_updates import feed
from dashboard.live_updates.feed import Audience, ChangeEvent, Feed, Listener
from dashboard.live_updates.session_limit import StreamLease
from tenants.access.decorators import staff_of
from tenants.access.permissions import Permission
from tenants.accounts import mfa
from tenants.isolation import scope
from tenants.models import Membership, Tenant, User

log = structlog.get_logger()
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

HEARTBEAT = 15.0  # seconds
RECHECK_INTERVAL = 10.0  # seconds; access that ended without `publish.access_changed` ends within them
MOST_PER_SESSION = 12  # streams, over all processes; a browser needs one for all its tabs (static/js/live_updates.js)
RETRY_MS = 2000  # milliseconds after which a browser connects again
HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
SLUG = re.compile(r"[-a-zA-Z0-9_]{1,100}")
auth_executor = ThreadPoolExecutor(4, thread_name_prefix="events")


_streams_by_session: dict[str, list[Listener]] = {}


@dataclass(frozen=True)
class StreamRequest:
    """What the HTTP request tells: its session and the client asked for."""

    session_key: str
    slug: str


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
        audience = await _fetch_audience(stream_request, lease)
    except DatabaseError:
        return await _send_error(send, 503)
    if audience is None:
        return await _send_error(send, 404)
    changes_feed = feed.current_feed()
    listener = changes_feed.listen(audience)
    open_streams = _register(stream_request.session_key, listener)
    if "last-event-id" in headers:
        listener.request_refresh()
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    sending = asyncio.create_task(_send_events(changes_feed, listener, stream_request, lease, send))
    disconnecting = asyncio.create_task(_wait_for_disconnect(receive))
    try:
        await asyncio.wait({sending, disconnecting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        changes_feed.leave(listener)
        auth_executor.submit(lease.release)
        open_streams.remove(listener)
        if not open_streams:
            _streams_by_session.pop(stream_request.session_key, None)
        for task in (sending, disconnecting):
            task.cancel()
        await asyncio.gather(sending, disconnecting, return_exceptions=True)


def _register(session_key: str, listener: Listener) -> list[Listener]:
    """The open streams of this session here, the new one last; the oldest beyond the limit is told to leave.

    Those of other processes count too, when a stream asks again whether it may still listen (`StreamLease`).
    """
    streams = _streams_by_session.setdefault(session_key, [])
    streams.append(listener)
    staying = [stream for stream in streams if not stream.superseded]
    for oldest in staying[:-MOST_PER_SESSION]:
        oldest.supersede()
    return streams


async def _send_events(
    changes_feed: Feed, listener: Listener, stream_request: StreamRequest, lease: StreamLease, send: Send
) -> None:
    """Until the server stops, the access ends, or the access cannot be checked."""
    clock = asyncio.get_running_loop().time
    next_heartbeat, next_check = clock() + HEARTBEAT, clock() + RECHECK_INTERVAL * random.uniform(0.8, 1)
    await _send_chunk(send, f"retry: {RETRY_MS}\nid: {changes_feed.floor}\n\n")
    while not listener.closed:
        with suppress(TimeoutError):
            await asyncio.wait_for(listener.awake.wait(), max(0.0, min(next_heartbeat, next_check) - clock()))
        everything, batch = listener.take()
        if listener.superseded:
            await _send_chunk(send, "event: bye\ndata: {}\n\n")
            break
        if listener.must_recheck_access or clock() >= next_check:
            listener.must_recheck_access = False
            try:
                audience = await _fetch_audience(stream_request, lease)
            except DatabaseError as error:
                log.warning("stream_access_check_failed", error=type(error).__name__)
                break
            if audience is None:
                await _send_chunk(send, "event: bye\ndata: {}\n\n")
                break
            listener.audience, next_check = audience, clock() + RECHECK_INTERVAL * random.uniform(0.8, 1)
            batch = [event for event in batch if audience.covers(event)]
        if everything or batch:
            await _send_chunk(send, _format_events(changes_feed.floor, everything, batch))
            next_heartbeat = clock() + HEARTBEAT
        if clock() >= next_heartbeat:
            await _send_chunk(send, ": still here\n\n")
            next_heartbeat = clock() + HEARTBEAT
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _format_events(floor: str, everything: bool, batch: list[ChangeEvent]) -> str:
    if everything:
        return f"event: refresh\nid: {floor}\ndata: {{}}\n\n"
    facts = [json.dumps({"kind": event.kind, "ref": event.ref, "version": event.version}) for event in batch]
    return "".join(f"id: {floor}\ndata: {fact}\n\n" for fact in facts)


async def _fetch_audience(stream_request: StreamRequest, lease: StreamLease) -> Audience | None:
    """Which changes this request may receive, or None. Raises DatabaseError when that cannot be read."""
    return await asyncio.get_running_loop().run_in_executor(auth_executor, _audience_of_stream, stream_request, lease)


def _audience_of_stream(stream_request: StreamRequest, lease: StreamLease) -> Audience | None:
    """None also for a stream that its session has too many newer ones of."""
    audience = _audience_of_session(stream_request)
    return audience if audience is not None and lease.hold(MOST_PER_SESSION) else None


def _audience_of_session(stream_request: StreamRequest) -> Audience | None:
    try:
        request = HttpRequest()
        request.session = import_module(settings.SESSION_ENGINE).SessionStore(stream_request.session_key)
        user = get_user(request)  # by the same checks as on a page: expiry, password change, active
        if not isinstance(user, User):
            return None
        return audience_for(user, stream_request.slug, proven=mfa.session_has_mfa(request, user))
    finally:
        connections.close_all()


@scope.opens_scope
def audience_for(user: User, slug: str = "", *, proven: bool = False) -> Audience | None:
    """Staff receive all they may see, members what belongs to their clients unless closed; opens its own short scopes.

    `proven`: whether the session passed two-factor authentication; clients that require it are left out otherwise.
    """
    staff = staff_of(user)
    if staff and settings.STAFF_SECOND_STEP and not proven:
        return None
    if staff:
        kinds = None if staff.may(Permission.SEE_ALL_CALLS) else frozenset({"connection", "inventory"})
        if not slug and staff.sees_all:
            return Audience(None, kinds, user.pk)
        with scope.for_staff(staff):
            known = Tenant.objects.filter(slug=slug) if slug else Tenant.objects.all()
            found = frozenset(known.values_list("pk", flat=True))
    else:
        kinds = None
        with scope.for_user(user):
            memberships = Membership.objects.filter(user=user).exclude(tenant__status=Tenant.Status.CLOSED)
            memberships = memberships.filter(tenant__slug=slug) if slug else memberships
            memberships = memberships if proven else memberships.filter(tenant__requires_second_step=False)
            found = frozenset(memberships.values_list("tenant_id", flat=True))
    return Audience(found, kinds, user.pk) if found else None


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


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_chunk(send: Send, words: str) -> None:
    await send({"type": "http.response.body", "body": words.encode(), "more_body": True})


async def _send_error(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"cache-control", b"no-store")]})
    await send({"type": "http.response.body", "body": b""})
