"""One reader of the changes feed per web process, and the open streams that it serves.

Delivered is every visible row not delivered yet; the next poll starts from the oldest transaction that was still open
at this poll, so that a row which commits late is not missed, and no stream waits for a long transaction elsewhere.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import psycopg
import structlog
from django.db import connection as database

from dashboard import database_url
from tenants.isolation import scope

log = structlog.get_logger()

ACCESS = "access"  # the kind of change after which the access of the streams concerned is checked again at once
EVERYBODY = "everybody"
POLL_INTERVAL = 0.1  # seconds between polls while a stream is open
IDLE_POLL_INTERVAL = 1.0
REPLAY_SECONDS = 15.0  # of past changes that a new stream receives: its page is older than the stream
BACKLOG = 500  # changes a slow stream may be behind before its page refreshes everything instead
POLL_QUERY = (
    "SELECT pg_snapshot_xmin(pg_current_snapshot())::text, c.id, c.xid::text, c.tenant_id, c.kind, c.ref, c.version "
    "FROM (SELECT 1) one LEFT JOIN live_updates_change c ON c.xid >= %s::xid8 ORDER BY c.xid, c.id"
)


@dataclass(frozen=True)
class ChangeEvent:
    """A row that changed: which one and for whom, never what is in it."""

    tenant: int | None
    kind: str
    ref: str
    version: int


@dataclass(frozen=True)
class Audience:
    """Which changes a listener receives: rows of these tenants (None: of all, and of none), of these kinds
    (None: all).

    `person` is the user who listens: changes of that user's access are always included.
    """

    tenants: frozenset[int] | None
    kinds: frozenset[str] | None = None
    person: int = 0

    def covers(self, event: ChangeEvent) -> bool:
        in_audience = self.tenants is None or (event.tenant is not None and event.tenant in self.tenants)
        if event.kind == ACCESS:
            return in_audience if event.ref == EVERYBODY else event.ref == person_ref(self.person)
        return in_audience and (self.kinds is None or event.kind in self.kinds)


def person_ref(pk: int) -> str:
    """The `ref` of a change of one user's access."""
    return f"person-{pk}"


@dataclass(eq=False)
class Listener:
    """One open stream and the changes that wait to be sent to it."""

    audience: Audience
    waiting: dict[tuple[str, str], ChangeEvent] = field(default_factory=dict)
    everything: bool = False
    must_recheck_access: bool = False  # whether its access is checked before anything more is sent
    closed: bool = False
    superseded: bool = False  # its session has too many streams: this one is closed
    awake: asyncio.Event = field(default_factory=asyncio.Event)

    def deliver(self, batch: Iterable[ChangeEvent]) -> None:
        for event in batch:
            if not self.audience.covers(event):
                continue
            if event.kind == ACCESS:
                self.must_recheck_access = True
                self.awake.set()
            else:
                self.waiting[event.kind, event.ref] = event
        if len(self.waiting) > BACKLOG:
            self.request_refresh()
        elif self.waiting:
            self.awake.set()

    def request_refresh(self) -> None:
        self.waiting.clear()
        self.everything = True
        self.awake.set()

    def close(self) -> None:
        self.closed = True
        self.awake.set()

    def supersede(self) -> None:
        self.superseded = True
        self.awake.set()

    def take(self) -> tuple[bool, list[ChangeEvent]]:
        """Whether the page has to refresh everything, and otherwise what changed since the last call."""
        everything, batch = self.everything, list(self.waiting.values())
        self.everything, self.waiting = False, {}
        self.awake.clear()
        return everything, batch


class ChangeReader:
    """Which rows were delivered, and from which transaction the next poll starts. Separate from the loop for tests."""

    def __init__(self) -> None:
        self.floor: str | None = None
        self.sent: dict[int, int] = {}

    async def poll(self, connection: psycopg.AsyncConnection[Any]) -> list[ChangeEvent]:
        """Rows not delivered before. The first poll returns none: it only finds the transaction to start from."""
        first = self.floor is None
        rows = await (await connection.execute(POLL_QUERY, [self.floor or "0"])).fetchall()
        new = [row for row in rows if row[1] is not None and row[1] not in self.sent]
        self.floor = rows[0][0]
        at_or_above = int(self.floor)
        self.sent = {row[1]: int(row[2]) for row in rows if row[1] is not None and int(row[2]) >= at_or_above}
        return [] if first else [ChangeEvent(*row[3:]) for row in new]


class Feed:
    """The poller of this process and its listeners. Use from the event loop only."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self.reader = ChangeReader()
        self.polled_at: float | None = None
        self._recent: deque[tuple[float, ChangeEvent]] = deque(maxlen=2000)
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def floor(self) -> str:
        return self.reader.floor or "0"

    def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="changes feed")

    def listen(self, audience: Audience) -> Listener:
        """A new listener, which first receives the changes of the last seconds."""
        listener = Listener(audience)
        now = monotonic()
        listener.deliver(event for at, event in self._recent if at > now - REPLAY_SECONDS)
        self.listeners.add(listener)
        if self._closed:
            listener.close()
        self._wake.set()
        return listener

    def leave(self, listener: Listener) -> None:
        self.listeners.discard(listener)

    def close(self) -> None:
        """End every stream now; browsers connect again, to the next process."""
        self._closed = True
        for listener in self.listeners:
            listener.close()
        self._wake.set()

    async def stop(self) -> None:
        self.close()
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def deliver(self, batch: list[ChangeEvent]) -> None:
        now = monotonic()
        self._recent.extend((now, event) for event in batch)
        for listener in self.listeners:
            listener.deliver(batch)

    async def _run(self) -> None:
        pause = 0.2
        while not self._closed:
            try:
                async with await connect() as connection:
                    if self.polled_at is not None:
                        for listener in self.listeners:  # rows may have been pruned meanwhile
                            listener.request_refresh()
                    while not self._closed:
                        batch = await self.reader.poll(connection)
                        self.polled_at, pause = monotonic(), 0.2
                        if batch:
                            self.deliver(batch)
                        await self._sleep()
            except (psycopg.Error, OSError) as error:
                log.warning("feed_connection_failed", error=type(error).__name__, again_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _sleep(self) -> None:
        if self.listeners:
            await asyncio.sleep(POLL_INTERVAL)
            return
        self._wake.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), IDLE_POLL_INTERVAL)


async def connect() -> psycopg.AsyncConnection[Any]:
    """A connection of its own, outside of Django's pool: it sees the changes of all tenants, and cannot write."""
    ours = {
        "application_name": "patchbay feed",
        "options": "-c default_transaction_read_only=on -c statement_timeout=5000",
    }
    arguments = database_url.connection_arguments(database.settings_dict) | ours
    connection = await psycopg.AsyncConnection.connect(autocommit=True, **arguments)
    await scope.all_tenants(connection)
    return connection


_feed: Feed | None = None


def current_feed() -> Feed:
    """The feed of this process; created and started at the first call inside an event loop."""
    global _feed
    if _feed is None:
        _feed = Feed()
    _feed.start()
    return _feed


async def startup() -> None:
    """Called when the ASGI server starts."""
    current_feed()


def close() -> None:
    """Called when a graceful stop begins: open streams end at once and do not delay it."""
    if _feed is not None:
        _feed.close()


async def shutdown() -> None:
    """Called when the ASGI server ends."""
    global _feed
    if _feed is not None:
        await _feed.stop()
        _feed = None
