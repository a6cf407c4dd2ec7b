"""Webhooks that could not be applied: listed by connection, and replayed."""

from __future__ import annotations

from django.db.models import Count

from dashboard.webhooks.models import Delivery
from tenants import audit
from tenants.isolation import scope
from tenants.models import Connection, User

SHOWN = 20
Outcome = Delivery.Outcome


@scope.requires_scope
def failed(connection: Connection) -> list[Delivery]:
    """The newest first. Inside a scope that covers all clients."""
    return list(Delivery.objects.filter(connection_id=connection.pk, outcome=Outcome.FAILED).order_by("-id")[:SHOWN])


@scope.requires_scope
def failed_by_connection() -> dict[int, int]:
    """Counts by connection id, only of connections that have any. Inside a scope that covers all clients."""
    rows = Delivery.objects.filter(outcome=Outcome.FAILED).order_by()
    return dict(rows.values_list("connection").annotate(count=Count("pk")))


@scope.requires_scope
def replay(connection: Connection, *, by: User) -> int:
    """Set those that failed to waiting again; returns how many. Inside a scope that covers all clients."""
    rows = Delivery.objects.filter(connection_id=connection.pk, outcome=Outcome.FAILED)
    count = rows.update(outcome=Outcome.WAITING, attempts=0)
    if count:
        audit.record(by, None, "webhook.replayed", connection, connection=connection.name, reports=count)
    return count
