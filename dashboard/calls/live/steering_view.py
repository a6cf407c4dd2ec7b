"""Take over the steering of a call, and give it up."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from dashboard.calls import queries
from dashboard.calls.control import steering
from dashboard.calls.live import panel_context
from dashboard.calls.models import Call
from tenants.access.decorators import TenantRequest, tenant_view
from tenants.access.permissions import Permission

NOT_TAKEN = {
    steering.Taken.HELD: "Somebody else began to steer this call meanwhile. Press Take over if you want to steer it.",
    steering.Taken.OVER: "This call is over, so nobody steers it.",
}


@require_POST
@tenant_view(Permission.CONTROL_CALLS)
def steer(request: TenantRequest, call_id: UUID) -> HttpResponse:
    """Take the lease; from whoever holds it only with the button that says so (`take_over`)."""
    call = _find(request, call_id)
    session = steering.session_digest(request.session.session_key)
    taken = steering.take(call, by=request.user, session=session, from_another="take_over" in request.POST)
    return _answer(request, call, NOT_TAKEN.get(taken, ""))


@require_POST
@tenant_view(Permission.CONTROL_CALLS)
def stop_steering(request: TenantRequest, call_id: UUID) -> HttpResponse:
    """Give the lease up. A page that is closed sends this by itself, with `closing`."""
    call = _find(request, call_id)
    closing = "closing" in request.POST
    session = steering.session_digest(request.session.session_key)
    steering.let_go(call, by=request.user, session=session, closing=closing)
    return HttpResponse(status=204) if closing else _answer(request, call)


def _find(request: TenantRequest, call_id: UUID) -> Call:
    found = queries.of_tenant(request.tenant).filter(pk=call_id).first()
    if found is None:
        raise Http404
    return found


def _answer(request: TenantRequest, call: Call, problem: str = "") -> HttpResponse:
    if getattr(request, "htmx", False):
        return render(request, "calls/_viewers.html", panel_context.viewers(request, call) | {"problem": problem})
    if problem:
        messages.warning(request, problem)
    return HttpResponseRedirect(reverse("call", args=[request.tenant.slug, call.pk]), status=303)
