"""One connection that stores webhooks in batches: while one commit runs, the next batch collects.

Who waits for a row has the answer after its commit. A batch that the database refuses is halved until the row that it
refuses stands alone. While the database does not answer, rows wait for `PATIENCE`; then they are refused.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
import structlog
from django.db import connection as database
from django.utils import timezone

from dashboard import database_url
from dashboard.webhooks import admission, endpoints, storage
from dashboard.webhooks.admission import Endpoint, NewDelivery
from dashboard.webhooks.endpoints import Endpoints
from tenants.isolation import scope

log = structlog.get_logger()

MOST_ROWS, MOST_BYTES = 5_000, 32 * 1024 * 1024  # that wait to be stored
BATCH_ROWS, BATCH_BYTES = 500, 4 * 1024 * 1024
WITHIN = 5.0  # seconds for one statement; a connection that takes longer is thrown away
PATIENCE = 4.0  # seconds that a row waits for a new connection: VoiceDock waits for ours no longer than 5
NOT_NOW = ("08", "53", "55", "57")  # classes of errors: connection, resources, locks, the server stops
PAUSE = 0.1  # seconds between two attempts to connect

Result = TypeVar("Result")
Row = tuple[NewDelivery, "asyncio.Future[None]"]
Question = tuple[str, "asyncio.Future[Endpoint | None]"]


class Full(Exception):
    """As many rows wait as may."""


class Unavailable(Exception):
    """The database does not answer."""


async def connect() -> psycopg.AsyncConnection[Any]:
    """A connection of its own, outside of Django's pool, whose scope reaches all clients."""
    ours = {"application_name": "patchbay webhooks", "options": f"-c statement_timeout={int(WITHIN * 1000)}"}
    arguments = database_url.connection_arguments(database.settings_dict) | ours
    connection = await psycopg.AsyncConnection.connect(autocommit=True, **arguments)
    await scope.all_tenants(connection)
    return connection


