"""The caller-ID report of one client: for its own people, and for staff without entering; as a page and as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from dashboard.calls.caller_id import report
from dashboard.calls.forms import CallerIdFilter
from dashboard.ui import filters, pagination, times
from tenants import audit, spreadsheets
from tenants.access.decorators import StaffRequest, TenantRequest, staff_view, tenant_view
from tenants.access.permissions import Permission
from tenants.access.reauthentication import Confirm
from tenants.isolation import scope
from tenants.models import Tenant

DIFFERENCES = 20


@require_GET
@tenant_view(Permission.SEE_CALLS)
def client(request: TenantRequest) -> HttpResponse:
    request.nav_page = "calls"  # type: ignore[attr-defined]
    urls = {"up": reverse("calls", args=[request.tenant.slug]), "up_words": "Calls"}
    return _page(request, request.tenant, urls | {"export": reverse("caller-id-export", args=[request.tenant.slug])})


@require_GET
@tenant_view(Permission.EXPORT_CALLS, open_scope=False, confirm=Confirm.THEN_FETCH)  # type: ignore[arg-type]  # it streams
def client_export(request: TenantRequest) -> HttpResponseBase:
    return _export(request, request.tenant, reverse("caller-id", args=[request.tenant.slug]))


@require_GET
@staff_view(Permission.SEE_ALL_CALLS)
def staff(request: StaffRequest, slug: str) -> HttpResponse:
    tenant = get_object_or_404(Tenant, slug=slug)
    request.nav_page = "staff-clients"  # type: ignore[attr-defined]
    urls = {"up": reverse("staff-client", args=[slug]), "up_words": tenant.name}
    return _page(request, tenant, urls | {"export": reverse("staff-caller-id-export", args=[slug])}, staff=True)


@require_GET
@staff_view(Permission.EXPORT_CALLS, open_scope=False, confirm=Confirm.THEN_FETCH)  # type: ignore[arg-type]  # it streams
def staff_export(request: StaffRequest, slug: str) -> HttpResponseBase:
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        tenant = get_object_or_404(Tenant, slug=slug)
    return _export(request, tenant, reverse("staff-caller-id", args=[slug]))


def _page(request: Any, tenant: Tenant, urls: dict[str, str], *, staff: bool = False) -> HttpResponse:
    form = CallerIdFilter(request.GET)
    bar = filters.bar(request, form, label="Narrow the report")
    found = report.within(report.listed(tenant), **form.wish(), zone=tenant.zone)
    found = found if form.is_valid() else found.none()
    shown = pagination.page(found, request.GET)
    context = {
        "client": tenant,
        "urls": urls,
        "staff": staff,
        "filters": bar,
        "filtered": bool(bar.clear_url) or bool(form.errors),
        "rows": [report.row_of(call) for call in shown.rows],
        **_differences(found, form, request.GET),
        "page": shown,
        "paged": "before" in request.GET or "after" in request.GET,
        "figures": report.figures(found),
        "counted": report.COUNTED,
        "may_export": request.actor.may(Permission.EXPORT_CALLS),
        "zone_words": times.zone_words(tenant.zone),
    }
    return render(request, "calls/caller_id.html", context)


def _differences(found: QuerySet[Any], form: CallerIdFilter, query: QueryDict) -> dict[str, Any]:
    """The newest calls from another number, which stand above the first page of the list of all."""
    if form.wish()["verdict"] or "before" in query or "after" in query:
        return {"differences": []}
    rows = list(found.filter(verdict=report.DIFFERS).order_by("-created_at", "-id")[: DIFFERENCES + 1])
    shown = [report.row_of(call) for call in rows[:DIFFERENCES]]
    more = query.copy()
    more["verdict"] = report.DIFFERS
    return {"differences": shown, "more_differences": f"?{more.urlencode()}" if len(rows) > DIFFERENCES else ""}


def _export(request: Any, tenant: Tenant, page: str) -> HttpResponseBase:
    """Written down in the client's trail before the first line leaves."""
    form = CallerIdFilter(request.GET)
    if not form.is_valid():
        return HttpResponseRedirect(f"{page}?{request.GET.urlencode()}")
    with scope.for_tenant(tenant):
        found = report.within(report.listed(tenant), **form.wish(), zone=tenant.zone)
        written_down(request, tenant, form)
    return answer(request, tenant, report.rows(found, tenant.zone, lambda: scope.for_tenant(tenant)))


def written_down(request: Any, tenant: Tenant, form: CallerIdFilter) -> None:
    wish = form.wish()
    period = f"{wish['since'] or 'the beginning'} to {wish['until'] or 'now'}"
    facts = {"period": period, "verdict": wish["verdict"], "file": spreadsheets.chosen(request).kind}
    audit.record(request.user, tenant, "caller-id.exported", tenant, **facts)


def answer(request: Any, tenant: Tenant, rows: Iterator[list[object]]) -> StreamingHttpResponse:
    name = f"caller-id-{tenant.slug}-{timezone.now().astimezone(tenant.zone):%Y-%m-%d}"
    return spreadsheets.response(name, report.HEAD, rows, spreadsheets.chosen(request))
