"""`/events/`: server-sent events for one browser, as a plain ASGI application.

Who may hear what is asked of the database in a short visit to a thread, at the start and again every 20 s; in between
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
from dashboard.live_updates.feed import Feed, Listener, News, Reach
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
ASK_AGAIN = 10.0  # seconds: how long an ended access without an event (`publish.access_changed`) may still hear of rows
MOST_PER_SESSION = 12  # streams, over all processes; a browser needs one for all its tabs (static/js/live_updates.js)
RETRY = 2000  # milliseconds after which a browser comes back
HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
SLUG = re.compile(r"[-a-zA-Z0-9_]{1,100}")
auth_executor = ThreadPoolExecutor(4, thread_name_prefix="events")


_of_session: dict[str, list[Listener]] = {}


@dataclass(frozen=True)
class Visitor:
    """What a request says of itself."""

    session_key: str
    slug: str


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """GET /events/[?c=<slug>]. 401 when not signed in, 403 from another site, 404 when there is nothing to hear."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    if scope["method"] != "GET":
        return await _refuse(send, 405)
    if not _from_here(headers):
        return await _refuse(send, 403)
    slug = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("c", [""])[0]
    visitor = Visitor(_session_key(headers), slug)
    if not visitor.session_key:
        return await _refuse(send, 401)
    if slug and not SLUG.fullmatch(slug):
        return await _refuse(send, 404)
    lease = StreamLease(visitor.session_key)
    try:
        reach = await _ask(visitor, lease)
    except DatabaseError:
        return await _refuse(send, 503)
    if reach is None:
        return await _refuse(send, 404)
    ours = feed.here()
    listener = ours.listen(reach)
    open_streams = _make_room(visitor.session_key, listener)
    if "last-event-id" in headers:
        listener.ask_for_everything()
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    talking = asyncio.create_task(_talk(ours, listener, visitor, lease, send))
    leaving = asyncio.create_task(_gone(receive))
    try:
        await asyncio.wait({talking, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ours.leave(listener)
        auth_executor.submit(lease.release)
        open_streams.remove(listener)
        if not open_streams:
            _of_session.pop(visitor.session_key, None)
        for task in (talking, leaving):
            task.cancel()
        await asyncio.gather(talking, leaving, return_exceptions=True)


def _make_room(session_key: str, listener: Listener) -> list[Listener]:
    """The open streams of this session here, the new one last; the oldest beyond the limit is told to leave.

    Those of other processes count too, when a stream asks again whether it may still listen (`StreamLease`).
    """
    streams = _of_session.setdefault(session_key, [])
    streams.append(listener)
    staying = [one for one in streams if not one.superseded]
    for oldest in staying[:-MOST_PER_SESSION]:
        oldest.supersede()
    return streams


async def _talk(ours: Feed, listener: Listener, visitor: Visitor, lease: StreamLease, send: Send) -> None:
    """Until the server stops, the visitor may no longer listen, or nobody can say whether it may."""
    clock = asyncio.get_running_loop().time
    beat, ask = clock() + HEARTBEAT, clock() + ASK_AGAIN * random.uniform(0.8, 1)
    await _say(send, f"retry: {RETRY}\nid: {ours.floor}\n\n")
    while not listener.closed:
        with suppress(TimeoutError):
            await asyncio.wait_for(listener.awake.wait(), max(0.0, min(beat, ask) - clock()))
        everything, batch = listener.take()
        if listener.superseded:
            await _say(send, "event: bye\ndata: {}\n\n")
            break
        if listener.in_doubt or clock() >= ask:
            listener.in_doubt = False
            try:
                reach = await _ask(visitor, lease)
            except DatabaseError as error:
                log.warning("events_unanswered", error=type(error).__name__)
                break
            if reach is None:
                await _say(send, "event: bye\ndata: {}\n\n")
                break
            listener.reach, ask = reach, clock() + ASK_AGAIN * random.uniform(0.8, 1)
            batch = [news for news in batch if reach.covers(news)]
        if everything or batch:
            await _say(send, _words(ours.floor, everything, batch))
            beat = clock() + HEARTBEAT
        if clock() >= beat:
            await _say(send, ": still here\n\n")
            beat = clock() + HEARTBEAT
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _words(floor: str, everything: bool, batch: list[News]) -> str:
    if everything:
        return f"event: refresh\nid: {floor}\ndata: {{}}\n\n"
    facts = [json.dumps({"kind": one.kind, "ref": one.ref, "version": one.version}) for one in batch]
    return "".join(f"id: {floor}\ndata: {fact}\n\n" for fact in facts)


async def _ask(visitor: Visitor, lease: StreamLease) -> Reach | None:
    """What this visitor may hear, or None. Raises DatabaseError when that cannot be found out."""
    return await asyncio.get_running_loop().run_in_executor(auth_executor, _reach_of_stream, visitor, lease)


def _reach_of_stream(visitor: Visitor, lease: StreamLease) -> Reach | None:
    """None also for a stream that its session has too many newer ones of."""
    reach = _reach(visitor)
    return reach if reach is not None and lease.hold(MOST_PER_SESSION) else None


def _reach(visitor: Visitor) -> Reach | None:
    try:
        request = HttpRequest()
        request.session = import_module(settings.SESSION_ENGINE).SessionStore(visitor.session_key)
        user = get_user(request)  # by the same checks as on a page: expiry, password change, active
        if not isinstance(user, User):
            return None
        return reach_of(user, visitor.slug, proven=mfa.session_has_mfa(request, user))
    finally:
        connections.close_all()


def reach_of(user: User, slug: str = "", *, proven: bool = False) -> Reach | None:
    """Staff hear of everything they may see, members of their clients unless closed; opens short scopes of its own.

    `proven`: whether the session went through a second step, without which those who ask for one are not heard of.
    """
    staff = staff_of(user)
    if staff and settings.STAFF_SECOND_STEP and not proven:
        return None
    if staff:
        kinds = None if staff.may(Permission.SEE_ALL_CALLS) else frozenset({"connection", "inventory"})
        if not slug and staff.sees_all:
            return Reach(None, kinds, user.pk)
        with scope.for_staff(staff):
            known = Tenant.objects.filter(slug=slug) if slug else Tenant.objects.all()
            found = frozenset(known.values_list("pk", flat=True))
    else:
        kinds = None
        with scope.for_user(user):
            mine = Membership.objects.filter(user=user).exclude(tenant__status=Tenant.Status.CLOSED)
            mine = mine.filter(tenant__slug=slug) if slug else mine
            mine = mine if proven else mine.filter(tenant__requires_second_step=False)
            found = frozenset(mine.values_list("tenant_id", flat=True))
    return Reach(found, kinds, user.pk) if found else None


def _session_key(headers: dict[str, str]) -> str:
    try:
        return parse_cookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME, "")
    except CookieError:
        return ""


def _from_here(headers: dict[str, str]) -> bool:
    """Only our own pages; a browser names the page that asks, or sends no such header at all."""
    origin = headers.get("origin")
    if origin and origin != settings.PUBLIC_URL and urlsplit(origin).netloc != headers.get("host"):
        return False
    return headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _say(send: Send, words: str) -> None:
    await send({"type": "http.response.body", "body": words.encode(), "more_body": True})


async def _refuse(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"cache-control", b"no-store")]})
    await send({"type": "http.response.body", "body": b""})