class Writer:
    """Use from the event loop only."""

    def __init__(self, connect: Callable[[], Awaitable[psycopg.AsyncConnection[Any]]] = connect) -> None:
        self.endpoints = Endpoints()
        self._connect = connect
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._rows: deque[Row] = deque()
        self._bytes = 0
        self._questions: list[Question] = []
        self._rejected: storage.Rejected = Counter()
        self._stale: set[int] = set()
        self._busy = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def store(self, delivery: NewDelivery) -> None:
        """Returns when it is committed. Raises `Full`, `Unavailable`, and `psycopg.Error` for a row that is refused."""
        size = len(delivery.payload)
        if len(self._rows) >= MOST_ROWS or self._bytes + size > MOST_BYTES:
            raise Full
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._rows.append((delivery, future))
        self._bytes += size
        self._begin()
        await future
        if delivery.stale:
            self.reject(delivery.connection_id, "stale")

    async def endpoint(self, token: str, *, since: float | None = None) -> Endpoint | None:
        """Whose token it is; asked anew when the last answer is older than `since`. Raises `Full`, `Unavailable`."""
        known = self.endpoints.get(token, since=since)
        if known is not None:
            return known.endpoint
        if len(self._questions) >= MOST_ROWS:
            raise Full
        future: asyncio.Future[Endpoint | None] = asyncio.get_running_loop().create_future()
        self._questions.append((token, future))
        self._begin()
        return await future

    def reject(self, connection_id: int, reason: str) -> None:
        """Count a webhook that was not taken in as it is: soon, and by one statement for many."""
        self._rejected[connection_id, reason] += 1
        if reason == "stale":
            self._stale.add(connection_id)
        self._begin()

    async def stop(self) -> None:
        """Whatever waits is stored, or refused, before this returns."""
        task, self._task = self._task, None
        if task is None:
            return
        while (self._busy or self._has_work()) and not task.done():
            self._wake.set()
            await asyncio.wait([task], timeout=0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self._disconnect()

    def _begin(self) -> None:
        self._wake.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="webhooks")

    def _has_work(self) -> bool:
        return bool(self._rows or self._questions or self._rejected or self._stale)

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._busy = True
            while self._has_work():
                await self._answer_questions()
                await self._store_batch()
                await self._count()
            self._busy = False

    async def _answer_questions(self) -> None:
        asked, self._questions = self._questions, []
        if not asked:
            return
        tokens = sorted({token for token, _ in asked})
        asked_at = self.endpoints.now()
        try:
            found = await self._execute(lambda connection: endpoints.read(connection, tokens))
            self.endpoints.remember(tokens, found, asked_at)
            for token, future in asked:
                _resolve(future, found.get(token))
        except (Unavailable, psycopg.Error) as error:
            _fail([future for _, future in asked], error)
        finally:
            _fail([future for _, future in asked], Unavailable())  # of those that are not answered yet: it was stopped

    async def _store_batch(self) -> None:
        batch: list[Row] = []
        size = 0
        while self._rows and len(batch) < BATCH_ROWS and size < BATCH_BYTES:
            batch.append(self._rows.popleft())
            size += len(batch[-1][0].payload)
        try:
            await self._store(batch)
        finally:
            self._bytes -= size
            _fail([future for _, future in batch], Unavailable())  # of those that are not answered yet: it was stopped

    async def _store(self, batch: list[Row]) -> None:
        if not batch:
            return
        parameters = admission.columns(admission.folded(delivery for delivery, _ in batch))
        try:
            await self._execute(lambda connection: connection.execute(storage.STORE, parameters))
        except Unavailable as error:
            _fail([future for _, future in batch], error)
        except psycopg.Error as error:
            if len(batch) == 1:
                _fail([batch[0][1]], error)
                return
            half = len(batch) // 2
            await self._store(batch[:half])
            await self._store(batch[half:])
        else:
            for _, future in batch:
                _resolve(future, None)

    async def _count(self) -> None:
        """Counts are worth less than webhooks: one attempt."""
        rejected, self._rejected = self._rejected, Counter()
        stale, self._stale = self._stale, set()
        try:
            if stale:  # first: a count for a connection that was removed fails
                await self._execute(lambda connection: connection.execute(storage.ASK_LISTS, [sorted(stale)]))
            if rejected:
                parameters = storage.count_parameters(rejected, timezone.now().date())
                await self._execute(lambda connection: connection.execute(storage.COUNT, parameters))
        except (Unavailable, psycopg.Error) as error:
            log.warning("webhook_rejections_not_counted", error=type(error).__name__)
        for (connection_id, reason), times in rejected.items():
            log.warning("webhook_rejected", connection=connection_id, reason=reason, times=times)

    async def _execute(self, run: Callable[[psycopg.AsyncConnection[Any]], Awaitable[Result]]) -> Result:
        """Run one statement, on a new connection when the last one is lost; `Unavailable` when there is none in time.

        A statement may be run twice when the connection is lost while it commits: each can be repeated.
        """
        until = asyncio.get_running_loop().time() + PATIENCE
        while True:
            try:
                async with asyncio.timeout(WITHIN):
                    if self._connection is None or self._connection.closed:
                        self._connection = await self._connect()
                    return await run(self._connection)
            except (psycopg.Error, OSError, TimeoutError) as error:
                if _is_refusal(error) and self._connection is not None and not self._connection.closed:
                    raise
                log.warning("webhooks_connection_failed", error=type(error).__name__)
                await self._disconnect()
                if asyncio.get_running_loop().time() + PAUSE > until:
                    raise Unavailable from error
                await asyncio.sleep(PAUSE)

    async def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error, OSError):
                await self._connection.close()
        self._connection = None


def _is_refusal(error: Exception) -> bool:
    """Whether the database answered, and will answer the same again."""
    return isinstance(error, psycopg.Error) and (error.sqlstate or "57")[:2] not in NOT_NOW


def _resolve(future: asyncio.Future[Result], result: Result) -> None:
    if not future.done():
        future.set_result(result)


def _fail(futures: list[asyncio.Future[Any]], error: Exception) -> None:
    for future in futures:
        if not future.done():
            future.set_exception(error)
