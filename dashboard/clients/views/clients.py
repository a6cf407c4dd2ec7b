"""The list of clients, and the form that opens a new one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from dashboard.clients import dedicating, readiness
from dashboard.clients import queries as client_queries
from dashboard.clients.forms import ClientFilter, ClientForm
from dashboard.connections import organizations
from dashboard.inventory import queries as inventory_queries
from dashboard.sync import freshness
from dashboard.team import invitation_mail
from dashboard.ui import filters
from dashboard.ui.fragments import page_or_part
from tenants import dedications, names, time_zones
from tenants.access.decorators import StaffRequest, staff_view
from tenants.access.permissions import Permission, Role
from tenants.access.reauthentication import Confirm
from tenants.accounts import members
from tenants.isolation import scope
from tenants.models import Connection, Invitation, Tenant

SHOWN = 100
ZONES = time_zones.choices()


@require_GET
@staff_view(Permission.SEE_CLIENTS)
def listing(request: StaffRequest) -> HttpResponse:
    form = ClientFilter(request.GET)
    bar = filters.bar(request, form, label="Find clients")
    found = list(client_queries.found_clients(form.cleaned_data)[: SHOWN + 1])
    fresh = freshness.freshness({client.home_connection_id for client in found if client.home_connection_id})
    for client in found:
        client.fresh = fresh.get(client.home_connection_id or 0)  # type: ignore[attr-defined]
        client.readiness = readiness.of(client)  # type: ignore[attr-defined]
    times = [item.fresh_at for item in fresh.values() if item.fresh_at]
    context = {
        "here": request.get_full_path(),
        "clients": found[:SHOWN],
        "more": len(found) > SHOWN,
        "filters": bar,
        "filtered": bool(bar.clear_url),
        "live": sum(client.live for client in found[:SHOWN]),  # type: ignore[attr-defined]
        "oldest": min(times) if times else None,
    }
    return page_or_part(request, "clients/clients.html", "clients/_clients.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_view(Permission.OPEN_CLIENTS, open_scope=False, confirm=Confirm.THEN_GO_ON)
def new(request: StaffRequest) -> HttpResponse:
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        form = ClientForm(
            request.POST if request.method == "POST" else None,
            initial={"connection": request.GET.get("connection")},
            free_numbers=inventory_queries.free_numbers(),
            free_assistants=inventory_queries.free_assistants(),
        )
        opened = _open(request, form) if request.method == "POST" and form.is_valid() else None
        if opened is None:
            context = {"form": form, "zones": ZONES, "has_connections": Connection.objects.exists()}
            return render(request, "clients/client_new.html", context, status=422 if form.errors else 200)
    tenant, invited = opened
    if form.cleaned_data["own"]:
        _create_organization(request, tenant, form.cleaned_data["connection"])
    if invited is None:
        messages.success(request, f"{names.isolate(tenant.name)} is open.")
        return HttpResponseRedirect(reverse("staff-client", args=[tenant.slug]))
    link = invitation_mail.deliver(*invited)
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        return render(request, "clients/client_opened.html", {"client": tenant, "link": link})


def _create_organization(request: StaffRequest, tenant: Tenant, parent: Connection) -> None:
    """Create an organization for this client; the outcome is a message, and is shown on the page of the connection."""
    try:
        asked = organizations.create(parent, tenant.name, by=request.user, client=tenant)
    except organizations.ChangeRefused as error:
        messages.error(request, f"{names.isolate(tenant.name)} has no organization of its own yet. {error.message}")
        return
    if asked.connection_id:
        messages.success(
            request, f"VoiceDock created the organization {names.isolate(tenant.name)}; its key is encrypted."
        )
    else:
        messages.error(request, f"{names.isolate(tenant.name)} has no organization of its own yet. {asked.note}")


def _open(request: StaffRequest, form: ClientForm) -> tuple[Tenant, tuple[Invitation, str] | None] | None:
    """Open the client with all it gets, or nothing of it; the reason is shown beside its field."""
    data: dict[str, Any] = form.cleaned_data
    field = "number"
    try:
        with transaction.atomic():
            tenant = dedications.open_tenant(
                name=data["name"],
                slug=data["slug"],
                city=data["city"],
                timezone=data["timezone"],
                country=data["country"],
                home_connection=None if data["own"] else data["connection"],
                by=request.user,
            )
            number = assistant = invited = None
            if data["number"]:
                number = dedicating.dedicate_number(tenant, data["number"], by=request.user)
            field = "assistant"
            if data["assistant"]:
                assistant = dedicating.dedicate_assistant(tenant, data["assistant"], by=request.user)
            if number or assistant:
                dedications.set_defaults(tenant, number=number, assistant=assistant, by=request.user)
            if data["owner_email"]:
                invited = members.invite(
                    tenant, email=data["owner_email"], name=data["owner_name"], role=Role.OWNER, by=request.user
                )
    except dedications.AlreadyDedicated as error:
        form.add_error(field, error.message)
        return None
    return tenant, invited
