"""Queries of staff’s pages of clients; each runs inside a scope that covers all clients."""

from __future__ import annotations

from typing import Any

from django.db.models import (
    Count,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce

from dashboard.calls.models import STOPS_DIALING, Call
from dashboard.clients import readiness
from tenants.isolation import scope
from tenants.local_time import midnight_expression
from tenants.models import (
    AssistantDedication,
    AuditEntry,
    NumberDedication,
    Tenant,
)


def clients() -> QuerySet[Tenant]:
    """Clients with `live`, their live calls, `today`, their calls of today in their own time zones, and readiness."""
    calls = Call.objects.filter(tenant=OuterRef("pk")).order_by()
    return readiness.annotated(Tenant.objects.select_related("home_connection")).annotate(
        live=_count(calls.live()), today=_count(calls.filter(created_at__gte=midnight_expression(OuterRef("timezone"))))
    )


def _count(calls: QuerySet[Call]) -> Coalesce:
    return Coalesce(Subquery(calls.values("tenant").annotate(n=Count("pk")).values("n")), 0)


def found_clients(filters: dict[str, Any]) -> QuerySet[Tenant]:
    found = clients().order_by("name", "id")
    if text := (filters.get("q") or "").strip():
        found = found.filter(Q(name__icontains=text) | Q(slug__icontains=text) | Q(city__icontains=text))
    if filters.get("connection"):
        found = found.filter(home_connection=filters["connection"])
    if filters.get("status"):
        found = found.filter(status=filters["status"])
    return found


@scope.requires_scope
def number_dedications(tenant: Tenant) -> list[NumberDedication]:
    found = NumberDedication.objects.filter(tenant=tenant).select_related("number__connection", "tenant")
    return _open_first(found)


@scope.requires_scope
def assistant_dedications(tenant: Tenant) -> list[AssistantDedication]:
    found = AssistantDedication.objects.filter(tenant=tenant).select_related("assistant__connection", "tenant")
    return _open_first(found)


def _open_first(found: QuerySet[Any]) -> list[Any]:
    rows = list(found.order_by(F("period").desc())[:100])
    return sorted(rows, key=lambda dedication: (dedication.period.upper is not None, dedication.pk))


@scope.requires_scope
def latest(tenant: Tenant, count: int = 6) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(tenant=tenant).order_by("-at", "-id")[:count])


def client_figures(tenant: Tenant) -> Tenant:
    return clients().get(pk=tenant.pk)


@scope.requires_scope
def live_calls(tenant: Tenant, count: int = 20) -> list[Call]:
    """The live calls of this client, the longest first."""
    return list(Call.objects.live().filter(tenant=tenant).order_by("created_at", "pk")[:count])


@scope.requires_scope
def alarm_that_stops_dialing(tenant: Tenant) -> Call | None:
    """The call whose alarm stops this client's dialing, if there is one."""
    return Call.objects.filter(tenant=tenant, alarm__in=STOPS_DIALING).order_by("alarm_at").first()
