"""Staff enter a client and leave it again; each visit is seen by the client's people."""

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
        inside, allowed_by = (
            support_access.current(request.session, request.user, tenant),
            support_access.open_pass(tenant),
        )
    form = VisitForm(request.POST if "reason" in request.POST else None)
    if support_access.needs_reason(staff, inside, allowed_by) and not form.is_valid():
        context = {"client": tenant, "next": _next(request), "form": form}
        return render(request, "enter_client.html", context, status=422)
    _end_the_last(request, but=tenant)
    is_asked = staff.role == StaffRole.ADMIN and allowed_by is None and form.is_valid()
    with scope.for_staff(staff):
        visit = support_access.enter(tenant, by=request.user, reason=form.cleaned_data["reason"] if is_asked else "")
    request.session[support_access.SESSION_KEY] = visit.pk
    return HttpResponseRedirect(_next(request) or reverse("client-home", args=[slug]))


@require_POST
@staff_view(Permission.SEE_CLIENTS, open_scope=False)
def leave(request: StaffRequest) -> HttpResponse:
    left = _end_the_last(request)
    return HttpResponseRedirect(reverse("staff-client", args=[left.slug]) if left else reverse("home"))


def _end_the_last(request: StaffRequest, but: Tenant | None = None) -> Tenant | None:
    """One is inside one client at a time. Each has a trail of its own, hence a transaction of its own."""
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        mine = Visit.objects.select_related("tenant").filter(user=request.user)
        visit = mine.filter(pk=request.session.get(support_access.SESSION_KEY, 0)).first()
        if visit is None or visit.tenant == but:
            return None
        support_access.leave(visit, by=request.user)
    request.session.pop(support_access.SESSION_KEY, None)
    return visit.tenant


def _next(request: StaffRequest) -> str:
    """Where one wanted to go, if it is a page of ours."""
    wanted = request.POST.get("next", "")
    here = {request.get_host()}
    return wanted if url_has_allowed_host_and_scheme(wanted, here, require_https=request.is_secure()) else ""
