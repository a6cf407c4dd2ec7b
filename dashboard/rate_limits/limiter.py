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
from tenants import slices
from tenants.errors import ActionRefused
from tenants.isolation import scope
from tenants.isolation.django_private import has_open_transaction
from tenants.models import Connection, ConnectionSecret, NumberDedication, Tenant

log = structlog.get_logger()

LOCK = 0x5042  # our class of advisory locks; the second key is the connection
TIMEOUT = 30.0  # seconds for one response; half of it for background work
PAUSE_AFTER_429 = 30.0  # seconds, when VoiceDock does not say
BUSY = Wait(3.0, "Too many requests wait for VoiceDock's answer at this moment.")


class RateLimitExceeded(ActionRefused):
    """Not sent: requests of this priority have used their share. `retry_after` in seconds; `message` for the user."""

    def __init__(self, wait: Wait) -> None:
        super().__init__(wait.message)
        self.retry_after = wait.seconds


class OpenTransaction(RuntimeError):
    """A transaction is open, which would hold its locks until VoiceDock answers."""


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
    """A client for this connection whose every attempt is counted with this priority; opens short scopes of its own.

    `tenant` is the client whose share is used by requests that users wait for; `call_id` counts commands, ten a minute
    for each call. `tally` is called before each request that is sent; after `until`, a moment of `time.monotonic`, none
    is sent. `confirm` is called last before a request is sent: an exception of it prevents the request.
    The caller commits the result of a response inside the block: what follows only records the state of the connection,
    and may fail or be left out.
    Raises `OpenTransaction` at once, and `RateLimitExceeded` from the client's methods before anything is sent.
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
        timeout=TIMEOUT if budget.priority in shares.PEOPLE else TIMEOUT / 2,
        until=until,
    )
    try:
        yield client
    except voicedock.VoiceDockError as error:
        waiting.end()
        budget.record_outcome(error)
        raise
    else:
        waiting.end()
        budget.record_outcome(None)
    finally:
        waiting.end()
        client.close()


@scope.requires_scope
def command_quota(connection_id: int, call_id: UUID) -> CommandQuota:
    """How many of a call's ten commands a minute are left. Inside the scope of its tenant."""
    at = clock()
    rows = SentRequest.objects.filter(connection_id=connection_id, call_id=call_id, at__gt=at - WINDOW)
    return shares.command_quota(_window(rows), call_id, at)


def used(connection: Connection) -> int:
    """Requests of the last minute. Inside a scope that covers all clients."""
    return sum(used_by_priority(connection).values())


@scope.requires_scope
def used_by_priority(connection: Connection) -> dict[Priority, int]:
    """Requests of the last minute in each priority, the most urgent first. Inside a scope that covers all clients."""
    rows = SentRequest.objects.filter(connection_id=connection.pk, at__gt=clock() - WINDOW)
    count = Counter(rows.values_list("priority", flat=True))
    return {priority: count[priority] for priority in Priority}


@scope.opens_scope
def prune() -> int:
    """Delete requests older than the window, also of connections that are not used. Opens a scope of its own."""
    return slices.delete("prune sent requests", SentRequest.objects.filter(at__lt=Now() - 2 * WINDOW))


def clock() -> datetime:
    """The time of the database, so that all processes agree. Tests replace it."""
    with database.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


@dataclass
class _RequestBudget:
    """Counts the requests of one `voicedock.Client`, and records the state of its connection afterwards."""

    connection: int
    priority: Priority
    tenant: int | None
    call: UUID | None
    tally: Callable[[], None]
    confirm: Callable[[], None]
    attempts: int = 0

    def take(self) -> None:
        """Called by the client before each attempt is sent; from then on this thread only waits."""
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
        request = Request(now, self.priority, self.tenant, self.call)
        per_minute, resting_until = Connection.objects.values_list("requests_per_minute", "resting_until").get(
            pk=self.connection
        )
        sent = SentRequest.objects.filter(connection_id=self.connection)
        sent.filter(at__lte=now - 2 * WINDOW).delete()
        window = _window(sent.filter(at__gt=now - WINDOW))
        wait = shares.decide(
            window,
            request,
            per_minute=per_minute,
            sharing=_sharing(self.connection) if shares.depends_on_others(window, request, per_minute) else (),
            resting_until=resting_until,
        )
        if wait is None:
            row = SentRequest(
                connection_id=self.connection, priority=self.priority, tenant_id=self.tenant, call_id=self.call, at=now
            )
            SentRequest.objects.bulk_create([row])
        return wait

    def record_outcome(self, error: voicedock.VoiceDockError | None) -> None:
        """Record when VoiceDock last answered, its last error, and a pause of background work after a 429.

        Never raises: the response that came before must not be lost because of it.
        """
        if not self.attempts:
            return
        try:
            with scope.for_system("record the state of a connection"):
                self._update_connection(error)
        except DatabaseError:
            log.exception("connection_not_updated", connection=self.connection)

    def _update_connection(self, error: voicedock.VoiceDockError | None) -> None:
        now = timezone.now()
        change: dict[str, Any] = {}
        if not isinstance(error, voicedock.Unreachable):
            change["last_contact_at"] = now
        if error is not None and _is_connection_error(error, self.priority):
            change |= {"last_error": str(error)[:300], "last_error_at": now}
        if isinstance(error, voicedock.RateLimited) and not self.call:  # else it may be the call's own ten a minute
            pause = Value(now + timedelta(seconds=error.retry_after or PAUSE_AFTER_429))
            change["resting_until"] = Greatest("resting_until", pause)  # an earlier, longer pause stays
        rows = Connection.objects.filter(pk=self.connection)
        if error is None and not rows.select_for_update(skip_locked=True, no_key=True).exists():
            return  # the row is locked: a success is not worth waiting for it
        rows.update(**change)
        if error is None:
            rows.exclude(last_error="").update(last_error="")


def _lock(connection: int) -> None:
    """Until this transaction ends, no other process counts a request of this connection."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, connection])


def _is_connection_error(error: voicedock.VoiceDockError, priority: Priority) -> bool:
    """Whether it concerns the connection, like a rejected key; an unanswered command concerns only its call (§4.2)."""
    if isinstance(error, voicedock.BadKey | voicedock.NotSent | voicedock.Redirected):
        return True
    return priority not in shares.PEOPLE and isinstance(error, voicedock.Unanswered | voicedock.RateLimited)


def _window(rows: Any) -> list[Request]:
    return [Request(*row) for row in rows.order_by("at").values_list("at", "priority", "tenant_id", "call_id")]


def _sharing(connection: int) -> set[int]:
    """Active clients whose home is this connection, or that have a number in it."""
    holders = NumberDedication.objects.filter(connection_id=connection).open().values("tenant_id")
    tenants = Tenant.objects.filter(Q(home_connection_id=connection) | Q(pk__in=holders), status=Tenant.Status.ACTIVE)
    return set(tenants.values_list("pk", flat=True))


def _require_no_open_transaction() -> None:
    if has_open_transaction(database):
        raise OpenTransaction("Close the transaction, or the scope, before a request to VoiceDock.")
