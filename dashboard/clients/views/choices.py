"""The clients that staff may go to or filter by: fetched when a menu or a filter is opened, and part of no page."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from tenants.access.decorators import StaffRequest, staff_view
from tenants.access.permissions import Permission
from tenants.models import Tenant

MOST = 2_000
MENUS = ("client-list", "more-client-list")  # ids of the lists of the menus, in the sidebar


@require_GET
@staff_view(Permission.SEE_CLIENTS)
def choices(request: StaffRequest) -> HttpResponse:
    """Links for `?menu=…`, else options, without the one that is chosen; a browser is led to the page of clients."""
    if not getattr(request, "htmx", False):
        return redirect("staff-clients")
    clients = Tenant.objects.order_by("name").only("slug", "name")
    if (menu := request.GET.get("menu")) in MENUS:
        here, found = request.GET.get("here"), clients.exclude(status=Tenant.Status.CLOSED)[:MOST]
        entries = [{"name": "All clients", "url": reverse("home"), "current": not here}] + [
            {"name": client.name, "url": reverse("staff-client", args=[client.slug]), "current": client.slug == here}
            for client in found
        ]
        return render(request, "components/_client_switcher.html", {"switcher": entries, "list_id": menu})
    found = clients.exclude(slug=request.GET.get("client", ""))[:MOST]
    return render(request, "components/_client_options.html", {"clients": found})
