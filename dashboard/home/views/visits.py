"""Staff enter a client and leave it again; each visit is seen by the client's people."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from tenants import scope, visits
from tenants.access import StaffRequest, staff_view
from tenants.models import Tenant, Visit
from tenants.roles import Permission


@require_POST
@staff_view(Permission.ENTER_CLIENTS, hold=False)
def enter(request: StaffRequest, slug: str) -> HttpResponse:
    with scope.reseller(request.standing.staff):  # type: ignore[arg-type]
        tenant = get_object_or_404(Tenant, slug=slug)
    _end_the_last(request, but=tenant)
    with scope.reseller(request.standing.staff):  # type: ignore[arg-type]
        visit = visits.enter(tenant, by=request.user)
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
