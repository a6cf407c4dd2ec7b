"""Sync runs: one at a time for each connection and kind (by a lease), recorded, and scheduled again."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from dashboard import voicedock
from dashboard.live_updates import publish
from dashboard.rate_limits import limiter
from dashboard.rate_limits.models import Priority
from dashboard.sync.models import Kind, SyncRun, SyncState
from dashboard.sync.unreadable_items import Items
from tenants import slices
from tenants.isolation import scope
from tenants.models import Connection

log = structlog.get_logger()

LEASE = timedelta(seconds=20)  # renewed before each request, which takes 15 s at most: a killed run expires soon
MAX_SECONDS = 30.0  # of one run, all its requests and repeats together; the next run continues
MAX_SECONDS_LIVE = 10.0  # people wait for updates of live calls: a new request is better than a slow answer
INTERVALS = {  # seconds between runs, unless the run sets `again_in`
    Kind.ORGANIZATION: 60,
    Kind.INVENTORY: 300,
    Kind.LIVE_CALLS: 15,
    Kind.CALLS: 15,
    Kind.CAMPAIGNS: 15,
    Kind.LEADS: 15,
}
MAX_BACKOFF = 300.0  # seconds
MERGED_WITHIN = timedelta(minutes=15)  # runs without changes share one row for so long
RETENTION = timedelta(days=14)


class Busy(Exception):
    """Another run syncs the very same thing."""


class LeaseLost(Busy):
    """Another run took over while this one was held up; this one sends no further request."""


@dataclass
class Run:
    """A run in progress. `cursor` is stored for the next run, `remarks` are stored in its `SyncRun`.

    `again_in` is in seconds; `until` is a moment of `time.monotonic`.
    """

    connection: Connection
    kind: Kind
    cursor: dict[str, Any]
    again_in: float
    started_at: datetime
    lease: _Lease
    until: float
    requests: int = 0
    seen: int = 0
    changed: int = 0
    remarks: list[str] = field(default_factory=list)
    items: Items = field(init=False)

    def __post_init__(self) -> None:
        self.items = Items(self.connection)

    @contextmanager
    def client_for(self, priority: Priority) -> Iterator[voicedock.Client]:
        """Its requests raise `LeaseLost` before they leave once another run has taken over."""
        with limiter.client_for(
            self.connection, priority, tally=self._count_request, confirm=self._keep_lease, until=self.until
        ) as vendor:
            yield vendor

    @property
    def is_over(self) -> bool:
        """Whether its time is used up, so that the next run has to continue."""
        return time.monotonic() >= self.until

    def _keep_lease(self) -> None:
        if not self.lease.renew():
            raise LeaseLost(f"{self.kind} of {self.connection} was taken over by another run.")

    def _count_request(self) -> None:
        self.requests += 1


@dataclass
class _Lease:
    """The right to be the only run of its kind; it ends when another run takes it over after it expired."""

    state_id: int
    until: datetime | None = None

    def take(self) -> bool:
        """False while another run holds it."""
        return self._extend(Q(lease_until=None) | Q(lease_until__lt=Now()), begun_at=Now())

    def renew(self) -> bool:
        """False when another run has taken over."""
        return self._extend(Q(lease_until=self.until))

    def release(self, **change: Any) -> None:
        """End the lease and update the state, unless another run has taken over."""
        SyncState.objects.filter(pk=self.state_id, lease_until=self.until).update(lease_until=None, **change)

    def _extend(self, allowed: Q, **change: Any) -> bool:
        rows = SyncState.objects.filter(pk=self.state_id)
        if not rows.filter(allowed).update(lease_until=Now() + LEASE, **change):
            return False
        self.until = rows.values_list("lease_until", flat=True).get()
        return True


@contextmanager
def run_sync(connection: Connection, kind: Kind) -> Iterator[Run]:
    """Hold the lease on this kind for this connection, and record the outcome. Opens short scopes of its own.

    Raises `Busy`; records `limiter.RateLimitExceeded` and `VoiceDockError` and raises them again. The cursor is stored
    in every case, so that the next run continues where this one stopped.
    """
    state, _ = SyncState.objects.get_or_create(connection_id=connection.pk, kind=kind)
    lease = _Lease(state.pk)
    if not lease.take():
        raise Busy(f"{kind} of {connection} is being synced already.")
    state.refresh_from_db()
    until = time.monotonic() + (MAX_SECONDS_LIVE if kind == Kind.LIVE_CALLS else MAX_SECONDS)
    run = Run(connection, Kind(kind), state.cursor, INTERVALS[Kind(kind)], limiter.clock(), lease, until)
    try:
        yield run
    except limiter.RateLimitExceeded as error:
        _close(state, run, SyncRun.Outcome.WAITED, error.message, again_in=error.retry_after * random.uniform(1, 1.1))
        raise
    except LeaseLost:
        log.info("sync_run_taken_over", connection=connection.pk, kind=str(kind))
        raise  # how it goes is written by the run that took over
    except Exception as error:
        message = str(error) if isinstance(error, voicedock.VoiceDockError) else type(error).__name__
        backoff = min(MAX_BACKOFF, 5.0 * 2**state.failures) * random.uniform(0.8, 1)
        _close(state, run, SyncRun.Outcome.FAILED, message, again_in=backoff)
        raise
    else:
        _close(state, run, SyncRun.Outcome.DONE, " ".join(run.remarks), again_in=run.again_in)


def has_begun(connection_id: int, kind: str, since: datetime) -> bool:
    """Whether a run of this kind has begun since then, by the clock of the database, whatever came of it."""
    return SyncState.objects.filter(connection_id=connection_id, kind=kind, begun_at__gt=since).exists()


def mark_due(connection: Connection | int, *kinds: Kind) -> None:
    """Make these kinds due now, because something has just happened.

    Database errors are logged, not raised: it is called after answers of VoiceDock that must not be lost, and these
    kinds become due again anyway.
    """
    pk = connection if isinstance(connection, int) else connection.pk
    try:
        with transaction.atomic():
            SyncState.objects.filter(connection_id=pk, kind__in=kinds).update(due_at=Now())
    except DatabaseError:
        log.exception("sync_not_marked_due", connection=pk)


@scope.opens_scope
def prune() -> int:
    """Delete old runs; returns how many."""
    return slices.delete("prune sync runs", SyncRun.objects.filter(started_at__lt=Now() - RETENTION))


def _close(state: SyncState, run: Run, outcome: SyncRun.Outcome, message: str, *, again_in: float) -> None:
    message = message[:300]
    change: dict[str, Any] = {"cursor": run.cursor, "due_at": Now() + timedelta(seconds=again_in)}
    if outcome == SyncRun.Outcome.DONE:
        change |= {"fresh_at": run.started_at, "failures": 0}
    elif outcome == SyncRun.Outcome.FAILED:
        change["failures"] = F("failures") + 1
    run.lease.release(**change)
    run.items.save()
    with scope.for_system("record a sync run"):
        _record(run, outcome, message, limiter.clock())
    if (outcome == SyncRun.Outcome.FAILED) != (state.failures > 0) and outcome != SyncRun.Outcome.WAITED:
        with scope.for_system("a connection began or ceased to fail"):
            publish.row_changed("connection", run.connection.pk, tenant=None)


def _record(run: Run, outcome: SyncRun.Outcome, message: str, now: datetime) -> None:
    """A new row for a run with changes; consecutive runs with the same outcome and no changes share a row."""
    last = SyncRun.objects.filter(connection_id=run.connection.pk, kind=run.kind).order_by("-started_at").first()
    same = (
        last is not None
        and not run.changed
        and (last.outcome, last.changed, last.error) == (outcome, 0, message)
        and last.started_at > now - MERGED_WITHIN
    )
    if last is not None and same:
        SyncRun.objects.filter(pk=last.pk).update(
            run_count=F("run_count") + 1, requests=F("requests") + run.requests, seen=run.seen, finished_at=now
        )
        return
    SyncRun.objects.create(
        connection_id=run.connection.pk,
        kind=run.kind,
        started_at=run.started_at,
        finished_at=now,
        outcome=outcome,
        requests=run.requests,
        seen=run.seen,
        changed=run.changed,
        error=message,
    )
