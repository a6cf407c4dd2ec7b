"""Staff’s page of one client: its figures, what it is given, its people, its limits, its history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from dashboard.calls.caller_id.proof import caller_id_of
from dashboard.calls.control import measured
from dashboard.calls.models import Alarm, Call
from dashboard.clients import dedicating, figures, readiness, status_actions
from dashboard.clients import queries as client_queries
from dashboard.clients.forms import (
    DedicateAssistantForm,
    DedicateNumberForm,
    InviteForm,
    LineNameForm,
    StatusActionForm,
)
from dashboard.clients.views import shown_settings
from dashboard.connections import queries as connection_queries
from dashboard.inventory import queries as inventory_queries
from dashboard.sync import freshness
from dashboard.team import queries as team_queries
from dashboard.ui import phone_numbers, times
from tenants import tenant_status, time_zones
from tenants.access.decorators import StaffRequest, staff_view
from tenants.access.permissions import Permission, Role
from tenants.accounts import members
from tenants.audit.messages import sentence
from tenants.models import Tenant

SETUP_STEPS = 3  # a number, an assistant, an owner


@require_GET
@staff_view(Permission.SEE_CLIENTS)
def page(request: StaffRequest, slug: str) -> HttpResponse:
    return show(request, get_object_or_404(Tenant, slug=slug))


def back(tenant: Tenant, place: str = "") -> HttpResponse:
    """To the page, and there to the part in which something was done."""
    address = reverse("staff-client", args=[tenant.slug])
    return HttpResponseRedirect(f"{address}#{place}" if place else address)


def show(request: StaffRequest, tenant: Tenant, *, status: int = 200, **extra: Any) -> HttpResponse:
    """The whole page; `extra` are forms with their errors, a link to hand over, or why a change was refused."""
    client: Any = client_queries.client_figures(tenant)
    may, neighbours = request.actor.may, connection_queries.neighbours(client)
    fresh = freshness.freshness([tenant.home_connection_id] if tenant.home_connection_id else [])
    live = client_queries.live_calls(tenant) if client.live else []
    settings = shown_settings.of(client, may, extra.pop("setting_form", None))
    context: dict[str, Any] = {
        "client": client,
        "readiness": readiness.of(client),
        "figures": figures.strip(client, figures.of(client), neighbours, may),
        "lines": figures.lines(client, live),
        "caller_ids": figures.caller_ids_today(client) if may(Permission.SEE_ALL_CALLS) else {},
        "live_url": f"{reverse('staff-live')}?client={client.slug}" if may(Permission.SEE_ALL_CALLS) else "",
        "fresh": fresh.get(tenant.home_connection_id or 0),
        "neighbours": neighbours,
        "zone_words": _zone_words(tenant),
        "client_since": _day(client.created_at, tenant),
        "people": team_queries.people(tenant),
        "live_calls": live,
        "story": [(entry, phone_numbers.within(sentence(entry))) for entry in client_queries.latest(tenant)],
        "settings": [(one, shown_settings.address(one, client)) for one in settings],
        **_status(request, client, *extra.pop("filled", ("", None))),
        **_alarm(request, client),
        **_invitations(request, client),
        **_dedications(request, client, *extra.pop("name_form", (0, None))),
    }
    context |= extra
    context["refused"] = _refusal(context)
    context["setup"] = setup = _setup(context) if tenant.status != Tenant.Status.CLOSED else None
    context["setup_invites"] = bool(
        setup and "owner" in setup["missing"] and context["invite_form"] and not context["invited_owner"]
    )
    return render(request, "clients/client.html", context, status=status)


def _dedications(request: StaffRequest, client: Any, named: int, name_form: LineNameForm | None) -> dict[str, Any]:
    """The numbers and assistants with their calls of today, and the forms with which more are assigned."""
    numbers: list[Any] = list(client_queries.number_dedications(client))
    assistants: list[Any] = list(client_queries.assistant_dedications(client))
    confirmed = measured.confirmed_by_assistant(client)
    for one in assistants:
        one.confirmed = confirmed.get(one.pk, "")
    by_number, by_assistant = figures.calls_of_dedications(client)
    for held, counts in ((numbers, by_number), (assistants, by_assistant)):
        for dedication in held:
            dedication.today = counts[dedication.pk]
    may = request.actor.may
    if may(Permission.DEDICATE):
        for line in numbers:
            fresh = LineNameForm(initial={"name": line.name}, prefix=f"line-{line.pk}")
            line.name_form = name_form if line.pk == named else fresh
    if may(Permission.RELEASE):
        busy = dedicating.release_blocking_reasons(client, [*numbers, *assistants])
        for dedication in [*numbers, *assistants]:
            dedication.blocking_reason = busy.get(dedication, "")
    context: dict[str, Any] = {"numbers": numbers, "assistants": assistants}
    if may(Permission.DEDICATE) and not dedicating.client_blocking_reason(client):
        offered = inventory_queries.offered_numbers(client), inventory_queries.offered_assistants(client)
        context["number_form"] = DedicateNumberForm(tenant=client, numbers=offered[0])
        context["assistant_form"] = DedicateAssistantForm(tenant=client, assistants=offered[1])
    return context


def _invitations(request: StaffRequest, client: Tenant) -> dict[str, Any]:
    """Open invitations, and the form for another one; a client without an owner is proposed to invite one."""
    roles = roles_to_invite(request, client)
    first = {} if members.has_owner(client) else {"role": Role.OWNER.value}
    invitations = team_queries.open_invitations(client)
    return {
        "invitations": invitations,
        "invited_owner": next((one for one in invitations if one.role == Role.OWNER), None),
        "invite_form": InviteForm(roles=roles, initial=first) if roles else None,
    }


def roles_to_invite(request: StaffRequest, tenant: Tenant) -> list[tuple[str, str]]:
    """The roles that this user may invite people as; none where only the client itself invites."""
    if request.actor.may(Permission.INVITE_TO_CLIENTS):
        return list(Role.choices)
    if request.actor.may(Permission.INVITE_FIRST_OWNER) and not members.has_owner(tenant):
        return [(Role.OWNER.value, Role.OWNER.label)]
    return []


def _status(request: StaffRequest, client: Tenant, filled: str, form: StatusActionForm | None) -> dict[str, Any]:
    """Its status, and what this person may do with it; the form that was filled in comes back opened."""
    last = tenant_status.last_status_entry(client) if client.status != Tenant.Status.ACTIVE else None
    actions = [
        {
            "action": action,
            "form": form if action.id == filled else StatusActionForm(auto_id=f"{action.id}_%s"),
            "opened": action.id == filled,
        }
        for action in status_actions.offered(client)
        if request.actor.may(action.permission)
    ]
    return {
        "status_actions": actions,
        "last_change": last,
        "last_change_message": sentence(last) if last else "",
        "removed_on": _day(client.data_removed_at, client),
    }


def _refusal(context: dict[str, Any]) -> tuple[str, str] | None:
    """Where it is told: a change of status that is not offered any more has no dialog, so the page says it."""
    place, words = context.get("refused") or ("", "")
    shown = {one["action"].id for one in context["status_actions"]}
    return ("status" if place in status_actions.IDS - shown else place, words) if words else None


def _alarm(request: StaffRequest, client: Tenant) -> dict[str, Any]:
    """The call that stops the client's dialing, and why."""
    wrong = client_queries.alarm_that_stops_dialing(client) if request.actor.may(Permission.SEE_ALL_CALLS) else None
    return {"wrong": wrong, "wrong_words": _alarm_words(wrong, client) if wrong else ""}


