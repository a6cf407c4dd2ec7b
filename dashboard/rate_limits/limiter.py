"""Clients of VoiceDock whose every request is counted against the rate limits of its connection before it leaves.

    with limiter.client_for(connection, Priority.REST) as vendor:
        numbers = vendor.numbers()

One minute per connection, shared by every process through PostgreSQL: a short transaction per request takes the
connection's lock, counts the minute by the database's clock, and either records the request or says how long to wait.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.db import connection as database
from django.db.models import Q, Value
from django.db.models.functions import Greatest, Now
from django.utils import timezone

from dashboard import voicedock
from dashboard.rate_limits import shares, waiting
from dashboard.rate_limits.models import Priority, SentRequest
from dashboard.rate_limits.shares import WINDOW, CommandQuota, Request, Wait
from tenants.isolation import scope
from tenants.isolation.django_private import has_open_transaction
from tenants.models import Connection, ConnectionSecret, NumberDedication, Tenant

log = structlog.get_logger()

LOCK = 0x5042  # our class of advisory locks; the second key is the connection
PATIENCE = 30.0  # seconds for one answer; half of it for background work
REST_AFTER_429 = 30.0  # seconds, when VoiceDock does not say
BUSY = Wait(3.0, "Too many requests wait for VoiceDock's answer at this moment.")


class RateLimitExceeded(Exception):
    """Not sent: requests of this priority have used their share. `retry_after` in seconds; `words` for people."""

    def __init__(self, wait: Wait) -> None:
        super().__init__(wait.words)
        self.retry_after, self.words = wait.seconds, wait.words


class OpenTransaction(RuntimeError):
    """No transaction may be open while VoiceDock is asked: it would hold its locks until the answer comes."""


@contextmanager
def client_for(
    connection: Connection,
    priority: Priority,
    *,
    tenant: Tenant | int | None = None,
    call_id: UUID | None = None,
    tally: Callable[[], None] = lambda: None,
    until: float | None = None,
    confirm: Callable[[], None] = lambda: None,
) -> Iterator[voicedock.Client]:
    """A client for this connection whose every attempt counts with this priority; opens short scopes of its own.

    `tenant` is whose share people's requests are counted against; `call_id` counts commands, ten a minute each.
    `tally` is called before each request that leaves, `until` the moment of `time.monotonic` after which none does.
    `confirm` is called as the last thing before a request leaves: what it raises keeps it from leaving.
    What an answer means is committed inside the block, before anything else: afterwards it is only noted how the
    connection fares, and that note may fail or be left out.
    Raises `OpenTransaction` at once, and `RateLimitExceeded` from the client's methods before anything has left.
    """
    _require_no_open_transaction()
    budget = _RequestBudget(
        connection=connection.pk,
        priority=Priority(priority),
        tenant=tenant.pk if isinstance(tenant, Tenant) else tenant,
        call=call_id,
        tally=tally,
        confirm=confirm,
    )
    with scope.for_system("load a connection's key"):
        key = ConnectionSecret.objects.get(connection_id=connection.pk).api_key
    client = voicedock.Client(
        key,
        base_url=settings.VOICEDOCK_API_URL,
        permit=lambda method, path: budget.take(),
        transport=settings.VOICEDOCK_TRANSPORT,
        timeout=PATIENCE if budget.priority in shares.PEOPLE else PATIENCE / 2,
        until=until,
    )
    try:
        yield client
    except RateLimitExceeded:
        raise
    except voicedock.VoiceDockError as error:
        waiting.end()
        budget.note(error)
        raise
    else:
        waiting.end()
        budget.note(None)
    finally:
        waiting.end()
        client.close()


def command_quota(connection_id: int, call_id: UUID) -> CommandQuota:
    """What is left of a call's ten commands a minute. Inside the scope of its tenant."""
    at = clock()
    rows = SentRequest.objects.filter(connection_id=connection_id, call_id=call_id, at__gt=at - WINDOW)
    return shares.command_quota(_window(rows), call_id, at)


def used(connection: Connection) -> int:
    """Requests of the last minute. Inside a scope that reaches all."""
    return sum(used_by_priority(connection).values())


def used_by_priority(connection: Connection) -> dict[Priority, int]:
    """Requests of the last minute in each priority, the most urgent first. Inside a scope that reaches all."""
    rows = SentRequest.objects.filter(connection_id=connection.pk, at__gt=clock() - WINDOW)
    count = Counter(rows.values_list("priority", flat=True))
    return {priority: count[priority] for priority in Priority}


