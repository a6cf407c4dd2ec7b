"""Staff enter and leave a client; its members can see each visit."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from tenants.access import support_access
from tenants.access.decorators import StaffRequest, staff_view
from tenants.access.forms import VisitForm
from tenants.access.permissions import Permission, StaffRole
from tenants.isolation import scope
from tenants.models import StaffMember, Tenant, Visit


@require_POST
@staff_view(Permission.ENTER_CLIENTS, open_scope=False)
def enter(request: StaffRequest, slug: str) -> HttpResponse:
    staff: StaffMember = request.actor.staff  # type: ignore[assignment]
    with scope.for_staff(staff):
        tenant = get_object_or_404(Tenant, slug=slug)
        visit, allowed_by = (
            support_access.current(request.session, request.user, tenant),
            support_access.open_pass(tenant),
        )
    form = VisitForm(request.POST if "reason" in request.POST else None)
    if support_access.needs_reason(staff, visit, allowed_by) and not form.is_valid():
        context = {"client": tenant, "next": _next(request), "form": form}
        return render(request, "enter_client.html", context, status=422)
    _end_open_visit(request, except_for=tenant)
    has_reason = staff.role == StaffRole.ADMIN and allowed_by is None and form.is_valid()
    with scope.for_staff(staff):
        visit = support_access.enter(tenant, by=request.user, reason=form.cleaned_data["reason"] if has_reason else "")
    request.session[support_access.SESSION_KEY] = visit.pk
    return HttpResponseRedirect(_next(request) or reverse("client-home", args=[slug]))


@require_POST
@staff_view(Permission.SEE_CLIENTS, open_scope=False)
def leave(request: StaffRequest) -> HttpResponse:
    tenant = _end_open_visit(request)
    return HttpResponseRedirect(reverse("staff-client", args=[tenant.slug]) if tenant else reverse("home"))


def _end_open_visit(request: StaffRequest, except_for: Tenant | None = None) -> Tenant | None:
    """End the visit to another client, in a transaction of its own, because it has another audit chain."""
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        visits = Visit.objects.select_related("tenant").filter(user=request.user)
        visit = visits.filter(pk=request.session.get(support_access.SESSION_KEY, 0)).first()
        if visit is None or visit.tenant == except_for:
            return None
        support_access.leave(visit, by=request.user)
    request.session.pop(support_access.SESSION_KEY, None)
    return visit.tenant


def _next(request: StaffRequest) -> str:
    """The page to open after entering, if it is one of this site."""
    next_url = request.POST.get("next", "")
    hosts = {request.get_host()}
    is_internal = url_has_allowed_host_and_scheme(next_url, hosts, require_https=request.is_secure())
    return next_url if is_internal else ""
