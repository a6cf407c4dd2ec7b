"""The live boards: what is going on now, for one client and for the reseller's staff."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from dashboard.calls import labels, queries
from dashboard.calls.history import timeline
from dashboard.calls.models import Call, CallQuerySet
from dashboard.sync.models import Kind
from dashboard.ui.fragments import page_or_part
from tenants.access.decorators import StaffRequest, TenantRequest, staff_view, tenant_view
from tenants.access.permissions import Permission
from tenants.models import Tenant

COLUMNS = [("person", "Needs a person"), ("live", "In progress"), ("waiting", "Connecting")]


@require_GET
@tenant_view(Permission.SEE_CALLS)
def board(request: TenantRequest) -> HttpResponse:
    calls = Call.objects.filter(tenant=request.tenant)
    connection = request.tenant.home_connection
    fresh = queries.fresh_at(connection.pk, Kind.LIVE_CALLS) if connection else None
    may_place = request.actor.may(Permission.PLACE_CALLS)
    return _show(request, calls, {"ages": [(connection, fresh)] if connection else [], "may_place": may_place})


@require_GET
@staff_view(Permission.SEE_ALL_CALLS)
def staff_board(request: StaffRequest) -> HttpResponse:
    """`?client=` filters by client; `none` shows the calls without one."""
    clients = list(Tenant.objects.filter(calls__finished=False).annotate(live=Count("calls")).order_by("-live", "name"))
    calls, chosen = Call.objects.all(), request.GET.get("client", "")
    if chosen == "none":
        calls = calls.filter(tenant__isnull=True)
    elif chosen:
        calls = calls.filter(tenant__slug=chosen)
    context = {"clients": clients, "chosen": chosen, "staff": True, "ages": queries.ages(Kind.LIVE_CALLS)}
    return _show(request, calls, context)


def _show(request: TenantRequest | StaffRequest, calls: CallQuerySet, context: dict[str, Any]) -> HttpResponse:
    longest = request.GET.get("sort") != "newest"
    found = queries.board(calls, longest=longest)
    words = request.actor.may(Permission.SEE_TRANSCRIPTS)
    cards = [_card(call, words) for call in found]
    columns = [(key, title, [card for card in cards if card["column"] == key]) for key, title in COLUMNS]
    kept = {"client": context.get("chosen", "")} if context.get("chosen") else {}
    context |= {
        "columns": [column for column in columns if column[2]],
        "count": len(found),
        "more": len(found) == queries.BOARD_SIZE,
        "redraw_in": min((call.seconds_to_alarm for call in found if call.seconds_to_alarm is not None), default=None),
        "asking": sum(card["column"] == "person" for card in cards),
        "longest": longest,
        "sort_url": "?" + urlencode(kept | ({"sort": "newest"} if longest else {})),
        "here": request.get_full_path(),
    }
    return page_or_part(request, "calls/live.html", "calls/_board.html", context)


def _card(call: Call, words: bool) -> dict[str, Any]:
    last = getattr(call, "last", None)
    what, became = timeline.short(last, words=words) if last else ("", "")
    return {
        "call": call,
        "column": labels.board_column(call),
        "mark": labels.mark(call),
        "state": labels.state(call),
        "why": labels.why(call) or (call.error if labels.board_column(call) == "person" else ""),
        "person": labels.person(call),
        "place": labels.place(call),
        "line": labels.line(call),
        "assistant": labels.assistant(call) or "Assistant not known yet",
        "campaign": labels.lead(call).get("campaign") or "",
        "last": last,
        "what": what,
        "became": became,
        "slug": call.tenant.slug if call.tenant else "",
    }
