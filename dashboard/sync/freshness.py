"""How old our copy of what VoiceDock holds is, by connection and by client."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from dashboard.sync.models import Kind, SyncState
from tenants.models import Connection, NumberDedication


@dataclass(frozen=True)
class Freshness:
    """`fresh_at` is when the last successful sync began, None before the first; `failing` after a failed one."""

    fresh_at: datetime | None
    failing: bool

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
    return {pk: _freshness(found, len(kinds)) for pk, found in states.items()}


def freshness_of(tenant: Any, kinds: Collection[Kind] = (Kind.LIVE_CALLS, Kind.CALLS)) -> Freshness:
    """The oldest over the connections that a client uses. Inside a scope that covers the client."""
    used = set(NumberDedication.objects.filter(tenant=tenant).open().values_list("connection_id", flat=True))
    used |= {tenant.home_connection_id} - {None}
    found = list(freshness(used, kinds).values())
    times = [item.fresh_at for item in found]
    oldest = min((at for at in times if at), default=None) if all(times) else None
    return Freshness(oldest, any(item.failing for item in found))


def _freshness(states: list[SyncState], wanted: int) -> Freshness:
    times = [state.fresh_at for state in states]
    oldest = min(at for at in times if at) if len(times) == wanted and all(times) else None
    return Freshness(oldest, any(state.failures for state in states))
