"""One reader of the changes feed per web process, and the people who listen to it.

Delivered is every visible row not delivered yet; the next look starts from the oldest transaction that was still open
at this one, so that a row which commits late is not missed, and nobody waits for a long transaction elsewhere.
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

ACCESS = "access"  # the kind that says: whoever this is about may no longer listen; ask again at once
EVERYBODY = "everybody"
LOOK_EVERY = 0.1  # seconds while somebody listens
IDLE_EVERY = 1.0
REPLAYED = 15.0  # seconds of changes a newcomer hears: its page was made before its stream was open
BACKLOG = 500  # changes a slow listener may be behind before it is told to ask for everything
LOOK = (
    "SELECT pg_snapshot_xmin(pg_current_snapshot())::text, c.id, c.xid::text, c.tenant_id, c.kind, c.ref, c.version "
    "FROM (SELECT 1) one LEFT JOIN live_updates_change c ON c.xid >= %s::xid8 ORDER BY c.xid, c.id"
)


@dataclass(frozen=True)
class News:
    """A row that changed: which one and for whom, never what is in it."""

    tenant: int | None
    kind: str
    ref: str
    version: int


@dataclass(frozen=True)
class Reach:
    """What a listener may hear of: rows of these tenants (None: of all, and of nobody), of these kinds (None: all).

    `person` is who listens: news of its access are for it whatever else it hears.
    """

    tenants: frozenset[int] | None
    kinds: frozenset[str] | None = None
    person: int = 0

    def covers(self, news: News) -> bool:
        mine = self.tenants is None or (news.tenant is not None and news.tenant in self.tenants)
        if news.kind == ACCESS:
            return mine if news.ref == EVERYBODY else news.ref == person_ref(self.person)
        return mine and (self.kinds is None or news.kind in self.kinds)


def person_ref(pk: int) -> str:
    """By which news of somebody's access are told."""
    return f"person-{pk}"


@dataclass(eq=False)
class Listener:
    """One open stream: what waits to be sent to it."""

    reach: Reach
    waiting: dict[tuple[str, str], News] = field(default_factory=dict)
    everything: bool = False
    in_doubt: bool = False  # whether it may still listen
    closed: bool = False
    superseded: bool = False  # too many streams of its session: it is told to leave
    awake: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, batch: Iterable[News]) -> None:
        for news in batch:
            if not self.reach.covers(news):
                continue
            if news.kind == ACCESS:
                self.in_doubt = True
                self.awake.set()
            else:
                self.waiting[news.kind, news.ref] = news
        if len(self.waiting) > BACKLOG:
            self.ask_for_everything()
        elif self.waiting:
            self.awake.set()

    def ask_for_everything(self) -> None:
        self.waiting.clear()
        self.everything = True
        self.awake.set()

    def close(self) -> None:
        self.closed = True
        self.awake.set()

    def supersede(self) -> None:
        self.superseded = True
        self.awake.set()

    def take(self) -> tuple[bool, list[News]]:
        """Whether to ask for everything, and else what changed since the last take."""
        everything, batch = self.everything, list(self.waiting.values())
        self.everything, self.waiting = False, {}
        self.awake.clear()
        return everything, batch


class Reader:
    """What has been delivered, and from where to look next. Kept apart from the loop so that it can be tested."""

    def __init__(self) -> None:
        self.floor: str | None = None
        self.sent: dict[int, int] = {}

    async def look(self, connection: psycopg.AsyncConnection[Any]) -> list[News]:
        """Rows not delivered before; at the first look, none: it only finds out where to begin."""
        first = self.floor is None
        rows = await (await connection.execute(LOOK, [self.floor or "0"])).fetchall()
        new = [row for row in rows if row[1] is not None and row[1] not in self.sent]
        self.floor = rows[0][0]
        at_or_above = int(self.floor)
        self.sent = {row[1]: int(row[2]) for row in rows if row[1] is not None and int(row[2]) >= at_or_above}
        return [] if first else [News(*row[3:]) for row in new]


class Feed:
    """The poller of this process and its listeners. Use from the event loop only."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self.reader = Reader()
        self.looked_at: float | None = None
        self._recent: deque[tuple[float, News]] = deque(maxlen=2000)
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def floor(self) -> str:
        return self.reader.floor or "0"

    def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="changes feed")

    def listen(self, reach: Reach) -> Listener:
        """A new listener; it hears first what changed in the last seconds."""
        listener = Listener(reach)
        now = monotonic()
        listener.hear(news for at, news in self._recent if at > now - REPLAYED)
        self.listeners.add(listener)
        if self._closed:
            listener.close()
        self._wake.set()
        return listener

    def leave(self, listener: Listener) -> None:
        self.listeners.discard(listener)

    def close(self) -> None:
        """End every stream now; browsers ask again, at the next process."""
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

    def tell(self, batch: list[News]) -> None:
        now = monotonic()
        self._recent.extend((now, news) for news in batch)
        for listener in self.listeners:
            listener.hear(batch)

    async def _run(self) -> None:
        pause = 0.2
        while not self._closed:
            try:
                async with await connect() as connection:
                    if self.looked_at is not None:
                        for listener in self.listeners:  # rows may have been pruned meanwhile
                            listener.ask_for_everything()
                    while not self._closed:
                        batch = await self.reader.look(connection)
                        self.looked_at, pause = monotonic(), 0.2
                        if batch:
                            self.tell(batch)
                        await self._sleep()
            except (psycopg.Error, OSError) as error:
                log.warning("feed_broken", error=type(error).__name__, again_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _sleep(self) -> None:
        if self.listeners:
            await asyncio.sleep(LOOK_EVERY)
            return
        self._wake.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), IDLE_EVERY)


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


def here() -> Feed:
    """The feed of this process; made, and started, when first asked for inside an event loop."""
    global _feed
    if _feed is None:
        _feed = Feed()
    _feed.start()
    return _feed


async def startup() -> None:
    """For the ASGI server's start."""
    here()


def close() -> None:
    """For the start of a graceful stop: open streams end at once instead of holding the server."""
    if _feed is not None:
        _feed.close()


async def shutdown() -> None:
    """For the ASGI server's end."""
    global _feed
    if _feed is not None:
        await _feed.stop()
        _feed = None
