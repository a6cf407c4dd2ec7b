"""The reseller's staff: list, page of one member, invitations, roles and granted clients."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from dashboard.live_updates import publish
from dashboard.team import invitation_mail
from dashboard.team.forms import GrantForm, StaffForm, StaffMemberForm
from tenants import names
from tenants.access.decorators import StaffRequest, staff_view
from tenants.access.permissions import Permission, StaffRole
from tenants.access.reauthentication import Confirm
from tenants.accounts import staff
from tenants.isolation import scope
from tenants.models import StaffGrant, StaffMember, Tenant

MAX_LISTED = 500
MEANINGS = [
    ("Admin", "Everything: connections and their keys, clients, inventory, and this page."),
    (
        "Support",
        "Enters clients and reads; acts there when the client gives support access. Sees every client, or some.",
    ),
    ("Finance", "Reads clients and connections."),
]


@require_GET
@staff_view(Permission.MANAGE_STAFF)
def listing(request: StaffRequest) -> HttpResponse:
    return _listing(request)


@require_POST
@staff_view(Permission.MANAGE_STAFF, open_scope=False, confirm=Confirm.THEN_GO_ON)
def invite(request: StaffRequest) -> HttpResponse:
    form, member = StaffForm(request.POST), None
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        if form.is_valid():
            try:
                member = staff.invite(by=request.user, **form.cleaned_data)
            except staff.StaffChangeRefused as error:
                form.add_error("email", error.message)
        if member is None:
            return _listing(request, form=form, status=422)
    link = invitation_mail.deliver_to_staff(member, request.user)
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        return _listing(request, link=link)


@require_GET
@staff_view(Permission.MANAGE_STAFF)
def page(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _member(pk))


@require_POST
@staff_view(Permission.MANAGE_STAFF, confirm=Confirm.THEN_GO_ON)
def change(request: StaffRequest, pk: int) -> HttpResponse:
    member = _member(pk, lock=True)
    form = _role_form(member, request.POST)
    if not form.is_valid():
        return _page(request, member, form=form, status=422)
    try:
        staff.change(member, by=request.user, **form.cleaned_data)
    except staff.StaffChangeRefused as error:
        return _page(request, member, refused=("role", error.message), status=409)
    publish.access_changed(person=member.user)
    words = f"{names.isolate(member.user)} is {member.get_role_display().lower()} now."
    messages.success(request, words, extra_tags="role")
    return _to_person(pk, "role")


@require_POST
@staff_view(Permission.MANAGE_STAFF, confirm=Confirm.THEN_GO_ON)
def remove(request: StaffRequest, pk: int) -> HttpResponse:
    member = _member(pk)
    user = member.user
    try:
        publish.access_changed(person=user)
        staff.remove(member, by=request.user)
    except staff.StaffChangeRefused as error:
        return _page(request, member, refused=("role", error.message), status=409)
    messages.success(request, f"{names.isolate(user)} is no longer of the staff.", extra_tags="people")
    return HttpResponseRedirect(reverse("home" if user == request.user else "staff-people"))


@require_POST
@staff_view(Permission.MANAGE_STAFF, confirm=Confirm.THEN_GO_ON)
def grant_client(request: StaffRequest, pk: int) -> HttpResponse:
    member, form = _member(pk), GrantForm(request.POST)
    if not form.is_valid():
        return _page(request, member, grant_form=form, status=422)
    tenant = form.cleaned_data["client"]
    publish.access_changed(person=member.user)
    staff.grant_client(member, tenant, by=request.user)
    words = f"{names.isolate(member.user)} may see and enter {names.isolate(tenant.name)}."
    messages.success(request, words, extra_tags="clients")
    return _to_person(pk, "clients")


@require_POST
@staff_view(Permission.MANAGE_STAFF)
def revoke_client(request: StaffRequest, pk: int, slug: str) -> HttpResponse:
    member, tenant = _member(pk), get_object_or_404(Tenant, slug=slug)
    publish.access_changed(person=member.user)
    staff.revoke_client(member, tenant, by=request.user)
    words = f"{names.isolate(member.user)} has no access to {names.isolate(tenant.name)} any more."
    messages.success(request, words, extra_tags="clients")
    return _to_person(pk, "clients")


def _to_person(pk: int, place: str) -> HttpResponse:
    """To the page of this person, and there to the part in which something was done."""
    return HttpResponseRedirect(f"{reverse('staff-person', args=[pk])}#{place}")


def _member(pk: int, *, lock: bool = False) -> StaffMember:
    members = StaffMember.objects.select_related("user")
    return get_object_or_404(members.select_for_update(of=("self",)) if lock else members, pk=pk)


def _role_form(member: StaffMember, sent: Any = None) -> StaffMemberForm:
    return StaffMemberForm(sent, initial={"role": member.role, "sees_all": member.sees_all})


def _listing(request: StaffRequest, *, form: StaffForm | None = None, status: int = 200, **extra: Any) -> HttpResponse:
    members = StaffMember.objects.select_related("user").prefetch_related("grants").order_by("user__name")
    context = {"people": list(members[:MAX_LISTED]), "form": form or StaffForm(), "meanings": MEANINGS} | extra
    return render(request, "team/staff.html", context, status=status)


def _page(request: StaffRequest, member: StaffMember, *, status: int = 200, **extra: Any) -> HttpResponse:
    granted = StaffGrant.objects.filter(staff=member).select_related("tenant").order_by("tenant__name")
    context = {
        "one": member,
        "blocked_because": staff.last_admin_message(member),
        "form": _role_form(member),
        "grant_form": GrantForm(),
        "granted": [grant.tenant for grant in granted],
        "is_support": member.role == StaffRole.SUPPORT,
    }
    return render(request, "team/staff_person.html", context | extra, status=status)
