"""The inventory: every number and assistant of every connection, with its present and past clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from dashboard.clients import dedicating
from dashboard.clients.forms import HolderForm, InventoryFilter
from dashboard.clients.views.dedications import called
from dashboard.connections.queries import open_clients
from dashboard.inventory import queries
from dashboard.ui import filters
from tenants import dedications, names
from tenants.access.decorators import StaffRequest, staff_view
from tenants.access.permissions import Permission
from tenants.access.reauthentication import Confirm
from tenants.models import Assistant, AssistantDedication, Number, NumberDedication

SHOWN = 200


@require_GET
@staff_view(Permission.SEE_INVENTORY)
def page(request: StaffRequest) -> HttpResponse:
    return _page(request)


@require_POST
@staff_view(Permission.DEDICATE, confirm=Confirm.THEN_GO_ON)
def dedicate_number(request: StaffRequest, pk: int) -> HttpResponse:
    return _dedicate(request, get_object_or_404(Number, pk=pk), dedicating.dedicate_number)


@require_POST
@staff_view(Permission.DEDICATE, confirm=Confirm.THEN_GO_ON)
def dedicate_assistant(request: StaffRequest, pk: int) -> HttpResponse:
    return _dedicate(request, get_object_or_404(Assistant, pk=pk), dedicating.dedicate_assistant)


def _dedicate(request: StaffRequest, thing: Number | Assistant, dedicate: Callable[..., Any]) -> HttpResponse:
    form = HolderForm(request.POST)
    if form.is_valid():
        tenant = form.cleaned_data["client"]
        try:
            dedicate(tenant, thing, by=request.user)
        except dedications.AlreadyDedicated as error:
            form.add_error("client", error.message)
        else:
            kind = str(thing._meta.model_name)
            words = f"{names.isolate(called(thing))} is assigned to {names.isolate(tenant.name)}."
            messages.success(request, words, extra_tags=kind)
            return HttpResponseRedirect(f"{reverse('staff-inventory')}#section-{kind}")
    return _page(request, refused=(thing, form), status=422)


def _page(
    request: StaffRequest, *, refused: tuple[Number | Assistant, HolderForm] | None = None, status: int = 200
) -> HttpResponse:
    form = InventoryFilter(request.GET)
    bar = filters.bar(request, form, label="Narrow the inventory")
    holders = list(open_clients().values_list("slug", "name"))
    sections = [
        _section("Numbers", Number, NumberDedication, form.cleaned_data, refused),
        _section("Assistants", Assistant, AssistantDedication, form.cleaned_data, refused),
    ]
    context = {
        "filters": bar,
        "filtered": bool(bar.clear_url),
        "sections": sections,
        "nothing": not any(section["rows"] for section in sections),
        "holders": holders,
        "oldest": queries.inventory_age(),
    }
    return render(request, "clients/inventory.html", context, status=status)


def _section(
    title: str, model: type[Model], dedications: type[Model], wanted: dict[str, Any], refused: Any
) -> dict[str, Any]:
    kind = model._meta.model_name
    found = list(queries.inventory(model, wanted)[: SHOWN + 1])
    things = found[:SHOWN]
    histories = queries.history(dedications, str(kind), [thing for thing in things if thing.times])
    return {
        "title": title,
        "kind": kind,
        "rows": [
            {
                "thing": thing,
                "history": histories.get(thing.pk, []),
                "form": refused[1] if refused and refused[0] == thing else None,
            }
            for thing in things
        ],
        "more": len(found) > SHOWN,
        "free": sum(thing.holder is thing.later_name is thing.vanished_at is None for thing in things),
    }
