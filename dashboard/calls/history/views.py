"""The list of calls, of one client and of all."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from dashboard.calls import labels, queries
from dashboard.calls.history.filters import CallFilter
from dashboard.calls.models import Call, CallQuerySet
from dashboard.sync.models import Kind
from dashboard.ui import filters, pagination, times
from dashboard.ui.fragments import page_or_part
from tenants.access.decorators import StaffRequest, TenantRequest, staff_view, tenant_view
from tenants.access.permissions import Permission

COUNTED = 10_000


@require_GET
@tenant_view(Permission.SEE_CALLS)
def calls(request: TenantRequest) -> HttpResponse:
    tenant = request.tenant
    form = filter_form(request)
    connection = tenant.home_connection
    fresh = queries.fresh_at(connection.pk, Kind.CALLS) if connection else None
    context = {
        "ages": [(connection, fresh)] if connection else [],
        "may_place": request.actor.may(Permission.PLACE_CALLS),
        "may_export": request.actor.may(Permission.EXPORT_CALLS),
        "zone_words": times.zone_words(tenant.zone),
    }
    return _show(request, form, Call.objects.filter(tenant=tenant), context)


@require_GET
@staff_view(Permission.SEE_ALL_CALLS)
def staff_calls(request: StaffRequest) -> HttpResponse:
    choices = queries.choices()
    form = CallFilter(
        request.GET,
        zone=times.here(),
        countries=queries.countries(request.GET.get("client", "")) if request.GET.get("q") else (),
        searches_words=request.actor.may(Permission.SEE_TRANSCRIPTS),
        **choices,
    )
    context = {"ages": queries.ages(Kind.CALLS), "staff": True, "zone_words": times.zone_words(times.here())}
    return _show(request, form, Call.objects.all(), context)


def filter_form(request: TenantRequest) -> CallFilter:
    """The filters of a client's calls; the export reads the same."""
    return CallFilter(
        request.GET,
        zone=request.tenant.zone,
        countries=[request.tenant.country],
        searches_words=request.actor.may(Permission.SEE_TRANSCRIPTS),
        **queries.choices(request.tenant),
    )


def _show(
    request: TenantRequest | StaffRequest, form: CallFilter, calls: CallQuerySet, context: dict[str, Any]
) -> HttpResponse:
    matching = form.apply(calls)
    shown = pagination.page(queries.with_relations(matching), request.GET)
    bar = filters.bar(request, form, label="Filter calls", search_chip=True)
    context |= {
        "filters": bar,
        "rows": [_row(call) for call in shown.rows],
        "page": shown,
        "sentence": f"Newest first, {context['zone_words']}",
        "count": matching.order_by()[: COUNTED + 1].count(),
        "counted": COUNTED,
        "filtered": bool(bar.chips) or not form.is_valid(),
        "paged": "before" in request.GET or "after" in request.GET,
    }
    return page_or_part(request, "calls/list.html", "calls/_list.html", context)


def _row(call: Call) -> dict[str, Any]:
    return {
        "call": call,
        "mark": labels.mark(call),
        "state": labels.state(call),
        "person": labels.person(call) or labels.place(call),
        "line": labels.line(call),
        "assistant": labels.assistant(call),
        "by": labels.started_by(call),
    }
