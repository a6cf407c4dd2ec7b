"""The list of planned calls of a client, and cancelling one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from dashboard.calls.models import PlannedCall
from dashboard.calls.placing.changes import Changes, joined
from dashboard.calls.planned import local_times, planning, queries
from dashboard.ui import pagination, times
from dashboard.ui.fragments import page_or_part
from tenants.access.decorators import TenantRequest, tenant_view
from tenants.access.permissions import Permission
from tenants.isolation import scope

CANCELLED = "The planned call was cancelled. Nothing is dialed."
OVER = (PlannedCall.State.PLACED, PlannedCall.State.CANCELLED)


@require_GET
@tenant_view(Permission.SEE_CALLS)
def planned_calls(request: TenantRequest) -> HttpResponse:
    found = queries.of_tenant(request.tenant)
    paged = "before" in request.GET or "after" in request.GET
    waiting, coming = ([], []) if paged else (_soonest(found.not_placed()), _soonest(found.open()))
    page = pagination.page(found.filter(state__in=OVER), request.GET, moment="due_at")
    context = {
        "groups": [
            (title, [_row(request, planned) for planned in rows])
            for title, rows in (("Not placed: decide", waiting), ("Planned", coming), ("Over", page.rows))
            if rows
        ],
        "counts": queries.counts(request.tenant),
        "shown": queries.SHOWN,
        "page": page,
        "sentence": times.zone_words(request.tenant.zone),
        "may_place": request.actor.may(Permission.PLACE_CALLS),
        "paged": paged,
    }
    request.nav_page = "calls"  # type: ignore[attr-defined]
    return page_or_part(request, "calls/planned.html", "calls/_planned.html", context)


@require_POST
@tenant_view(Permission.PLACE_CALLS, open_scope=False)
def cancel(request: TenantRequest, planned_id: UUID) -> HttpResponse:
    """For whoever planned it, and for managers."""
    with scope.for_tenant(request.tenant):
        planned = queries.find(request.tenant, planned_id)
    if planned is None:
        raise Http404
    if not planning.is_permitted(request.actor, planned):
        raise PermissionDenied
    if planning.cancel(planned, by=request.user):
        messages.success(request, CANCELLED)
    else:
        is_placing = planned.state == PlannedCall.State.PLACING
        messages.warning(request, planning.BEING_PLACED if is_placing else planning.IS_OVER)
    return HttpResponseRedirect(reverse("planned-calls", args=[request.tenant.slug]), status=303)


def _soonest(found: Any) -> list[PlannedCall]:
    return list(found.order_by("due_at", "pk")[: queries.SHOWN])


def _row(request: TenantRequest, planned: PlannedCall) -> dict[str, Any]:
    changes = joined(Changes.from_json(planned.changes).words())
    is_permitted, may_read = (
        planning.is_permitted(request.actor, planned),
        request.actor.may(Permission.SEE_TRANSCRIPTS),
    )
    return {
        "planned": planned,
        "dialog": f"cancel-{planned.pk}",
        "day": times.day(planned.local.date(), timezone.now().astimezone(planned.where).date()),
        "time": local_times.words(planned.due_at, planned.zone),
        "latest": f"{planned.latest_at.astimezone(planned.where):%H:%M}",
        "here": local_times.on_clocks_of(request.tenant.zone, planned.due_at, planned.where),
        "name": _name_of(planned) if may_read else "",
        "override_reason": planned.override_reason if may_read else "",
        "changes": f"With {changes}" if changes else "" if planned.is_transient else "As it is saved",
        "form_page": "call-once" if planned.is_transient else "call-now",
        "line": planned.number_dedication.line_name or planned.number_dedication.e164,
        "assistant": planned.speaker,
        "may_cancel": is_permitted and planned.state in planning.CHANGEABLE,
        "may_change": not planned.is_transient or request.actor.may(Permission.PLACE_TRANSIENT_CALLS),
    }


def _name_of(planned: PlannedCall) -> str:
    """Who is called, where its texts ask for a name; personal, like all that was filled in."""
    return Changes.from_json(planned.changes).variables.get("name", "")
