"""Selects the connections and kinds whose sync is due."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection as database
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from dashboard.sync import registry, runs
from dashboard.sync.models import Kind, SyncState
from tenants.isolation import scope
from tenants.models import ConnectionSecret

LOCK = 0x5053  # our key of the advisory lock
ENQUEUED = timedelta(seconds=20)  # a run that was enqueued and never began is due again after this


@scope.opens_scope
def due() -> list[tuple[int, Kind]]:
    """What is due now, as (connection id, kind), each marked as enqueued; [] while another process does the same.

    Kinds that users wait for come first, then those that have waited longest. Opens scopes of its own.
    """
    with scope.for_system("connections with live calls"):
        busy = {entry.kind: (entry.busy(), entry.busy_every) for entry in registry.kinds() if entry.busy}
        with_key = set(ConnectionSecret.objects.exclude(sealed_api_key="").values_list("connection_id", flat=True))
    with transaction.atomic():
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                return []
        _create_missing_states(with_key)
        is_due = Q(due_at__lte=Now())
        for kind, (connections, seconds) in busy.items():
            is_due |= Q(
                kind=kind,
                connection_id__in=connections,
                failures=0,
                fresh_at__lte=Now() - timedelta(seconds=seconds),
                due_at__lte=Now() + timedelta(seconds=runs.INTERVALS[kind]),  # those enqueued are due later than that
            )
        states = SyncState.objects.filter(connection_id__in=with_key).filter(
            Q(lease_until=None) | Q(lease_until__lt=Now())
        )
        found = list(states.filter(is_due).order_by("due_at").values_list("pk", "connection_id", "kind"))
        SyncState.objects.filter(pk__in=[row[0] for row in found]).update(due_at=Now() + ENQUEUED)
    order = sorted(found, key=lambda row: Kind(row[2]) not in busy)
    return [(connection, Kind(kind)) for _, connection, kind in order]


def _create_missing_states(connections: set[int]) -> None:
    """Give every connection a state for every kind."""
    existing = set(SyncState.objects.values_list("connection_id", "kind"))
    wanted = [(pk, entry.kind) for pk in connections for entry in registry.kinds()]
    missing = [(pk, kind) for pk, kind in wanted if (pk, kind.value) not in existing]
    SyncState.objects.bulk_create(
        [SyncState(connection_id=pk, kind=kind, due_at=Now()) for pk, kind in missing], ignore_conflicts=True
    )
