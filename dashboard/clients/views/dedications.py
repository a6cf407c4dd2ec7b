"""What a client is given: numbers and assistants, assigned, named and released."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from dashboard.clients import dedicating
from dashboard.clients.forms import DedicateAssistantForm, DedicateNumberForm, LineNameForm
from dashboard.clients.views.client import back, show
from dashboard.inventory import queries as inventory_queries
from dashboard.ui import phone_numbers
from tenants import dedications, names
from tenants.access.decorators import StaffRequest, staff_view
from tenants.access.permissions import Permission
from tenants.access.reauthentication import Confirm
from tenants.models import Assistant, AssistantDedication, Number, NumberDedication, Tenant

PLACES = {"number": "numbers", "assistant": "assistants"}  # where on the page the outcome is told


@require_POST
@staff_view(Permission.DEDICATE, confirm=Confirm.THEN_GO_ON)
def dedicate_number(request: StaffRequest, slug: str) -> HttpResponse:
    tenant = get_object_or_404(Tenant, slug=slug)
    form = DedicateNumberForm(request.POST, tenant=tenant, numbers=inventory_queries.offered_numbers(tenant))
    return _dedicate(request, tenant, form, "number", dedicating.dedicate_number)


@require_POST
@staff_view(Permission.DEDICATE, confirm=Confirm.THEN_GO_ON)
def dedicate_assistant(request: StaffRequest, slug: str) -> HttpResponse:
    tenant = get_object_or_404(Tenant, slug=slug)
    form = DedicateAssistantForm(request.POST, tenant=tenant, assistants=inventory_queries.offered_assistants(tenant))
    return _dedicate(request, tenant, form, "assistant", dedicating.dedicate_assistant)


def _dedicate(request: StaffRequest, tenant: Tenant, form: Any, field: str, change: Callable[..., Any]) -> HttpResponse:
    if form.is_valid():
        values = dict(form.cleaned_data)
        thing = values.pop(field)
        try:
            change(tenant, thing, by=request.user, **values)
        except dedications.AlreadyDedicated as error:
            form.add_error(field, error.message)
        else:
            words = f"{names.isolate(called(thing))} is assigned to {names.isolate(tenant.name)}."
            messages.success(request, words, extra_tags=PLACES[field])
            return back(tenant, PLACES[field])
    return show(request, tenant, status=422, **{f"{field}_form": form})


@require_POST
@staff_view(Permission.DEDICATE)
def name_number(request: StaffRequest, slug: str, pk: int) -> HttpResponse:
    """What the client's people call this line."""
    tenant = get_object_or_404(Tenant, slug=slug)
    dedication = get_object_or_404(_numbers(tenant).select_for_update(of=("self",), no_key=True), pk=pk)
    form = LineNameForm(request.POST, initial={"name": dedication.name}, prefix=f"line-{pk}")
    if not form.is_valid():
        return show(request, tenant, status=422, name_form=(pk, form))
    dedications.name_number(dedication, form.cleaned_data["name"], by=request.user)
    words = f"{phone_numbers.grouped(dedication.e164)} is called {names.isolate(dedication.line_name or 'Line')} now."
    messages.success(request, words, extra_tags="numbers")
    return back(tenant, "numbers")


@require_POST
@staff_view(Permission.RELEASE, confirm=Confirm.THEN_GO_ON)
def release_number(request: StaffRequest, slug: str, pk: int) -> HttpResponse:
    tenant = get_object_or_404(Tenant, slug=slug)
    return _release(request, tenant, get_object_or_404(_numbers(tenant), pk=pk), dedicating.release_number)


@require_POST
@staff_view(Permission.RELEASE, confirm=Confirm.THEN_GO_ON)
def release_assistant(request: StaffRequest, slug: str, pk: int) -> HttpResponse:
    tenant = get_object_or_404(Tenant, slug=slug)
    held = AssistantDedication.objects.select_related("tenant", "assistant").filter(tenant=tenant).unended()
    return _release(request, tenant, get_object_or_404(held, pk=pk), dedicating.release_assistant)


def _numbers(tenant: Tenant) -> Any:
    return NumberDedication.objects.select_related("tenant", "number").filter(tenant=tenant).unended()


def _release(request: StaffRequest, tenant: Tenant, dedication: Any, change: Callable[..., Any]) -> HttpResponse:
    is_number = isinstance(dedication, NumberDedication)
    thing, place = (dedication.number, "numbers") if is_number else (dedication.assistant, "assistants")
    withdrawn, named, client = dedication.begins_later, names.isolate(called(thing)), names.isolate(tenant.name)
    try:
        change(dedication, by=request.user)
    except dedicating.InUse as error:
        return show(request, tenant, status=409, refused=(place, error.message))
    if withdrawn:
        words = f"{named} is withdrawn: {client} does not get it."
    else:
        words = f"{named} is released. {client} cannot call with it any more."
    messages.success(request, words, extra_tags=place)
    return back(tenant, place)


def called(thing: Number | Assistant) -> str:
    """A number grouped, an assistant by its name."""
    return phone_numbers.grouped(thing.e164) if isinstance(thing, Number) else str(thing)
