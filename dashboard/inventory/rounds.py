"""The rounds: which connection is due for which look, and the looks themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import connection as database
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from dashboard.calls.models import LIVE, Call
from dashboard.calls.updates import sync as calls
from dashboard.campaigns import sync as campaigns
from dashboard.inventory import runs, sync
from dashboard.inventory.models import Kind, SyncState
from tenants.isolation import scope
from tenants.models import Connection, ConnectionSecret

LOCK = 0x5053
BOOKED = timedelta(seconds=20)  # a look that was rung for and never came is due again after this
LOOKS: dict[Kind, Callable[[Connection], None]] = {
    Kind.ORGANIZATION: sync.organization,
    Kind.INVENTORY: sync.inventory,
    Kind.CAMPAIGNS: campaigns.campaigns,
    Kind.LIVE_CALLS: calls.live,
    Kind.CALLS: calls.finished,
    Kind.LEADS: campaigns.due_leads,
}


def due() -> list[tuple[int, Kind]]:
    """What is due now, as (connection id, kind), each booked for its look; [] while another process is at it.

    Live calls come first, then what has waited longest. Opens scopes of its own.
    """
    with scope.system("where anything is live"):
        lively = set(Call.objects.filter(finished=False, state__in=LIVE).values_list("connection_id", flat=True))
        with_key = set(ConnectionSecret.objects.exclude(sealed_api_key="").values_list("connection_id", flat=True))
    with transaction.atomic():
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                return []
        _complete(with_key)
        soon = Q(
            kind=Kind.LIVE_CALLS,
            connection_id__in=lively,
            failures=0,
            fresh_at__lte=Now() - timedelta(seconds=calls.WHILE_LIVE),
            due_at__lte=Now() + timedelta(seconds=runs.EVERY[Kind.LIVE_CALLS]),  # booked ones are due later than that
        )
        states = (
            SyncState.objects.filter(connection_id__in=with_key)
            .filter(Q(lease_until=None) | Q(lease_until__lt=Now()))
            .filter(Q(due_at__lte=Now()) | soon)
        )
        found = list(states.order_by("due_at").values_list("pk", "connection_id", "kind"))
        SyncState.objects.filter(pk__in=[row[0] for row in found]).update(due_at=Now() + BOOKED)
    order = sorted(found, key=lambda row: row[2] != Kind.LIVE_CALLS)
    return [(connection, Kind(kind)) for _, connection, kind in order]


def look(connection: Connection, kind: Kind) -> None:
    """One look of this kind; opens scopes of its own. Raises what the look raises."""
    LOOKS[kind](connection)


def _complete(connections: set[int]) -> None:
    """Every connection has a state for every kind."""
    there = set(SyncState.objects.values_list("connection_id", "kind"))
    missing = [(pk, kind) for pk in connections for kind in LOOKS if (pk, kind.value) not in there]
    SyncState.objects.bulk_create(
        [SyncState(connection_id=pk, kind=kind, due_at=Now()) for pk, kind in missing], ignore_conflicts=True
    )
