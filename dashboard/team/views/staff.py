"""The reseller's own people: a list, one of them closer, and somebody new."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from dashboard.live_updates import publish
from dashboard.team import invitation_mail
from dashboard.team.forms import GrantForm, StaffForm, StaffRoleForm
from tenants import names
from tenants.access.decorators import StaffRequest, staff_view
from tenants.access.permissions import Permission, StaffRole
from tenants.access.reauthentication import Confirm
from tenants.accounts import staff
from tenants.isolation import scope
from tenants.models import StaffGrant, StaffMember, Tenant

MOST = 500
MEANINGS = [
    ("Admin", "Everything: connections and their keys, clients, inventory, and this page."),
    ("Support", "Enters clients, and looks; acts there on a pass that the client gives. Knows every client, or some."),
    ("Finance", "Clients and connections, to read."),
]


@require_GET
@staff_view(Permission.MANAGE_STAFF)
def listing(request: StaffRequest) -> HttpResponse:
    return _listing(request)


@require_POST
@staff_view(Permission.MANAGE_STAFF, open_scope=False, confirm=Confirm.THEN_GO_ON)
def invite(request: StaffRequest) -> HttpResponse:
    form, one = StaffForm(request.POST), None
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        if form.is_valid():
            try:
                one = staff.invite(by=request.user, **form.cleaned_data)
            except staff.StaffChangeRefused as error:
                form.add_error("email", error.message)
        if one is None:
            return _listing(request, form=form, status=422)
    link = invitation_mail.deliver_to_staff(one, request.user)
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        return _listing(request, link=link)


@require_GET
@staff_view(Permission.MANAGE_STAFF)
def page(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _one(pk))


@require_POST
@staff_view(Permission.MANAGE_STAFF, confirm=Confirm.THEN_GO_ON)
def change(request: StaffRequest, pk: int) -> HttpResponse:
    one, form = _one(pk), StaffRoleForm(request.POST)
    if not form.is_valid():
        return _page(request, one, refused="Choose one of the roles.", status=422)
    try:
        staff.change(one, by=request.user, **form.cleaned_data)
    except staff.StaffChangeRefused as error:
        return _page(request, one, refused=error.message, status=409)
    publish.access_changed(person=one.user)
    messages.success(request, f"{names.isolate(one.user)} is {one.get_role_display().lower()} now.")
    return HttpResponseRedirect(reverse("staff-person", args=[pk]))


@require_POST
@staff_view(Permission.MANAGE_STAFF, confirm=Confirm.THEN_GO_ON)
def remove(request: StaffRequest, pk: int) -> HttpResponse:
    one = _one(pk)
    gone = one.user
    try:
        publish.access_changed(person=gone)
        staff.remove(one, by=request.user)
    except staff.StaffChangeRefused as error:
        return _page(request, one, refused=error.message, status=409)
    messages.success(request, f"{names.isolate(gone)} is no longer of the staff.")
    return HttpResponseRedirect(reverse("home" if gone == request.user else "staff-people"))


@require_POST
@staff_view(Permission.MANAGE_STAFF, confirm=Confirm.THEN_GO_ON)
def grant_client(request: StaffRequest, pk: int) -> HttpResponse:
    one, form = _one(pk), GrantForm(request.POST)
    if not form.is_valid():
        return _page(request, one, grant_form=form, status=422)
    tenant = form.cleaned_data["client"]
    publish.access_changed(person=one.user)
    staff.grant_client(one, tenant, by=request.user)
    messages.success(request, f"{names.isolate(one.user)} may know and enter {names.isolate(tenant.name)}.")
    return HttpResponseRedirect(reverse("staff-person", args=[pk]))


@require_POST
@staff_view(Permission.MANAGE_STAFF)
def revoke_client(request: StaffRequest, pk: int, slug: str) -> HttpResponse:
    one, tenant = _one(pk), get_object_or_404(Tenant, slug=slug)
    publish.access_changed(person=one.user)
    staff.revoke_client(one, tenant, by=request.user)
    messages.success(request, f"{names.isolate(tenant.name)} is closed to {names.isolate(one.user)} now.")
    return HttpResponseRedirect(reverse("staff-person", args=[pk]))


def _one(pk: int) -> StaffMember:
    return get_object_or_404(StaffMember.objects.select_related("user"), pk=pk)


def _listing(request: StaffRequest, *, form: StaffForm | None = None, status: int = 200, **said: Any) -> HttpResponse:
    people = list(StaffMember.objects.select_related("user").prefetch_related("grants").order_by("user__name")[:MOST])
    context = {"people": people, "form": form or StaffForm(), "meanings": MEANINGS} | said
    return render(request, "team/staff.html", context, status=status)


def _page(request: StaffRequest, one: StaffMember, *, status: int = 200, **said: Any) -> HttpResponse:
    granted = StaffGrant.objects.filter(staff=one).select_related("tenant").order_by("tenant__name")
    context = {
        "one": one,
        "blocked_because": staff.last_admin_message(one),
        "form": StaffRoleForm(initial={"role": one.role, "sees_all": one.sees_all}),
        "grant_form": GrantForm(),
        "granted": [grant.tenant for grant in granted],
        "is_support": one.role == StaffRole.SUPPORT,
    }
    return render(request, "team/staff_person.html", context | said, status=status)