def _alarm_words(call: Call, tenant: Tenant) -> str:
    if call.alarm == Alarm.WRONG_ASSISTANT:
        return f"{call.get_alarm_display()}."
    return caller_id_of(call).sentence(tenant.name)


def _setup(context: dict[str, Any]) -> dict[str, Any] | None:
    """What the steps before the first call need; None once nothing is missing."""
    found: readiness.Readiness = context["readiness"]
    if found.is_set_up:
        return None
    missing = {str(one) for one in found.missing}
    needs_assistant = bool(missing & {readiness.Missing.ASSISTANT, readiness.Missing.PAIR})
    steps = {"number": "number" in missing, "assistant": needs_assistant, "owner": "owner" in missing}
    return {
        "missing": missing,
        "done": SETUP_STEPS - len(found.missing),
        "number": next((one for one in context["numbers"] if one.is_open), None),
        "assistant": next((one for one in context["assistants"] if one.is_open), None),
        "needs_number": steps["number"],
        "needs_assistant": needs_assistant,
        "current": next(step for step, is_open in steps.items() if is_open),
        **{f"{step}_step": "" if is_open else "done" for step, is_open in steps.items()},
    }


def _zone_words(tenant: Tenant) -> str:
    if tenant.zone_is_known:
        return times.zone_words(tenant.zone)
    return f"UTC, because its {time_zones.label(tenant.timezone)}"


def _day(moment: datetime | None, tenant: Tenant) -> str:
    return f"{moment.astimezone(tenant.zone):%-d %B %Y}" if moment else ""
