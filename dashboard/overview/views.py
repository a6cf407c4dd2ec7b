"""The overviews: of the reseller's staff, and of one client."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from dashboard.calls import credit
from dashboard.calls.models import Call
from dashboard.connections import queries as connection_queries
from dashboard.overview import attention, client_page, figures, queries
from dashboard.overview.queries import ClientRow
from dashboard.sync import freshness
from dashboard.ui import times
from dashboard.ui.fragments import page_or_part
from tenants import audit
from tenants.access.decorators import StaffRequest, TenantRequest, memberships_of, staff_of, staff_view, tenant_view
from tenants.access.permissions import Permission
from tenants.models import Connection, Tenant

NEEDS, CONNECTIONS, CLIENTS = 4, 5, 24


@require_GET
@login_required
def home(request: Any) -> HttpResponse:
    """Staff see the overview, auditors read, people go to their client or choose one."""
    if staff_of(request.user):
        return staff(request)
    if hasattr(request.user, "auditor"):
        return HttpResponseRedirect(reverse("admin:questions"))
    memberships = memberships_of(request.user)
    if len(memberships) == 1:
        return HttpResponseRedirect(reverse("client-home", args=[memberships[0].tenant.slug]))
    return render(request, "overview/choose_client.html", {"memberships": memberships})


@require_GET
@tenant_view(Permission.SEE_OVERVIEW)
def client_status(request: TenantRequest) -> HttpResponse:
    """The note of every page of a client that is suspended or closed; empty while it is active."""
    return render(request, "components/_client_status.html")


@staff_view(Permission.SEE_CLIENTS)
def staff(request: StaffRequest) -> HttpResponse:
    may = request.actor.may
    sees_calls, sees_connections = may(Permission.SEE_ALL_CALLS), may(Permission.SEE_CONNECTIONS)
    found = attention.of_staff(request.actor)
    request.attention = found  # type: ignore[attr-defined]  # the sidebar shows the same
    zone, now = times.here(), timezone.now()
    rows = queries.client_rows(Tenant.objects.select_related("home_connection"))
    queries.add_today(rows)
    connections = _connections(rows, sees_all=sees_connections)
    shown = rows[:CLIENTS]
    campaigns = queries.campaigns_of([row.client for row in shown])
    fresh: dict[Any, Any] = {connection.pk: connection.fresh for connection in connections}  # type: ignore[attr-defined]
    for row in shown:
        row.campaigns = campaigns.get(row.client.pk, [])
        row.fresh = fresh.get(row.client.home_connection_id)  # type: ignore[attr-defined]
    weeks = figures.weeks(Call.objects.all() if sees_calls else Call.objects.none(), zone, now)
    context = {
        "attention": found,
        "needs": found.needs[:NEEDS],
        "more_needs": found.needs[NEEDS:],
        "live": sum(len(row.calls) for row in rows),
        "busy": sum(bool(row.calls) for row in rows),
        "redraw_in": queries.seconds_to_alarm(rows) if sees_calls else None,
        "connections": connections[:CONNECTIONS],
        "connections_more": max(0, len(connections) - CONNECTIONS),
        "oldest": freshness.oldest(fresh.values()),
        "rows": shown,
        "rows_more": max(0, len(rows) - CLIENTS),
        "visits": queries.visits(),
        "weeks": weeks,
        "today": weeks.today.this,
        **client_page.both_weeks(weeks, reverse("staff-calls")),
        "zone": zone.key,
        "zone_words": times.zone_words(zone),
        "sees_calls": sees_calls,
        "sees_connections": sees_connections,
        "may_open": may(Permission.OPEN_CLIENTS),
    }
    return page_or_part(request, "overview/overview.html", "overview/_staff_overview.html", context)


def _connections(rows: list[ClientRow], *, sees_all: bool) -> list[Connection]:
    """Those in trouble first, then the busiest; staff who may not see connections get those of their clients."""
    homes = {row.client.home_connection_id for row in rows}
    found = [one for one in connection_queries.connections() if sees_all or one.pk in homes]
    lasting = credit.lasting(found) if sees_all else {}
    for connection in found:
        connection.lasts = credit.words(lasting.get(connection.pk))  # type: ignore[attr-defined]
    return sorted(found, key=lambda one: (not one.problems, -one.spent, one.name))  # type: ignore[attr-defined]


@require_GET
@tenant_view(Permission.SEE_OVERVIEW)
def client(request: TenantRequest) -> HttpResponse:
    context = client_page.context(request)
    request.attention = context["attention"]  # type: ignore[attr-defined]
    if any(one["summary"] for one in context["latest"]):
        audit.record_once(request.user, request.tenant, "calls.summaries-read", request.tenant)
    return page_or_part(request, "overview/client.html", "overview/_client_overview.html", context)
