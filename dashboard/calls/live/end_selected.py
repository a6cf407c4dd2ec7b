"""End the calls that were selected on the live board: asked once on a page that names them, then one receipt each."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from dashboard.calls import labels, queries
from dashboard.calls.control import bulk_end
from dashboard.calls.models import UNCERTAIN, Call, CallQuerySet, State
from tenants import audit
from tenants.access.decorators import StaffRequest, TenantRequest, staff_view, tenant_view
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import Tenant, User

ENDED_AT_ONCE = (State.IN_PROGRESS, State.QUEUED)  # the latter by not being sent
NONE_SELECTED = "No call was ended: select calls that are still live first."


@require_POST
@tenant_view(Permission.CONTROL_CALLS)
def client(request: TenantRequest) -> HttpResponse:
    board = reverse("live", args=[request.tenant.slug])
    selected = _selected(request, Call.objects.filter(tenant=request.tenant))
    if selected and "confirm" not in request.POST:
        return _ask(request, selected, board, reverse("live-end", args=[request.tenant.slug]))
    ended = _end(request.tenant, selected, by=request.user) if selected else 0
    return _back(request, board, selected, ended)


@require_POST
@staff_view(Permission.END_CLIENT_CALLS, open_scope=False)
def staff(request: StaffRequest) -> HttpResponse:
    """Of any clients; each has a chain of audit entries, so each is asked in a transaction of its own."""
    board = reverse("staff-live")
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        selected = _selected(request, Call.objects.filter(tenant__isnull=False))
        if selected and "confirm" not in request.POST:
            return _ask(request, selected, board, reverse("staff-live-end"), of_staff=True)
    ended = 0
    for tenant in {call.tenant for call in selected if call.tenant}:
        with scope.for_tenant(tenant):
            ended += _end(tenant, [call for call in selected if call.tenant == tenant], by=request.user)
    return _back(request, board, selected, ended)


@scope.requires_scope
def _end(tenant: Tenant, selected: Iterable[Call], *, by: User) -> int:
    """Ask for their end; calls are locked before the audit chain."""
    chosen = Call.objects.filter(tenant=tenant, pk__in=[call.pk for call in selected]).exclude(state__in=UNCERTAIN)
    ringing = chosen.live().exclude(state__in=ENDED_AT_ONCE).count()
    ended = bulk_end.request(chosen, by=by)
    if ended:
        audit.record(by, tenant, "tenant.calls-ended", tenant, asked=ended, ringing=ringing)
    return ended


def _selected(request: HttpRequest, calls: CallQuerySet) -> list[Call]:
    ids = set()
    for text in request.POST.getlist("call")[: queries.BOARD_SIZE]:
        with suppress(ValueError):
            ids.add(UUID(text))
    found = calls.live().exclude(state__in=UNCERTAIN).filter(pk__in=ids)
    return list(queries.with_relations(found).order_by("created_at", "id"))


def _ask(
    request: TenantRequest | StaffRequest, selected: list[Call], board: str, end_url: str, *, of_staff: bool = False
) -> HttpResponse:
    request.nav_page = "live"  # type: ignore[union-attr]
    rows = [(call, labels.mark(call), labels.state(call), labels.person(call), labels.line(call)) for call in selected]
    context = {"rows": rows, "end_url": end_url, "back": _next(request, board), "of_staff": of_staff}
    context["gone"] = len(set(request.POST.getlist("call"))) - len(selected)
    return render(request, "calls/end_selected.html", context)


def _back(request: HttpRequest, board: str, selected: list[Call], ended: int) -> HttpResponse:
    if not ended:
        messages.warning(request, NONE_SELECTED)
    else:
        words = (
            "1 call is being ended. It shows its receipt"
            if ended == 1
            else f"{ended} calls are being ended. Each shows its receipt"
        )
        ringing = any(call.state not in ENDED_AT_ONCE for call in selected)
        later = " A call that is not answered yet is ended once it is answered." if ringing else ""
        messages.success(request, f"{words} on the board.{later}")
    return HttpResponseRedirect(_next(request, board), status=303)


def _next(request: HttpRequest, board: str) -> str:
    """The board as it was filtered; nothing else."""
    wanted = request.POST.get("next", "")
    return wanted if wanted.partition("?")[0] == board else board
