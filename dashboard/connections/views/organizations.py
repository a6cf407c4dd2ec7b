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
from dashboard.connections.views.connections import known, show, to
from tenants import names
from tenants.access.decorators import StaffRequest, staff_view
from tenants.access.permissions import Permission
from tenants.access.reauthentication import Confirm
from tenants.isolation import scope
from tenants.models import Connection


@require_POST
@staff_view(Permission.MANAGE_CONNECTIONS, open_scope=False, confirm=Confirm.THEN_GO_ON)
def create(request: StaffRequest, pk: int) -> HttpResponse:
    """Asked once; whatever came of it is told, and what is not certain stays on the page."""
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        connection = get_object_or_404(Connection, pk=pk)
        form = OrganizationForm(request.POST)
        valid = form.is_valid()
    if valid:
        said = form.cleaned_data
        try:
            asked = organizations.create(connection, said["name"], by=request.user, client=said["client"])
        except organizations.Refused as no:
            form.add_error("name", no.words)
        else:
            if asked.connection_id:
                messages.success(request, f"VoiceDock created {names.isolate(asked.name)}; its key is sealed.")
                return HttpResponseRedirect(reverse("staff-connection", args=[asked.connection_id]))
            if asked.outcome != OrganizationRequest.Outcome.REFUSED:
                return to(connection)
            form.add_error("name", asked.note)
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        return show(request, pk, organization_form=form, status=422)


@sensitive_post_parameters("api_key")
@require_POST
@staff_view(Permission.MANAGE_CONNECTIONS, open_scope=False, confirm=Confirm.THEN_AGAIN)
def enter_key(request: StaffRequest, pk: int) -> HttpResponse:
    connection = known(request, pk)
    form = ChildKeyForm(request.POST)
    if form.is_valid():
        try:
            child = organizations.enter_key(connection, by=request.user, **_said(form))
        except organizations.Refused as no:
            form.add_error("api_key", no.words)
        else:
            messages.success(
                request,
                f"{names.isolate(child.name)} is connected. Its numbers and assistants are on their way.",
            )
            return to(child)
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        return show(request, pk, refused_child=(request.POST.get("organization", ""), form), status=422)


@require_POST
@staff_view(Permission.MANAGE_CONNECTIONS)
def dismiss(request: StaffRequest, pk: int) -> HttpResponse:
    asked = get_object_or_404(OrganizationRequest.objects.select_related("parent"), pk=pk)
    organizations.dismiss(asked, by=request.user)
    return to(asked.parent)


@require_POST
@staff_view(Permission.MANAGE_CONNECTIONS, open_scope=False, confirm=Confirm.THEN_GO_ON)
def change_secret(request: StaffRequest, pk: int) -> HttpResponse:
    connection = known(request, pk)
    try:
        told = webhook_secrets.rotate(connection, by=request.user)
    except webhook_secrets.Refused as no:
        messages.error(request, no.words)
    else:
        words = (
            f"{told.ours} assistant{'' if told.ours == 1 else 's'} know the new secret; the old one is accepted too."
        )
        messages.success(request, words + (f" {told.left} are told within minutes." if told.left else ""))
    return to(connection)


@require_POST
@staff_view(Permission.MANAGE_CONNECTIONS, open_scope=False, confirm=Confirm.THEN_GO_ON)
def retire_secret(request: StaffRequest, pk: int) -> HttpResponse:
    connection = known(request, pk)
    if webhook_secrets.retire(connection, by=request.user):
        messages.success(request, "The old secret is refused from now on.")
    return to(connection)


def _said(form: ChildKeyForm) -> dict[str, str]:
    return {"organization_id": form.cleaned_data["organization"], "api_key": form.cleaned_data["api_key"]}
