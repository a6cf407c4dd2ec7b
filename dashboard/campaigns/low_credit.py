"""Which connections have little credit left, as their pages call it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from dashboard.connections.health import LOW_CREDIT
from tenants.isolation import scope
from tenants.models import Connection


@scope.requires_scope
def connections() -> dict[int, Decimal]:
    """The minutes that are left, by connection, of those with little. Inside a scope that covers all clients."""
    known = Connection.objects.in_bulk()
    balances = {pk: _balance_of(connection, known) for pk, connection in known.items()}
    return {pk: balance for pk, balance in balances.items() if balance is not None and balance < LOW_CREDIT}


@scope.requires_scope
def is_low(connection_id: int) -> bool:
    return connection_id in connections()


def _balance_of(connection: Connection, known: Mapping[int, Connection]) -> Decimal | None:
    """VoiceDock keeps one balance for an organization and all below it (`voicedock-api.md §12`)."""
    top, seen = connection, set[int]()
    while top.parent_id is not None and top.parent_id in known and top.pk not in seen:
        seen.add(top.pk)
        top = known[top.parent_id]
    return connection.minutes_balance if top.minutes_balance is None else top.minutes_balance
