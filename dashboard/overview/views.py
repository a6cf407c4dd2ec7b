"""The overviews: of the reseller's staff, and of one client."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from dashboard.calls import labels
from dashboard.calls.models import Call, Receipt
from dashboard.campaigns import queries as campaign_queries
from dashboard.clients import queries as client_queries
from dashboard.connections import queries as connection_queries
from dashboard.overview import queries
from dashboard.sync import freshness
from dashboard.team import queries as team_queries
from dashboard.ui import charts, times
from dashboard.ui.fragments import page_or_part
from tenants.access.decorators import StaffRequest, TenantRequest, staff_of, staff_view, tenant_view
from tenants.access.permissions import Permission
from tenants.models import Tenant

CONNECTIONS, CLIENTS = 6, 12


@require_GET
@login_required
def home(request: Any) -> HttpResponse:
    """Staff see the overview, auditors read, people go to their client or choose one."""
    if staff_of(request.user):
        return staff(request)
    if hasattr(request.user, "auditor"):
        return HttpResponseRedirect(reverse("admin:questions"))
    memberships = queries.memberships(request.user)
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
    zone, now = times.here(), timezone.now()
    sees_calls = request.actor.may(Permission.SEE_ALL_CALLS)
    board = queries.live_board(Tenant.objects.all())
    days = queries.days(board)
    ended = {day.client.pk: day.ended for day in days}
    for row in board:
        row.quiet_since = ended[row.client.pk]
    needs = queries.needing_attention(Call.objects.all()) if sees_calls else []
    today, hours = queries.today(Call.objects.all(), Receipt.objects.all(), zone)
    sees_connections = request.actor.may(Permission.SEE_CONNECTIONS)
    homes = {row.client.home_connection_id for row in board}
    shown = connection_queries.connections()
    connections = [connection for connection in shown if sees_connections or connection.pk in homes]
    fresh: dict[Any, Any] = {connection.pk: connection.fresh for connection in connections}  # type: ignore[attr-defined]
    ages = [freshness.fresh_at for freshness in fresh.values()]
    context = {
        "board": board[: queries.BOARD_ROWS],
        "board_more": max(0, len(board) - queries.BOARD_ROWS),
        "live": sum(len(row.calls) for row in board),
        "busy": sum(bool(row.calls) for row in board),
        "needs": needs[: queries.ATTENTION_ROWS],
        "redraw_in": queries.seconds_to_alarm(board) if sees_calls else None,
        "needs_more": len(needs) > queries.ATTENTION_ROWS,
        "today": today,
        "chart": charts.draw(hours, now, zone),
        "chart_url": f"{reverse('staff-calls')}?since={now.astimezone(zone):%Y-%m-%d}",
        "zone": zone.key,
        "zone_words": times.zone_words(zone),
        "now": now.astimezone(zone),
        "connections": sorted(connections, key=lambda one: (not one.last_error, -one.spent, one.name))[:CONNECTIONS],  # type: ignore[attr-defined]
        "connections_more": max(0, len(connections) - CONNECTIONS),
        "days": [(day, fresh.get(day.client.home_connection_id)) for day in days[:CLIENTS]],
        "days_more": max(0, len(days) - CLIENTS),
        "oldest": min(ages) if ages and all(ages) else None,
        "sees_calls": sees_calls,
        "sees_connections": sees_connections,
        "may_open": request.actor.may(Permission.OPEN_CLIENTS),
    }
    return page_or_part(request, "overview/overview.html", "overview/_staff_overview.html", context)


@require_GET
@tenant_view(Permission.SEE_OVERVIEW)
def client(request: TenantRequest) -> HttpResponse:
    tenant, now = request.tenant, timezone.now()
    zone = tenant.zone
    calls = Call.objects.filter(tenant=tenant)
    board = queries.live_board(Tenant.objects.filter(pk=tenant.pk))
    today, hours = queries.today(calls, Receipt.objects.filter(tenant=tenant), zone)
    lines = [dedication for dedication in client_queries.number_dedications(tenant) if dedication.is_open]
    assistants = [dedication for dedication in client_queries.assistant_dedications(tenant) if dedication.is_open]
    may = request.actor.may
    last = queries.last_calls(tenant)
    context = {
        "row": board[0] if board else queries.BoardRow(tenant),
        "needs": queries.needing_attention(calls)[: queries.ATTENTION_ROWS],
        "redraw_in": queries.seconds_to_alarm(board),
        "today": today,
        "chart": charts.draw(hours, now, zone),
        "chart_url": f"{reverse('calls', args=[tenant.slug])}?since={now.astimezone(zone):%Y-%m-%d}",
        "now": now.astimezone(zone),
        "last": [
            {"call": call, "mark": labels.mark(call), "state": labels.state(call), "by": labels.started_by(call)}
            for call in last
        ],
        "campaigns": campaign_queries.campaign_rows(queries.campaigns_of([tenant]).get(tenant.pk, [])[:5], now, {}),
        "lines": lines,
        "assistants": assistants,
        "fresh_at": freshness.freshness_of(tenant).fresh_at,
        "may_place": may(Permission.PLACE_CALLS),
        "may_settings": may(Permission.MANAGE_SETTINGS),
        "may_team": may(Permission.MANAGE_TEAM),
        "alone": len(team_queries.people(tenant)) < 2,
        "is_new": not last and not (board and board[0].calls),
    }
    return page_or_part(request, "overview/client.html", "overview/_client_overview.html", context)
