"""Queries of staff’s pages of connections; each runs inside a scope that covers all clients."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal

from django.db.models import (
    Count,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce, Now

from dashboard.connections import health
from dashboard.rate_limits.models import Priority, SentRequest
from dashboard.rate_limits.shares import WINDOW
from dashboard.sync import freshness
from dashboard.sync.models import Kind, SyncRun, SyncState
from tenants.isolation import scope
from tenants.models import (
    Assistant,
    AssistantDedication,
    Connection,
    ConnectionSecret,
    Number,
    NumberDedication,
    Tenant,
)

NEARLY_FULL = 0.85  # share of a minute's requests


@scope.requires_scope
def neighbours(tenant: Tenant) -> int:
    """How many other clients have the same home connection."""
    if tenant.home_connection_id is None:
        return 0
    return Tenant.objects.filter(home_connection=tenant.home_connection_id).exclude(pk=tenant.pk).count()


@scope.opens_scope
def own_minutes(tenant: Tenant) -> Decimal | None:
    """The minutes that only this client uses; None for credit that others use too. Opens a scope of its own.

    VoiceDock keeps one balance for an organization and all below it (`voicedock-api.md §12`).
    """
    home = tenant.home_connection
    if home is None or home.minutes_balance is None:
        return None
    with scope.for_system("who uses a balance"):
        family = Connection.objects.filter(Q(parent=home.pk) | Q(children=home.pk)).exists()
        if family or neighbours(tenant):
            return None
        dedications = [NumberDedication.objects.open(), AssistantDedication.objects.open()]
        if any(held.filter(connection=home.pk).exclude(tenant=tenant.pk).exists() for held in dedications):
            return None
    return home.minutes_balance


@scope.requires_scope
def connections() -> list[Connection]:
    """Every connection with its clients, requests of this minute, credit, sync states and errors."""
    found: list[Connection] = list(
        Connection.objects.select_related("parent").annotate(
            clients=_related(Tenant, "home_connection"),
            lines=_related(Number, "connection"),
            speakers=_related(Assistant, "connection"),
        )
    )
    spent, states = requests_this_minute(), sync_states(found)
    keys = dict(ConnectionSecret.objects.values_list("connection_id", "key_ending"))
    fresh = freshness.freshness(found)
    for connection in found:
        connection.priorities = spent[connection.pk]  # type: ignore[attr-defined]
        connection.spent = sum(spent[connection.pk].values())  # type: ignore[attr-defined]
        connection.states = states[connection.pk]  # type: ignore[attr-defined]
        connection.key_ending = keys.get(connection.pk, "")  # type: ignore[attr-defined]
        connection.fresh = fresh[connection.pk]  # type: ignore[attr-defined]
        connection.problems = health.problems(connection, connection.fresh)  # type: ignore[attr-defined]
        connection.is_late = health.is_late(connection, connection.fresh)  # type: ignore[attr-defined]
        connection.allowed = str(connection.requests_per_minute)  # type: ignore[attr-defined]
        connection.tight = connection.spent >= NEARLY_FULL * connection.requests_per_minute  # type: ignore[attr-defined]
    return found


def _related(model: type[Model], field: str) -> Coalesce:
    rows = model._default_manager.filter(**{field: OuterRef("pk")}).order_by()
    return Coalesce(Subquery(rows.values(field).annotate(n=Count("pk")).values("n")), 0)


@scope.requires_scope
def requests_this_minute() -> dict[int, Counter[str]]:
    found: dict[int, Counter[str]] = defaultdict(Counter)
    rows = SentRequest.objects.filter(at__gt=Now() - WINDOW).order_by().values_list("connection_id", "priority")
    for connection, priority, count in rows.annotate(n=Count("pk")):
        found[connection][Priority(priority).label] = count
    return found


def sync_states(connections: list[Connection]) -> dict[int, list[SyncState]]:
    """Those that fail come first."""
    found: dict[int, list[SyncState]] = {connection.pk: [] for connection in connections}
    order = list(Kind.values)
    for state in SyncState.objects.filter(connection__in=found):
        found[state.connection_id].append(state)
    for states in found.values():
        states.sort(key=lambda state: (not state.failures, order.index(state.kind)))
    return found


@scope.requires_scope
def children_without_key(connection: Connection) -> list[dict[str, str]]:
    """Organizations below this one that VoiceDock lists and that are not connected, as [{"id", "name"}] (`§9.1`)."""
    state = SyncState.objects.filter(connection=connection, kind=Kind.ORGANIZATION).first()
    children = (state.cursor if state else {}).get("children", [])
    known = set(
        Connection.objects.filter(organization_id__in=[child["id"] for child in children]).values_list(
            "organization_id", flat=True
        )
    )
    return [child for child in children if child["id"] not in known]


@scope.requires_scope
def runs(connection: Connection, count: int = 60) -> list[SyncRun]:
    return list(SyncRun.objects.filter(connection=connection).order_by("-started_at")[:count])


def open_clients() -> QuerySet[Tenant]:
    return Tenant.objects.exclude(status=Tenant.Status.CLOSED)
