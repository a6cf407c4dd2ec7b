"""Organizations below a connection, and the secret its webhooks are signed with."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from dashboard.connections import organizations, webhook_secrets
from dashboard.connections.forms import ChildKeyForm, OrganizationForm
from dashboard.connections.models import OrganizationRequest
from dashboard.connections.views.connections import get_connection, redirect_to, show
from tenants import names
from tenants.access.decorators import StaffRequest, staff_view
from tenants.access.permissions import Permission
from tenants.access.reauthentication import Confirm
from tenants.isolation import scope
from tenants.models import Connection


@require_POST
@staff_view(Permission.MANAGE_CONNECTIONS, open_scope=False, confirm=Confirm.THEN_GO_ON)
def create(request: StaffRequest, pk: int) -> HttpResponse:
    """Sent once; the outcome is shown, and an unknown one stays on the page of the connection."""
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        connection = get_object_or_404(Connection, pk=pk)
        form = OrganizationForm(request.POST)
        valid = form.is_valid()
    if valid:
        data = form.cleaned_data
        try:
            asked = organizations.create(connection, data["name"], by=request.user, client=data["client"])
        except organizations.ChangeRefused as error:
            form.add_error("name", error.message)
        else:
            if asked.connection_id:
                messages.success(request, f"VoiceDock created {names.isolate(asked.name)}; its key is encrypted.")
                return HttpResponseRedirect(reverse("staff-connection", args=[asked.connection_id]))
            if asked.outcome != OrganizationRequest.Outcome.REFUSED:
                return redirect_to(connection)
            form.add_error("name", asked.note)
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        return show(request, pk, organization_form=form, status=422)


@sensitive_post_parameters("api_key")
@require_POST
@staff_view(Permission.MANAGE_CONNECTIONS, open_scope=False, confirm=Confirm.THEN_AGAIN)
def enter_key(request: StaffRequest, pk: int) -> HttpResponse:
    connection = get_connection(request, pk)
    form = ChildKeyForm(request.POST)
    if form.is_valid():
        try:
            child = organizations.enter_key(
                connection, form.cleaned_data["organization"], form.cleaned_data["api_key"], by=request.user
            )
        except organizations.ChangeRefused as error:
            form.add_error("api_key", error.message)
        else:
            messages.success(
                request,
                f"{names.isolate(child.name)} is connected. Its numbers and assistants are on their way.",
            )
            return redirect_to(child)
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        return show(request, pk, refused_child=(request.POST.get("organization", ""), form), status=422)


@require_POST
@staff_view(Permission.MANAGE_CONNECTIONS)
def dismiss(request: StaffRequest, pk: int) -> HttpResponse:
    asked = get_object_or_404(OrganizationRequest.objects.select_related("parent"), pk=pk)
    organizations.dismiss(asked, by=request.user)
    return redirect_to(asked.parent)


@require_POST
@staff_view(Permission.MANAGE_CONNECTIONS, open_scope=False, confirm=Confirm.THEN_GO_ON)
def change_secret(request: StaffRequest, pk: int) -> HttpResponse:
    connection = get_connection(request, pk)
    try:
        setup = webhook_secrets.rotate(connection, by=request.user)
    except webhook_secrets.ChangeRefused as error:
        messages.error(request, error.message)
    else:
        assistants = f"{setup.ours} assistant{'' if setup.ours == 1 else 's'}"
        message = f"{assistants} know the new secret; the old one is accepted too."
        messages.success(request, message + (f" {setup.left} are told within minutes." if setup.left else ""))
    return redirect_to(connection)


@require_POST
@staff_view(Permission.MANAGE_CONNECTIONS, open_scope=False, confirm=Confirm.THEN_GO_ON)
def retire_secret(request: StaffRequest, pk: int) -> HttpResponse:
    connection = get_connection(request, pk)
    if webhook_secrets.retire(connection, by=request.user):
        messages.success(request, "The old secret is refused from now on.")
    return redirect_to(connection)
