"""The team of a client: members, roles, invitations and support access."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from dashboard.live_updates import publish
from dashboard.team import invitation_mail, queries
from dashboard.team.forms import PassForm, RoleForm, TeamForm
from tenants import names
from tenants.access import support_access
from tenants.access.decorators import TenantRequest, tenant_view
from tenants.access.permissions import Permission, Role
from tenants.access.reauthentication import Confirm
from tenants.accounts import members
from tenants.isolation import scope
from tenants.models import Invitation, Membership


@require_GET
@tenant_view(Permission.SEE_TEAM)
def page(request: TenantRequest) -> HttpResponse:
    return _page(request)


@require_POST
@tenant_view(Permission.MANAGE_TEAM, open_scope=False, confirm=Confirm.THEN_GO_ON)
def invite(request: TenantRequest) -> HttpResponse:
    form, invited = TeamForm(request.POST), None
    with scope.for_tenant(request.tenant):
        if form.is_valid():
            try:
                invited = members.invite(request.tenant, by=request.user, **form.cleaned_data)
            except members.AlreadyInvited as error:
                form.add_error("email", error.message)
        if invited is None:
            return _page(request, form=form, status=422)
    link = invitation_mail.deliver(*invited, show_link=True)
    with scope.for_tenant(request.tenant):
        return _page(request, link=link)


@require_POST
@tenant_view(Permission.MANAGE_TEAM, confirm=Confirm.THEN_GO_ON)
def change_role(request: TenantRequest, pk: int) -> HttpResponse:
    membership = _member(request, pk, lock=True)
    form = _role_form(membership, request.POST)
    if not form.is_valid():
        return _page(request, role_form=(pk, form), status=422)
    try:
        members.change_role(membership, by=request.user, **form.cleaned_data)
    except members.LastOwner as error:
        return _page(request, refused=error.message, status=409)
    messages.success(request, f"{names.isolate(membership.user)} is {membership.get_role_display().lower()} now.")
    return _back(request)


@require_POST
@tenant_view(Permission.MANAGE_TEAM, confirm=Confirm.THEN_GO_ON)
def transient_calls(request: TenantRequest, pk: int) -> HttpResponse:
    """Give the right to place calls with one-time assistants (`given`), or take it back."""
    membership, given = _member(request, pk, lock=True), bool(request.POST.get("given"))
    try:
        members.change_transient_calls(membership, given, by=request.user)
    except members.NoTransientCalls as error:
        return _page(request, refused=error.message, status=409)
    may = "may now" if given else "may no longer"
    messages.success(request, f"{names.isolate(membership.user)} {may} place calls with one-time assistants.")
    return _back(request)


@require_POST
@tenant_view(Permission.MANAGE_TEAM, confirm=Confirm.THEN_GO_ON)
def remove(request: TenantRequest, pk: int) -> HttpResponse:
    membership = _member(request, pk)
    try:
        members.remove(membership, by=request.user)
        publish.access_changed(tenant=request.tenant, person=membership.user)
    except members.LastOwner as error:
        return _page(request, refused=error.message, status=409)
    if membership.user == request.user:
        return HttpResponseRedirect(reverse("home"))
    messages.success(request, f"{names.isolate(membership.user)} is no longer in the team.")
    return _back(request)


@require_POST
@tenant_view(Permission.MANAGE_TEAM)
def withdraw(request: TenantRequest, pk: int) -> HttpResponse:
    invitations = Invitation.objects.filter(tenant=request.tenant, accepted_at=None).select_related("tenant")
    invitation = get_object_or_404(invitations, pk=pk)
    members.withdraw(invitation, by=request.user)
    messages.success(request, f"The invitation of {invitation.email} no longer works.")
    return _back(request)


def _member(request: TenantRequest, pk: int, *, lock: bool = False) -> Membership:
    memberships = Membership.objects.filter(tenant=request.tenant).select_related("user", "tenant")
    return get_object_or_404(memberships.select_for_update(of=("self",)) if lock else memberships, pk=pk)


def _role_form(member: Membership, sent: Any = None) -> RoleForm:
    return RoleForm(sent, initial={"role": member.role, "sees_transcripts": member.sees_transcripts})


def _page(
    request: TenantRequest,
    *,
    status: int = 200,
    form: TeamForm | None = None,
    role_form: tuple[int, RoleForm] | None = None,
    **extra: Any,
) -> HttpResponse:
    """`role_form`: the key of a member, and the form with its role that was refused."""
    people = queries.people(request.tenant)
    refused_of, refused_form = role_form or (0, None)
    for member in people:
        member.blocked_because = members.last_owner_message(member, people)  # type: ignore[attr-defined]
        member.role_form = refused_form if member.pk == refused_of else _role_form(member)  # type: ignore[attr-defined]
    context = {
        "people": people,
        "owners": sum(member.role == Role.OWNER for member in people),
        "roles": Role.choices,
        "invitations": queries.open_invitations(request.tenant),
        "form": form or TeamForm(),
        "may_manage": request.actor.may(Permission.MANAGE_TEAM),
        "may_give_pass": request.actor.may(Permission.GIVE_SUPPORT_ACCESS),
        "meanings": MEANINGS,
        "support_pass": support_access.open_pass(request.tenant),
        "visits": support_access.recent(request.tenant),
        "pass_form": PassForm(),
    }
    return render(request, "team/team.html", context | extra, status=status)


MEANINGS = [
    ("Owner", "Team and settings, and everything below."),
    ("Manager", "Campaigns, exports and the activity list, and everything below."),
    ("Operator", "Places calls and sends commands."),
    ("Viewer", "Reads only; transcripts only where granted."),
]


def _back(request: TenantRequest) -> HttpResponse:
    return HttpResponseRedirect(reverse("team", args=[request.tenant.slug]))
