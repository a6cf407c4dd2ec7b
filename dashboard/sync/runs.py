"""The book of looks: who looks at what now, when it was last seen whole, and when to look again."""

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
from tenants.isolation import scope
from tenants.models import Connection

log = structlog.get_logger()

LEASE = timedelta(seconds=20)  # renewed before each request, whose answer takes 15 s at most: a killed run ends soon
LONGEST = 30.0  # seconds of one run, all its requests and repeats together; what is left is for the next one
LONGEST_LIVE = 10.0  # people wait for news of live calls: better ask again than wait for one answer
EVERY = {  # seconds between looks, unless the look itself knows better
    Kind.ORGANIZATION: 60,
    Kind.INVENTORY: 300,
    Kind.LIVE_CALLS: 15,
    Kind.CALLS: 15,
    Kind.CAMPAIGNS: 15,
    Kind.LEADS: 15,
}
LONGEST_BACKOFF = 300.0  # seconds
COUNTED_TOGETHER = timedelta(minutes=15)
KEPT = timedelta(days=14)


class Busy(Exception):
    """Another run syncs the very same thing."""


class LeaseLost(Busy):
    """Another run took over while this one was held up; this one sends no further request."""


@dataclass
class Run:
    """One look, as it goes. `cursor` is kept for the next run; `remarks` go into its record."""

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
        """Its time is used up: what is left is for the next run."""
        return time.monotonic() >= self.until

    def _keep_lease(self) -> None:
        if not self.lease.renew():
            raise LeaseLost(f"{self.kind} of {self.connection} was taken over by another run.")

    def _count_request(self) -> None:
        self.requests += 1


@dataclass
class _Lease:
    """The right to be the only run of its kind; whoever takes over an expired one ends this one's."""

    state: int
    until: datetime | None = None

    def take(self) -> bool:
        """False while somebody else holds it."""
        return self._extend(Q(lease_until=None) | Q(lease_until__lt=Now()))

    def renew(self) -> bool:
        """False when another run has taken over."""
        return self._extend(Q(lease_until=self.until))

    def give_back(self, **change: Any) -> None:
        """Write what the run came to, unless another one has taken over."""
        SyncState.objects.filter(pk=self.state, lease_until=self.until).update(lease_until=None, **change)

    def _extend(self, allowed: Q) -> bool:
        rows = SyncState.objects.filter(pk=self.state)
        if not rows.filter(allowed).update(lease_until=Now() + LEASE):
            return False
        self.until = rows.values_list("lease_until", flat=True).get()
        return True


@contextmanager
def run_sync(connection: Connection, kind: Kind) -> Iterator[Run]:
    """Hold the lease on this kind for this connection, and write down how it went. Opens short scopes of its own.

    Raises `Busy`; lets `limiter.RateLimitExceeded` and VoiceDock's errors through after recording them. The cursor of
    the run is kept in every case, so the next run goes on where this one stopped.
    """
    state, _ = SyncState.objects.get_or_create(connection_id=connection.pk, kind=kind)
    lease = _Lease(state.pk)
    if not lease.take():
        raise Busy(f"{kind} of {connection} is being looked at.")
    state.refresh_from_db()
    until = time.monotonic() + (LONGEST_LIVE if kind == Kind.LIVE_CALLS else LONGEST)
    run = Run(connection, Kind(kind), state.cursor, EVERY[Kind(kind)], limiter.clock(), lease, until)
    try:
        yield run
    except limiter.RateLimitExceeded as no:
        _close(state, run, SyncRun.Outcome.WAITED, no.words, again_in=no.retry_after * random.uniform(1, 1.1))
        raise
    except LeaseLost:
        log.info("sync_run_taken_over", connection=connection.pk, kind=str(kind))
        raise  # how it goes is written by the run that took over
    except Exception as error:
        words = str(error) if isinstance(error, voicedock.VoiceDockError) else type(error).__name__
        pause = min(LONGEST_BACKOFF, 5.0 * 2**state.failures) * random.uniform(0.8, 1)
        _close(state, run, SyncRun.Outcome.FAILED, words, again_in=pause)
        raise
    else:
        _close(state, run, SyncRun.Outcome.DONE, " ".join(run.remarks), again_in=run.again_in)


def mark_due(connection: Connection | int, *kinds: Kind) -> None:
    """Something has just happened: look at these at the next tick.

    Never raises for the database's sake: it follows answers of VoiceDock that must not be lost because of it, and what
    is not hurried is looked at in its turn.
    """
    pk = connection if isinstance(connection, int) else connection.pk
    try:
        with transaction.atomic():
            SyncState.objects.filter(connection_id=pk, kind__in=kinds).update(due_at=Now())
    except DatabaseError:
        log.exception("sync_not_hurried", connection=pk)


def prune() -> int:
    """Drop what is too old to ask about."""
    with scope.for_system("forget old sync runs"):
        return SyncRun.objects.filter(started_at__lt=Now() - KEPT).delete()[0]


def _close(state: SyncState, run: Run, outcome: SyncRun.Outcome, words: str, *, again_in: float) -> None:
    words = words[:300]
    change: dict[str, Any] = {"cursor": run.cursor, "due_at": Now() + timedelta(seconds=again_in)}
    if outcome == SyncRun.Outcome.DONE:
        change |= {"fresh_at": run.started_at, "failures": 0}
    elif outcome == SyncRun.Outcome.FAILED:
        change["failures"] = F("failures") + 1
    run.lease.give_back(**change)
    run.items.keep()
    with scope.for_system("how a sync run went"):
        _write(run, outcome, words, limiter.clock())
    if (outcome == SyncRun.Outcome.FAILED) != (state.failures > 0) and outcome != SyncRun.Outcome.WAITED:
        with scope.for_system("a connection ails, or is well again"):
            publish.row_changed("connection", run.connection.pk, tenant=None)


def _write(run: Run, outcome: SyncRun.Outcome, words: str, now: datetime) -> None:
    """A row of its own for news; looks in a row that come to the same are counted in one."""
    last = SyncRun.objects.filter(connection_id=run.connection.pk, kind=run.kind).order_by("-started_at").first()
    same = (
        last is not None
        and not run.changed
        and (last.outcome, last.changed, last.error) == (outcome, 0, words)
        and last.started_at > now - COUNTED_TOGETHER
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
        error=words,
    )
