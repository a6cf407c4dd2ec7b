"""Apply stored webhooks in batches: what merges into known calls at once, the rest one by one.

The rows are claimed, applied and settled in one transaction: a process that is killed leaves them waiting. Those of one
call are always in the same partition, in the order in which they came.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from django.db import connection as database
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from dashboard.calls.updates import batch
from dashboard.calls.updates.call_update import CallUpdate
from dashboard.voicedock import WebhookEvent
from dashboard.webhooks import deliveries
from dashboard.webhooks.models import Delivery
from tenants.isolation import scope

log = structlog.get_logger()

WAITS_LONG = timedelta(seconds=10)
SWEEP_WITHIN = 30.0  # seconds, less than a task may take
BATCH = 200  # deliveries of one transaction
LOCK = 0x5044  # our class of advisory locks: 0 is shared by all appliers, the others are partitions
Outcome = Delivery.Outcome
CLAIM = f"""
SELECT d.id, d.connection_id, d.payload FROM {Delivery._meta.db_table} d
WHERE d.outcome = '{Outcome.WAITING}' AND d.attempts <= %s
AND (hashtext(d.call_id_sent) & 2147483647) %% %s = %s ORDER BY d.id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""


@dataclass(frozen=True)
class Partition:
    """The calls whose ids leave this remainder: `number` of `of`."""

    number: int = 0
    of: int = 1


EVERYTHING = Partition()


@scope.opens_scope
def apply_next(partition: Partition = EVERYTHING, *, again: bool = False) -> int:
    """Apply the next batch; returns how many were found. Opens scopes of its own.

    `again`: those too that have failed before. They are few, and each may be what failed: one by one.
    """
    found, left = _apply_batch(partition, again=again)
    for pk in left:
        deliveries.apply(pk)
    return found


@scope.opens_scope
def apply_waiting(within: float = SWEEP_WITHIN) -> None:
    """Apply all that wait, unless an applier keeps up, for at most `within` seconds; opens scopes of its own."""
    until = monotonic() + within
    while not _an_applier_keeps_up() and apply_next() and monotonic() < until:
        pass
    if not _an_applier_keeps_up():
        apply_next(again=True)


def _an_applier_keeps_up() -> bool:
    """One that hangs, or that nobody runs for its share of the calls, leaves webhooks waiting."""
    return _an_applier_runs() and not _one_waits_long()


def _one_waits_long() -> bool:
    with scope.for_system("whether webhooks are applied in time"):
        oldest = Delivery.objects.filter(outcome=Outcome.WAITING, attempts=0).order_by("pk").only("received_at").first()
    return oldest is not None and oldest.received_at < timezone.now() - WAITS_LONG


def _an_applier_runs() -> bool:
    """Each holds this lock together with the others, for as long as its connection lives."""
    with scope.for_system("whether webhooks are being applied"), database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, 0)", [LOCK])
        return not cursor.fetchone()[0]


def _apply_batch(partition: Partition, *, again: bool) -> tuple[int, list[int]]:
    """How many were found, and which of them have to be applied one by one."""
    try:
        with scope.for_system("apply webhooks"):
            rows = _claim(partition, again=again)
            applied = _apply_at_once(rows) if rows and not again else set()
    except SoftTimeLimitExceeded:
        raise
    except Exception:  # one of them: it fails alone
        log.exception("webhooks_not_applied_at_once")
        with scope.for_system("webhooks to be applied one by one"):
            rows, applied = _claim(partition, again=again), set()
    return len(rows), [pk for pk, _, _ in rows if pk not in applied]


def _claim(partition: Partition, *, again: bool) -> list[tuple[int, int, str]]:
    """Id, connection and payload, which is JSON, of the oldest that wait and that nobody else applies now."""
    most = deliveries.MAX_ATTEMPTS if again else 0
    with database.cursor() as cursor:
        cursor.execute(CLAIM, [most, partition.of, partition.number, BATCH])
        return cursor.fetchall()


def _apply_at_once(rows: list[tuple[int, int, str]]) -> set[int]:
    updates = {}
    for pk, connection_id, payload in rows:
        update = _read(pk, payload)
        if update is not None:
            updates[pk] = connection_id, update
    applied = batch.apply_updates(updates)
    settled = Delivery.objects.filter(pk__in=applied)
    settled.update(outcome=Outcome.APPLIED, error="", attempts=F("attempts") + 1, applied_at=Now())
    return applied


def _read(pk: int, payload: str) -> CallUpdate | None:
    try:
        return CallUpdate.of_event(WebhookEvent.restored(json.loads(payload)))
    except SoftTimeLimitExceeded:
        raise
    except Exception:  # it fails alone, and is recorded, where it is applied by itself
        log.warning("webhook_not_read", delivery=pk, exc_info=True)
        return None
