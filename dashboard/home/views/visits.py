"""Staff enter a client and leave it again; each visit is seen by the client's people."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from dashboard.home.forms import VisitForm
from tenants import scope, visits
from tenants.access import StaffRequest, staff_view
from tenants.models import StaffMember, Tenant, Visit
from tenants.roles import Permission, StaffRole


@require_POST
@staff_view(Permission.ENTER_CLIENTS, hold=False)
def enter(request: StaffRequest, slug: str) -> HttpResponse:
    staff: StaffMember = request.standing.staff  # type: ignore[assignment]
    with scope.reseller(staff):
        tenant = get_object_or_404(Tenant, slug=slug)
        inside, allowed_by = visits.current(request.session, request.user, tenant), visits.open_pass(tenant)
    form = VisitForm(request.POST if "reason" in request.POST else None)
    if visits.needs_reason(staff, inside, allowed_by) and not form.is_valid():
        context = {"client": tenant, "next": _next(request), "form": form}
        return render(request, "enter.html", context, status=422)
    _end_the_last(request, but=tenant)
    is_asked = staff.role == StaffRole.ADMIN and allowed_by is None and form.is_valid()
    with scope.reseller(staff):
        visit = visits.enter(tenant, by=request.user, reason=form.cleaned_data["reason"] if is_asked else "")
    request.session[visits.OPEN] = visit.pk
    return HttpResponseRedirect(_next(request) or reverse("client-home", args=[slug]))


@require_POST
@staff_view(Permission.SEE_CLIENTS, hold=False)
def leave(request: StaffRequest) -> HttpResponse:
    left = _end_the_last(request)
    return HttpResponseRedirect(reverse("staff-client", args=[left.slug]) if left else reverse("home"))


def _end_the_last(request: StaffRequest, but: Tenant | None = None) -> Tenant | None:
    """One is inside one client at a time. Each has a trail of its own, hence a transaction of its own."""
    with scope.reseller(request.standing.staff):  # type: ignore[arg-type]
        mine = Visit.objects.select_related("tenant").filter(user=request.user)
        visit = mine.filter(pk=request.session.get(visits.OPEN, 0)).first()
        if visit is None or visit.tenant == but:
            return None
        visits.leave(visit, by=request.user)
    request.session.pop(visits.OPEN, None)
    return visit.tenant


def _next(request: StaffRequest) -> str:
    """Where one wanted to go, if it is a page of ours."""
    wanted = request.POST.get("next", "")
    here = {request.get_host()}
    return wanted if url_has_allowed_host_and_scheme(wanted, here, require_https=request.is_secure()) else ""
