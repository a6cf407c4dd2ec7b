"""How old our copy of what VoiceDock holds is, by connection and by client."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from dashboard.sync.models import Kind, SyncState
from tenants.isolation import scope
from tenants.models import Connection, NumberDedication


@dataclass(frozen=True)
class Freshness:
    """`fresh_at` is when the last successful sync began, None before the first; `failing` after a failed one.

    `is_begun` tells whether any sync has been begun: the first one may take long.
    """

    fresh_at: datetime | None
    failing: bool
    is_begun: bool = True

    @property
    def is_first_running(self) -> bool:
        return self.fresh_at is None and self.is_begun and not self.failing

    @property
    def age(self) -> timedelta | None:
        return timezone.now() - self.fresh_at if self.fresh_at else None


def freshness(
    connections: Iterable[Connection | int], kinds: Collection[Kind] = (Kind.LIVE_CALLS, Kind.CALLS)
) -> dict[int, Freshness]:
    """By connection id: the oldest of the last successful syncs of `kinds`; None where one is missing. Any scope."""
    ids = [connection if isinstance(connection, int) else connection.pk for connection in connections]
    states: dict[int, list[SyncState]] = {pk: [] for pk in ids}
    for state in SyncState.objects.filter(connection_id__in=ids, kind__in=kinds):
        states[state.connection_id].append(state)
    return {pk: of_states(found, len(kinds)) for pk, found in states.items()}


@scope.requires_scope
def freshness_of(tenant: Any, kinds: Collection[Kind] = (Kind.LIVE_CALLS, Kind.CALLS)) -> Freshness:
    """The oldest over the connections that a client uses. Inside a scope that covers the client."""
    used = set(NumberDedication.objects.filter(tenant=tenant).open().values_list("connection_id", flat=True))
    used |= {tenant.home_connection_id} - {None}
    found = list(freshness(used, kinds).values())
    return Freshness(oldest(found), any(item.failing for item in found))


def of_states(states: list[SyncState], wanted: int = 2) -> Freshness:
    """Of one connection, from its states of `wanted` kinds: by default live calls and finished ones."""
    times = [state.fresh_at for state in states]
    oldest = min(at for at in times if at) if len(times) == wanted and all(times) else None
    begun = any(state.fresh_at or state.cursor or state.lease_until for state in states)
    return Freshness(oldest, any(state.failures for state in states), begun)


def oldest(found: Iterable[Freshness]) -> datetime | None:
    """The oldest of several; None where one has never been synced, and for none."""
    times = [item.fresh_at for item in found]
    return min(at for at in times if at) if times and all(times) else None
