"""Staff’s page of one client: what is dedicated to it, its people, its limits, its history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from dashboard.calls.caller_id.proof import caller_id_of
from dashboard.calls.models import Alarm, Call
from dashboard.clients import dedicating, readiness, status_actions
from dashboard.clients import queries as client_queries
from dashboard.clients.forms import (
    CountriesForm,
    DedicateAssistantForm,
    DedicateNumberForm,
    InviteForm,
    LimitsForm,
    RetentionForm,
    StatusActionForm,
)
from dashboard.connections import queries as connection_queries
from dashboard.inventory import queries as inventory_queries
from dashboard.sync import freshness
from dashboard.team import invitation_mail
from dashboard.team import queries as team_queries
from dashboard.ui import phone_numbers, times
from dashboard.ui.countries import words as country_words
from tenants import dedications, names, tenant_status, time_zones
from tenants.access.decorators import StaffRequest, staff_view
from tenants.access.permissions import Permission, Role
from tenants.access.reauthentication import Confirm
from tenants.accounts import members
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AssistantDedication, Invitation, Number, NumberDedication, Tenant


@require_GET
@staff_view(Permission.SEE_CLIENTS)
def page(request: StaffRequest, slug: str) -> HttpResponse:
    return show(request, get_object_or_404(Tenant, slug=slug))


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
        thing = form.cleaned_data[field]
        try:
            change(tenant, thing, by=request.user, start=form.cleaned_data["start"])
        except dedications.AlreadyDedicated as error:
            form.add_error(field, error.message)
        else:
            messages.success(
                request,
                f"{names.isolate(_called(thing))} is dedicated to {names.isolate(tenant.name)}.",
            )
            return back(tenant)
    return show(request, tenant, status=422, **{f"{field}_form": form})


@require_POST
@staff_view(Permission.RELEASE, confirm=Confirm.THEN_GO_ON)
def release_number(request: StaffRequest, slug: str, pk: int) -> HttpResponse:
    tenant = get_object_or_404(Tenant, slug=slug)
    held = NumberDedication.objects.select_related("tenant", "number").filter(tenant=tenant).unended()
    return _release(request, tenant, get_object_or_404(held, pk=pk), dedicating.release_number)


@require_POST
@staff_view(Permission.RELEASE, confirm=Confirm.THEN_GO_ON)
def release_assistant(request: StaffRequest, slug: str, pk: int) -> HttpResponse:
    tenant = get_object_or_404(Tenant, slug=slug)
    held = AssistantDedication.objects.select_related("tenant", "assistant").filter(tenant=tenant).unended()
    return _release(request, tenant, get_object_or_404(held, pk=pk), dedicating.release_assistant)


def _release(request: StaffRequest, tenant: Tenant, dedication: Any, change: Callable[..., Any]) -> HttpResponse:
    thing = dedication.number if isinstance(dedication, NumberDedication) else dedication.assistant
    withdrawn, named, client = (
        dedication.begins_later,
        names.isolate(_called(thing)),
        names.isolate(tenant.name),
    )
    try:
        change(dedication, by=request.user)
    except dedicating.InUse as error:
        return show(request, tenant, status=409, refused=error.message)
    if withdrawn:
        messages.success(request, f"{named} is withdrawn: {client} does not get it.")
    else:
        messages.success(request, f"{named} is released. {client} cannot call with it any more.")
    return back(tenant)


@require_POST
@staff_view(Permission.INVITE_FIRST_OWNER, open_scope=False, confirm=Confirm.THEN_GO_ON)
def invite(request: StaffRequest, slug: str) -> HttpResponse:
    """Admins invite anybody; other staff only the first owner of a client that has none."""
    with scope.for_staff(request.actor.staff):  # type: ignore[arg-type]
        tenant, invited = get_object_or_404(Tenant, slug=slug), None
        roles = _roles_to_invite(request, tenant)
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


def _roles_to_invite(request: StaffRequest, tenant: Tenant) -> list[tuple[str, str]]:
    """The roles that this user may invite people as; none where only the client itself invites."""
    if request.actor.may(Permission.INVITE_TO_CLIENTS):
        return list(Role.choices)
    if request.actor.may(Permission.INVITE_FIRST_OWNER) and not members.has_owner(tenant):
        return [(Role.OWNER.value, Role.OWNER.label)]
    return []


def _first_role(tenant: Tenant) -> dict[str, str]:
    """The initial role of the form: a client without an owner needs one first."""
    return {} if members.has_owner(tenant) else {"role": Role.OWNER.value}


@require_POST
@staff_view(Permission.INVITE_TO_CLIENTS)
def withdraw(request: StaffRequest, slug: str, pk: int) -> HttpResponse:
    tenant = get_object_or_404(Tenant, slug=slug)
    invitation = get_object_or_404(Invitation.objects.select_related("tenant"), tenant=tenant, pk=pk, accepted_at=None)
    members.withdraw(invitation, by=request.user)
    messages.success(request, f"The invitation of {invitation.email} no longer works.")
    return back(tenant)


@require_POST
@staff_view(Permission.SET_LIMITS)
def limits(request: StaffRequest, slug: str) -> HttpResponse:
    tenant = get_object_or_404(Tenant, slug=slug)
    form = LimitsForm(request.POST, instance=tenant)
    if form.is_valid():
        dedications.change_limits(tenant, by=request.user, **form.cleaned_data)
        messages.success(request, "The limits are changed. They count from the next call.")
        return back(tenant)
    return show(request, tenant, status=422, limits_form=form)


@require_POST
@staff_view(Permission.SET_COUNTRIES)
def countries(request: StaffRequest, slug: str) -> HttpResponse:
    tenant = get_object_or_404(Tenant, slug=slug)
    form = CountriesForm(request.POST, tenant=tenant)
    if not form.is_valid():
        return show(request, tenant, status=422, countries_form=form)
    country, allowed = form.cleaned_data["country"], form.cleaned_data["allowed"]
    dedications.change_countries(
        tenant,
        country=country,
        allowed=allowed,
        by=request.user,
        country_words=phone_numbers.country(country) or "no country",
        allowed_words=country_words(allowed),
    )
    messages.success(request, "The countries are changed. They count from the next call.")
    return back(tenant)


def show(request: StaffRequest, tenant: Tenant, *, status: int = 200, **extra: Any) -> HttpResponse:
    """The whole page; `extra` are forms with their errors, a link to hand over, or why a change was refused."""
    client = client_queries.client_figures(tenant)
    roles = _roles_to_invite(request, tenant)
    held_numbers, held_assistants = (
        client_queries.number_dedications(tenant),
        client_queries.assistant_dedications(tenant),
    )
    fresh = freshness.freshness([tenant.home_connection_id] if tenant.home_connection_id else [])
    last_change = tenant_status.last_status_entry(tenant) if client.status != Tenant.Status.ACTIVE else None
    wrong = client_queries.alarm_that_stops_dialing(tenant) if request.actor.may(Permission.SEE_ALL_CALLS) else None
    context: dict[str, Any] = {
        "client": client,
        "readiness": readiness.of(client),
        "fresh": fresh.get(tenant.home_connection_id or 0),
        "neighbours": connection_queries.neighbours(tenant),
        "zone_words": _zone_words(tenant),
        "numbers": held_numbers,
        "assistants": held_assistants,
        "lines": sum(dedication.is_open for dedication in held_numbers),
        "people": team_queries.people(tenant),
        "invitations": team_queries.open_invitations(tenant),
        "last_change": last_change,
        "removed_on": _day(client.data_removed_at, tenant),
        "last_change_message": sentence(last_change) if last_change else "",
        "wrong": wrong,
        "wrong_words": _alarm_words(wrong, tenant) if wrong else "",
        "live_calls": client_queries.live_calls(tenant) if client.live else [],  # type: ignore[attr-defined]
        "story": [(entry, phone_numbers.within(sentence(entry))) for entry in client_queries.latest(tenant)],
        "invite_form": InviteForm(roles=roles, initial=_first_role(tenant)) if roles else None,
        "limits_form": LimitsForm(instance=tenant),
        "countries_form": CountriesForm(tenant=tenant),
        "country": phone_numbers.country(tenant.country, article=True),
        "allowed": country_words(tenant.allowed_countries),
        "retention_form": None if tenant_status.retention_blocking_reason(client) else RetentionForm(instance=tenant),
    }
    if request.actor.may(Permission.RELEASE):
        busy = dedicating.release_blocking_reasons(tenant, [*held_numbers, *held_assistants])
        for dedication in [*held_numbers, *held_assistants]:
            dedication.blocking_reason = busy.get(dedication, "")  # type: ignore[attr-defined]
    if request.actor.may(Permission.DEDICATE) and not dedicating.client_blocking_reason(client):
        context |= {
            "number_form": DedicateNumberForm(tenant=tenant, numbers=inventory_queries.offered_numbers(tenant)),
            "assistant_form": DedicateAssistantForm(
                tenant=tenant, assistants=inventory_queries.offered_assistants(tenant)
            ),
        }
    context["status_actions"] = _status_actions(request, client, *extra.pop("filled", ("", None)))
    return render(request, "clients/client.html", context | extra, status=status)


def _alarm_words(call: Call, tenant: Tenant) -> str:
    """What stops the client's dialing."""
    if call.alarm == Alarm.WRONG_ASSISTANT:
        return f"{call.get_alarm_display()}."
    return caller_id_of(call).sentence(tenant.name)


def _status_actions(
    request: StaffRequest, client: Tenant, filled: str, form: StatusActionForm | None
) -> list[dict[str, Any]]:
    """What this person may do with its status; the form that was filled in comes back opened."""
    return [
        {
            "action": action,
            "form": form if action.id == filled else StatusActionForm(auto_id=f"{action.id}_%s"),
            "opened": action.id == filled,
        }
        for action in status_actions.offered(client)
        if request.actor.may(action.permission)
    ]


def back(tenant: Tenant) -> HttpResponse:
    return HttpResponseRedirect(reverse("staff-client", args=[tenant.slug]))


def _zone_words(tenant: Tenant) -> str:
    if tenant.zone_is_known:
        return times.zone_words(tenant.zone)
    return f"UTC, because its {time_zones.label(tenant.timezone)}"


def _day(moment: datetime | None, tenant: Tenant) -> str:
    return f"{moment.astimezone(tenant.zone):%-d %B %Y}" if moment else ""


def _called(thing: models.Model) -> str:
    return phone_numbers.grouped(thing.e164) if isinstance(thing, Number) else str(thing)
