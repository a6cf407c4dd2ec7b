"""Suspend, close and reopen a client: each with a reason, and with the choice whether live calls end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from dashboard.clients import dedicating, suspension
from dashboard.clients.forms import StatusActionForm
from dashboard.clients.suspension import EndedCalls
from dashboard.clients.views.client import back, show
from tenants import names, tenant_status
from tenants.access.decorators import StaffRequest, staff_view
from tenants.access.permissions import Permission
from tenants.access.reauthentication import Confirm
from tenants.isolation import scope
from tenants.models import Tenant


@require_POST
@staff_view(Permission.SUSPEND_CLIENTS, open_scope=False, confirm=Confirm.THEN_GO_ON)
def suspend(request: StaffRequest, slug: str) -> HttpResponse:
    return _change_status(
        request, slug, "suspend", suspension.suspend, "{name} is suspended: nothing is dialed for it.", asks=True
    )


@require_POST
@staff_view(Permission.CLOSE_CLIENTS, open_scope=False, confirm=Confirm.THEN_GO_ON)
def close(request: StaffRequest, slug: str) -> HttpResponse:
    success = "{name} is closed. Its numbers and assistants are free; what it did is kept until its retention ends."
    return _change_status(request, slug, "close", suspension.close, success, asks=True)


@require_POST
@staff_view(Permission.REOPEN_CLIENTS, open_scope=False, confirm=Confirm.THEN_GO_ON)
def reopen(request: StaffRequest, slug: str) -> HttpResponse:
    return _change_status(
        request, slug, "reopen", suspension.reopen, "{name} is open again. Its campaigns stay paused until resumed."
    )


@require_POST
@staff_view(Permission.END_CLIENT_CALLS, open_scope=False)
def end_calls(request: StaffRequest, slug: str) -> HttpResponse:
    tenant = _find(request, slug)
    _report_ended(request, suspension.end_live_calls(tenant, by=request.user))
    return back(tenant)


def _change_status(
    request: StaffRequest,
    slug: str,
    name: str,
    change: Callable[..., EndedCalls | None],
    success: str,
    *,
    asks: bool = False,
) -> HttpResponse:
    tenant, form = _find(request, slug), StatusActionForm(request.POST, auto_id=f"{name}_%s")
    if not form.is_valid():
        return _show_with_errors(request, tenant, filled=(name, form))
    arguments: dict[str, Any] = {"by": request.user, "reason": form.cleaned_data["reason"]}
    if asks:
        arguments["end_calls"] = form.cleaned_data["calls"] == "end"
    try:
        ended = change(tenant, **arguments)
    except (tenant_status.StatusChangeRefused, dedicating.InUse) as error:
        return _show_with_errors(request, tenant, status=409, filled=(name, form), refused=(name, error.message))
    messages.success(request, success.format(name=names.isolate(tenant.name)), extra_tags="status")
    if ended is not None and arguments["end_calls"]:
        _report_ended(request, ended)
    return back(tenant)


def _find(request: StaffRequest, slug: str) -> Tenant:
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        return get_object_or_404(Tenant, slug=slug)


def _show_with_errors(request: StaffRequest, tenant: Tenant, *, status: int = 422, **extra: Any) -> HttpResponse:
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        return show(request, Tenant.objects.get(pk=tenant.pk), status=status, **extra)


def _report_ended(request: StaffRequest, ended: EndedCalls) -> None:
    message = f"{ended.asked} call{' is' if ended.asked == 1 else 's are'} being ended."
    if ended.ringing:
        message += f" {ended.ringing} not answered yet: VoiceDock ends a call only once it talks, and then we end it."
    messages.success(request, message, extra_tags="status")
