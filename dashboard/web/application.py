"""The ASGI application: health and streams hold no thread, everything else has the threads of its kind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from dashboard.web import readiness, responses, shutdown, upload_permission
from dashboard.web.request_bodies import Bodies, Gone, Message, Receive, Refused, drain, replayed
from dashboard.web.request_kinds import UPLOAD, UPLOAD_WITHIN, Kind, Route, ends_a_call, route_of
from dashboard.web.thread_pools import Application, Pools

Send = Callable[[Message], Awaitable[None]]
QUERY = "".join(map(chr, range(0x21, 0x7F)))  # what an address may hold as it is; anything else is percent-encoded


class Front:
    """Call it with an ASGI scope of type `http`. `events` is the ASGI application of `/events/`; `webhooks` is called
    with the scope and the whole body of what VoiceDock sends."""

    def __init__(self, application: Application, events: Any, webhooks: Any, pools: Pools | None = None) -> None:
        self.pools, self.events, self.webhooks = pools or Pools(application), events, webhooks
        self.bodies, self.uploads = Bodies(), Bodies()  # files take nothing of what forms and webhooks may hold
        self._health = ThreadPoolExecutor(1, thread_name_prefix="readiness")
        self._asking: asyncio.Future[tuple[int, readiness.Parts]] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if shutdown.begun():
            send = _closing(send)
        if scope["path"] == "/healthz":
            await responses.text(scope, send, 200, "ok\n")
        elif scope["path"] == "/readyz":
            status, parts = await asyncio.shield(self._readiness())
            await responses.json(scope, send, status, parts)
        elif not _is_ours(scope):
            await responses.refuse(scope, send, 400)
        elif scope["path"] == "/events/":
            await self.events(scope, receive, send)
        else:
            await self._serve(_tidy(scope), receive, send)

    async def _body(self, receive: Receive, headers: dict[bytes, bytes], route: Route) -> bytes:
        announced = headers.get(b"content-length", b"")
        is_large = route.permission is not None and announced.isdigit() and route.largest < int(announced) <= UPLOAD
        if is_large and await upload_permission.is_given(headers, route):
            return await self.uploads.read(receive, headers, UPLOAD, UPLOAD_WITHIN)
        return await self.bodies.read(receive, headers, route.largest, route.within)

    def _readiness(self) -> asyncio.Future[tuple[int, readiness.Parts]]:
        """One question at a time, however many ask: it takes 1.5 s when a part hangs."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().run_in_executor(self._health, readiness.ask)
        return self._asking

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        route = route_of(scope["method"], scope["path"])
        try:
            body = await self._body(receive, headers, route)
        except Gone:
            return
        except Refused as error:
            await responses.refuse(scope, send, error.status, more=lambda: drain(receive))
            return
        if route.kind == Kind.HOOK and not _is_redirected(scope):
            await self.webhooks(scope, body, send)
            return
        ends = route.may_end and ends_a_call(body, headers.get(b"content-type", b"").decode("latin-1"))
        pool = self.pools.choose(route, ends=ends)
        if pool is None:
            await responses.refuse(scope, send, 503)
            return
        await pool.run(route.client, scope, replayed(body, receive), send)


def _is_ours(scope: Message) -> bool:
    """Whether it names a host of ours; health is asked by the address of the process."""
    hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    return len(hosts) == 1 and validate_host(split_domain_port(hosts[0])[0], settings.ALLOWED_HOSTS)


def _is_redirected(scope: Message) -> bool:
    """Whether Django answers it by sending the other side to HTTPS."""
    return bool(settings.SECURE_SSL_REDIRECT) and scope.get("scheme") != "https"


def _tidy(scope: Message) -> Message:
    """Raw bytes in a query, and header names that differ from ours by an underscore only, stop here."""
    query = quote(scope.get("query_string", b""), safe=QUERY)
    headers = [(name, value) for name, value in scope["headers"] if b"_" not in name]
    return {**scope, "query_string": query.encode(), "headers": headers}


def _closing(send: Send) -> Send:
    """Each answer is the last of its connection."""

    async def last(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        await send(message)

    return last
