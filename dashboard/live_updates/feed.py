"""One reader of the changes feed per web process, and the open streams that it serves.

It is notified when changes commit, and polls without that too: a notification only makes it sooner.
Delivered is every visible row not delivered yet; the next poll starts from the oldest transaction that was still open
at this poll, so that a row which commits late is not missed, and no stream waits for a long transaction elsewhere.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from time import monotonic
from typing import Any

import psycopg
import structlog
from django.db import connection as database

from dashboard import database_url
from dashboard.live_updates.listeners import Audience, ChangeEvent, Listener, Listeners
from tenants.isolation import scope

log = structlog.get_logger()

CHANNEL = "patchbay_changes"  # notified by the trigger of the table when changes commit
POLL_INTERVAL = 0.5  # seconds until the next poll while a stream is open, when no notification comes before
BREATH = 0.01  # seconds between a notification and its poll: what commits meanwhile is read together
IDLE_POLL_INTERVAL = 1.0
REPLAY_SECONDS = 15.0  # of past changes that a new stream receives: its page is older than the stream
POLL_QUERY = (
    "SELECT pg_snapshot_xmin(pg_current_snapshot())::text, c.id, c.xid::text, c.tenant_id, c.kind, c.ref, c.version "
    "FROM (SELECT 1) one LEFT JOIN live_updates_change c ON c.xid >= %s::xid8 ORDER BY c.xid, c.id"
)


Flush = Callable[["Feed", list[Listener]], Awaitable[None]]


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
        self.listeners = Listeners()
        self.reader = ChangeReader()
        self.polled_at: float | None = None
        self.connection: psycopg.AsyncConnection[Any] | None = None
        self._flush: Flush | None = None
        self._dirty: dict[Listener, None] = {}
        self._recent: deque[tuple[float, ChangeEvent]] = deque(maxlen=2000)
        self._wake = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._closed = False

    @property
    def floor(self) -> str:
        return self.reader.floor or "0"

    def flush_to(self, flush: Flush) -> None:
        """Who is given the listeners with news after each poll."""
        self._flush = flush

    def start(self) -> None:
        self.run_beside("changes feed", self._run)

    def run_beside(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run this once for as long as the feed lives."""
        if name not in self._tasks:
            self._tasks[name] = asyncio.create_task(work(), name=name)

    def listen(self, listener: Listener) -> None:
        """Add a listener, which first receives the changes of the last seconds."""
        now = monotonic()
        listener.deliver(event for at, event in self._recent if at > now - REPLAY_SECONDS)
        self.listeners.add(listener)
        self._dirty[listener] = None
        if self._closed:
            listener.close()
        self._wake.set()

    def change_audience(self, listener: Listener, audience: Audience) -> None:
        """What waits and is still covered is passed on next."""
        self.listeners.change_audience(listener, audience)
        if listener.has_news:
            self._dirty[listener] = None

    def leave(self, listener: Listener) -> None:
        self.listeners.discard(listener)
        self._dirty.pop(listener, None)

    def close(self) -> None:
        """End every stream now; browsers connect again, to the next process."""
        self._closed = True
        for listener in self.listeners:
            listener.close()
        self._wake.set()

    async def stop(self) -> None:
        self.close()
        tasks, self._tasks = list(self._tasks.values()), {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def deliver(self, batch: list[ChangeEvent]) -> None:
        now = monotonic()
        self._recent.extend((now, event) for event in batch)
        for event in batch:
            for listener in self.listeners.concerned(event):
                listener.deliver((event,))
                self._dirty[listener] = None

    async def flush(self) -> None:
        """Pass on the listeners with news."""
        if self._flush and self._dirty:
            dirty, self._dirty = self._dirty, {}
            await self._flush(self, list(dirty))

    async def _run(self) -> None:
        pause = 0.2
        while not self._closed:
            try:
                async with await connect() as connection:
                    if self.polled_at is not None:
                        for listener in self.listeners:  # rows may have been pruned meanwhile
                            listener.request_refresh()
                            self._dirty[listener] = None
                    self.connection = connection
                    while not self._closed:
                        batch = await self.reader.poll(connection)
                        self.polled_at, pause = monotonic(), 0.2
                        if batch:
                            self.deliver(batch)
                        await self.flush()
                        await self._sleep()
            except (psycopg.Error, OSError) as error:
                log.warning("feed_connection_failed", error=type(error).__name__, again_in=pause)
                self.connection = None
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _sleep(self) -> None:
        if self.listeners and self.connection is not None:
            if [one async for one in self.connection.notifies(timeout=POLL_INTERVAL, stop_after=1)]:
                await asyncio.sleep(BREATH)
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
    await connection.execute(f"LISTEN {CHANNEL}")
    return connection


_feed: Feed | None = None


def current_feed() -> Feed:
    """The feed of this process; created and started at the first call inside an event loop."""
    global _feed
    if _feed is None:
        _feed = Feed()
    _feed.start()
    return _feed


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
