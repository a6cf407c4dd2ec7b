"""The people of a client, as staff invite them."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from dashboard.clients.forms import InviteForm
from dashboard.clients.views.client import back, roles_to_invite, show
from dashboard.team import invitation_mail
from tenants.access.decorators import StaffRequest, staff_view
from tenants.access.permissions import Permission
from tenants.access.reauthentication import Confirm
from tenants.accounts import members
from tenants.isolation import scope
from tenants.models import Invitation, Tenant


@require_POST
@staff_view(Permission.INVITE_FIRST_OWNER, open_scope=False, confirm=Confirm.THEN_GO_ON)
def invite(request: StaffRequest, slug: str) -> HttpResponse:
    """Admins invite anybody; other staff only the first owner of a client that has none."""
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        tenant, invited = get_object_or_404(Tenant, slug=slug), None
        roles = roles_to_invite(request, tenant)
        if not roles:
            raise PermissionDenied
        form = InviteForm(request.POST, roles=roles)
        if form.is_valid():
            first = not request.actor.may(Permission.INVITE_TO_CLIENTS)
            try:
                invited = members.invite(tenant, by=request.user, only_first_owner=first, **form.cleaned_data)
            except members.AlreadyInvited as error:
                form.add_error("email", error.message)
        if invited is None:
            return show(request, tenant, status=422, invite_form=form)
    link = invitation_mail.deliver(*invited)
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        return show(request, tenant, link=link)


@require_POST
@staff_view(Permission.INVITE_TO_CLIENTS)
def withdraw(request: StaffRequest, slug: str, pk: int) -> HttpResponse:
    tenant = get_object_or_404(Tenant, slug=slug)
    invitation = get_object_or_404(Invitation.objects.select_related("tenant"), tenant=tenant, pk=pk, accepted_at=None)
    members.withdraw(invitation, by=request.user)
    messages.success(request, f"The invitation of {invitation.email} no longer works.", extra_tags="people")
    return back(tenant, "people")