def prune() -> int:
    """Drop requests that no window holds any more, also of connections that nobody uses. Opens a scope of its own."""
    with scope.for_system("old requests"):
        return SentRequest.objects.filter(at__lt=Now() - 2 * WINDOW).delete()[0]


def clock() -> datetime:
    """The database's, so that processes with other clocks agree. Tests put their own here."""
    with database.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


@dataclass
class _RequestBudget:
    """Counts the requests of one client, and records afterwards how its connection fares."""

    connection: int
    priority: Priority
    tenant: int | None
    call: UUID | None
    tally: Callable[[], None]
    confirm: Callable[[], None]
    attempts: int = 0

    def take(self) -> None:
        """Called by the client before each attempt leaves; from then on this thread only waits."""
        _require_no_open_transaction()
        if not waiting.allowed():
            raise RateLimitExceeded(BUSY)
        waiting.end()
        with scope.for_system("count a request"):
            _lock(self.connection)
            wait = self._decide(clock())
        if wait:
            raise RateLimitExceeded(wait)
        self.confirm()
        self.attempts += 1
        self.tally()
        waiting.begin()

    def _decide(self, now: datetime) -> Wait | None:
        wish = Request(now, self.priority, self.tenant, self.call)
        per_minute, resting_until = Connection.objects.values_list("requests_per_minute", "resting_until").get(
            pk=self.connection
        )
        mine = SentRequest.objects.filter(connection_id=self.connection)
        mine.filter(at__lte=now - 2 * WINDOW).delete()
        wait = shares.decide(
            _window(mine.filter(at__gt=now - WINDOW)),
            wish,
            per_minute=per_minute,
            sharing=_sharing(self.connection) if self.tenant and self.priority in shares.PEOPLE else (),
            resting_until=resting_until,
        )
        if wait is None:
            request = SentRequest(
                connection_id=self.connection, priority=self.priority, tenant_id=self.tenant, call_id=self.call, at=now
            )
            SentRequest.objects.bulk_create([request])
        return wait

    def note(self, error: voicedock.VoiceDockError | None) -> None:
        """When VoiceDock last answered, what it last complained of, and a rest for background work after a 429.

        Never raises: the answer that it follows must not be lost because of it.
        """
        if not self.attempts:
            return
        try:
            with scope.for_system("note how it went"):
                self._write_note(error)
        except DatabaseError:
            log.exception("connection_not_noted", connection=self.connection)

    def _write_note(self, error: voicedock.VoiceDockError | None) -> None:
        now = timezone.now()
        change: dict[str, Any] = {}
        if not isinstance(error, voicedock.Unreachable):
            change["last_contact_at"] = now
        if error is not None and _is_trouble_of_the_connection(error, self.priority):
            change |= {"last_error": str(error)[:300], "last_error_at": now}
        if isinstance(error, voicedock.RateLimited) and not self.call:  # else it may be the call's own ten a minute
            rest = Value(now + timedelta(seconds=error.retry_after or REST_AFTER_429))
            change["resting_until"] = Greatest("resting_until", rest)  # what was asked before still holds
        rows = Connection.objects.filter(pk=self.connection)
        if error is None and not rows.select_for_update(skip_locked=True, no_key=True).exists():
            return  # somebody holds the row: nobody waits for it only to say that all is well
        rows.update(**change)
        if error is None:
            rows.exclude(last_error="").update(last_error="")


def _lock(connection: int) -> None:
    """Until the transaction ends no other process counts a request of this connection."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, connection])


def _is_trouble_of_the_connection(error: voicedock.VoiceDockError, priority: Priority) -> bool:
    """A key that is not accepted is the connection's trouble; a command without an answer is the call's own (§4.2)."""
    if isinstance(error, voicedock.BadKey | voicedock.NotSent | voicedock.Redirected):
        return True
    return priority not in shares.PEOPLE and isinstance(error, voicedock.Unanswered | voicedock.RateLimited)


def _window(rows: Any) -> list[Request]:
    return [Request(*row) for row in rows.order_by("at").values_list("at", "priority", "tenant_id", "call_id")]


def _sharing(connection: int) -> set[int]:
    """Clients at home in this connection, or with a number in it."""
    here = NumberDedication.objects.filter(connection_id=connection).open().values("tenant_id")
    tenants = Tenant.objects.filter(Q(home_connection_id=connection) | Q(pk__in=here), status=Tenant.Status.ACTIVE)
    return set(tenants.values_list("pk", flat=True))


def _require_no_open_transaction() -> None:
    if has_open_transaction(database):
        raise OpenTransaction("Close the transaction, or the scope, before VoiceDock is asked.")
