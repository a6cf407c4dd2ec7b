"""Call now: whom to call, from which line, by which assistant."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.calls import labels, queries
from dashboard.calls.control import composer, measured
from dashboard.calls.forms import LONGEST_DESTINATION, PlaceForm
from dashboard.calls.models import Call, PlannedCall
from dashboard.calls.placing import intents, line_rows, plan, refusals, taking_back
from dashboard.calls.placing import number_echo as echoes
from dashboard.calls.placing.saved_assistants import saved_assistants
from dashboard.calls.planned import on_call_now, planning
from dashboard.calls.planned import queries as planned_queries
from dashboard.calls.planned.first_values import zone_of_person
from dashboard.calls.presets import book as preset_book
from dashboard.calls.presets import filling
from dashboard.calls.presets import row as preset_row
from dashboard.connections.queries import own_minutes
from dashboard.contact_rules import rules as contact_rules
from dashboard.ui import account_team, countries, phone_numbers
from tenants import time_zones
from tenants.access.decorators import TenantRequest, tenant_view
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import AssistantDedication, NumberDedication, Tenant

PARTS = {"changes": "calls/_call_changes.html", "values": "calls/_call_values.html"}


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(Permission.PLACE_CALLS, open_scope=False)
def call_now(request: TenantRequest) -> HttpResponse:
    with scope.for_tenant(request.tenant):
        lines, assistants = queries.lines(request.tenant), queries.assistants(request.tenant)
        form = _form(request, lines, assistants)
    if request.method == "POST" and (call := _place(request, form)) is not None:
        return _to_panel(request, call)
    balance = own_minutes(request.tenant)
    with scope.for_tenant(request.tenant):
        return _page(request, form, lines, assistants, balance)


def _form(
    request: TenantRequest,
    lines: list[NumberDedication],
    assistants: list[AssistantDedication],
    *,
    only_chosen: bool = False,
) -> PlaceForm:
    form = _filled_form(request, lines, assistants, only_chosen=only_chosen)
    form.may_override = request.actor.may(Permission.OVERRIDE_CONTACT_RULES)
    form.actor = request.actor
    return form


def _filled_form(
    request: TenantRequest,
    lines: list[NumberDedication],
    assistants: list[AssistantDedication],
    *,
    only_chosen: bool,
) -> PlaceForm:
    """`only_chosen`: what the other assistants are made of, whole prompts, is not read."""
    offered: dict[str, Any] = {"tenant": request.tenant, "lines": lines, "assistants": assistants}
    if request.method == "POST":
        data: QueryDict = request.POST
        if filling.PICK in data or data.get("preset"):
            data, offered["preset"] = filling.posted(request.tenant, data, lines, assistants)
        chosen = [one for one in assistants if not only_chosen or str(one.pk) == data.get("assistant", "")]
        return PlaceForm(data, saved=saved_assistants(chosen), **offered)
    call = queries.call_of(request.tenant, request.GET.get("again", ""))
    may_read = request.actor.may(Permission.SEE_TRANSCRIPTS)
    first, offered["preset"] = filling.linked(
        request.tenant, request.GET.dict(), lines, assistants, again=call if may_read else None
    )
    to = request.GET.get("to", "")[:LONGEST_DESTINATION]
    first |= {"token": uuid.uuid4(), "destination": phone_numbers.grouped(to)}
    first |= on_call_now.initial(request)
    if name := first.get("preset_name"):
        offered["preset"] = preset_book.with_name(request.tenant, name)
    form = PlaceForm(initial=first, saved=saved_assistants(assistants), **offered)
    form.show_wrong_values()
    form.focus_first_empty()
    return form


@require_GET
@tenant_view(Permission.PLACE_CALLS)
def number_echo(request: TenantRequest) -> HttpResponse:
    """What the text in the field is read as, while it is typed: nothing is stored or dialed."""
    text = request.GET.get("destination", "")[:LONGEST_DESTINATION]
    lines = queries.lines(request.tenant)
    by_rule = bool(request.GET.get("line_by_rule"))
    chosen = _named(lines, request.GET.get("number", ""))
    preset = preset_book.with_key(request.tenant, request.GET.get("preset", ""))
    rule = filling.rule(request.tenant, lines, preset)
    line = rule("").line if by_rule else chosen
    own = [one.e164 for one in lines if one.is_open]
    echo = echoes.of(request.tenant, text, line=line.e164 if line else "", own=own)
    if echo.e164:
        verdict = contact_rules.verdict(request.tenant, echo.e164)
        if verdict.refusal and not verdict.passes:  # what is about the time is asked for the time of the call
            echo = replace(echo, e164="", reason=verdict.refusal)
    choice = rule(echo.e164) if by_rule else None
    context = {"echo": echo, "line_choice": choice} | _last_to(request.tenant, echo)
    planned = planned_queries.next_to(request.tenant, echo.e164, without=request.GET.get("planned", ""))
    context["planned_to"] = planned and {"time": planning.time_words(planned), "by": planned.planned_by}
    context["their_zone"] = zone_of_person(echo.e164, request.tenant)
    context["outside_hours"] = echoes.outside_hours(request.tenant, echo)
    return render(request, "calls/_number_echo.html", context)


def _named(lines: list[NumberDedication], wanted: str) -> NumberDedication | None:
    """The client's own line with this key."""
    return next((line for line in lines if str(line.pk) == wanted), None)


def _last_to(tenant: Tenant, echo: echoes.NumberEcho) -> dict[str, Any]:
    """When this person was called last, so that nobody is called twice by mistake."""
    call = queries.last_to(tenant, echo.e164)
    return {"last_to": call, "last_to_person": labels.person(call) if call else ""}


@require_POST
@tenant_view(Permission.PLACE_CALLS, open_scope=False)
def preview(request: TenantRequest) -> HttpResponse:
    """What the form would send, and the fields that its texts ask for: nothing is stored or dialed.

    Sent by POST, since what it holds is personal. htmx asks for a part; a browser gets the page as it was typed.
    """
    htmx = getattr(request, "htmx", False)
    balance = None if htmx else own_minutes(request.tenant)
    with scope.for_tenant(request.tenant):
        lines, assistants = queries.lines(request.tenant), queries.assistants(request.tenant)
        form = _form(request, lines, assistants, only_chosen=bool(htmx) and filling.PICK not in request.POST)
        form.is_valid()
        picks = filling.PICK in request.POST
        if picks:
            form.leave_out_missing()
            form.focus_first_empty()
        if picks or not htmx:
            whole = "calls/_place_response.html" if htmx else "calls/call_now.html"
            return _page(request, form, lines, assistants, balance, template=whole)
        part = PARTS.get(request.GET.get("part", ""), "calls/_plan_words.html")
        return render(request, part, {"form": form, "oob": True} | _addresses(request) | plan.context(form))


@require_POST
@tenant_view(Permission.PLACE_CALLS, open_scope=False)
def take_back(request: TenantRequest, call_id: UUID) -> HttpResponse:
    """A call that waits is not sent any more: for whoever placed it, and for managers."""
    with scope.for_tenant(request.tenant):
        call = get_object_or_404(queries.of_tenant(request.tenant), pk=call_id)
    if not taking_back.is_permitted(request.actor, call):
        raise PermissionDenied
    if not taking_back.take_back(call, by=request.user):
        messages.warning(request, taking_back.TOO_LATE)
    return HttpResponseRedirect(reverse("call", args=[request.tenant.slug, call_id]), status=303)


def _place(request: TenantRequest, form: PlaceForm) -> Call | PlannedCall | None:
    """None with the reasons on the form. A second press of a form that has become a call lands on that call."""
    if form.is_valid():
        form.require_shown_values()
    if form.errors:
        return refusals.answer(request.tenant, form, by=request.user)
    try:
        if form.is_about_plan:
            return on_call_now.submit(request, form)
        return intents.place(request.tenant, by=request.user, **form.override(), **form.intent())
    except planning.PlanRefused as error:
        form.show_rules(error.overridable)
        form.refuse_plan(error)
    except intents.CallRefused as error:
        form.show_rules(error.overridable)
        form.add_change_error(error.field, account_team.for_reader(error.message, request.actor))
    return None


def _to_panel(request: TenantRequest, call: Call | PlannedCall) -> HttpResponse:
    slug = request.tenant.slug
    is_planned = isinstance(call, PlannedCall)
    address = reverse("planned-calls", args=[slug]) if is_planned else reverse("call", args=[slug, call.pk])
    if getattr(request, "htmx", False):
        return HttpResponse(status=200, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address, status=303)


def _page(
    request: TenantRequest,
    form: PlaceForm,
    lines: list[NumberDedication],
    assistants: list[AssistantDedication],
    balance: Decimal | None,
    template: str = "",
) -> HttpResponse:
    chosen = {name: str(form[name].value() or "") for name in ("number", "assistant")}
    here = measured.of_client(request.tenant, [dedication.assistant.family for dedication in assistants])
    choices = [_assistant(dedication, chosen["assistant"], here, form) for dedication in assistants]
    last, echo = queries.last_try(request.tenant, request.user), form.echo()
    if form.is_bound and "destination" in form.errors:
        echo = replace(echo, reason="")  # it stands beside the field as its error
    context: dict[str, Any] = {
        "form": form,
        "lines": [line_rows.of(request.tenant, dedication, chosen["number"]) for dedication in lines],
        "assistants": choices,
        "hint": _hint(request.tenant),
        "open_lines": sum(line.is_open for line in lines),
        "at_once": queries.at_once(request.tenant),
        "line_reason": line_rows.reason(form, filling.rule(request.tenant, lines, form.chosen_preset), echo.e164),
        "button_label": _button_label(lines, chosen["number"], echo.number),
        "echo": echo,
        "presets": preset_row.of_form(request.tenant, form, lines, assistants, _wanted_preset(request)),
        "may_edit_presets": request.actor.may(Permission.MANAGE_PRESETS),
        "their_zone": zone_of_person(echo.e164, request.tenant),
        "outside_hours": echoes.outside_hours(request.tenant, echo),
        "recent": _recent(request.tenant),
        "planned": planned_queries.counts(request.tenant),
        "zones": time_zones.choices(),
        "blocking_reason": intents.blocking_reason(request.tenant),
        "last": last,
        "last_state": labels.state(last) if last else "",
        "last_again": last is not None and last.finished and intents.may_be_offered(request.tenant, last.counterpart),
        "may_take_back": last is not None and taking_back.is_offered(request.actor, last),
        "last_mark": labels.mark(last) if last else "",
        "balance": balance,
    }
    context |= _addresses(request) | _last_to(request.tenant, echo) | plan.context(form)
    if template:
        return render(request, template, context)
    invalid, htmx = form.is_bound and bool(form.errors), getattr(request, "htmx", False)
    part = "calls/_place_response.html" if htmx else "calls/call_now.html"
    return render(request, part, context, status=422 if invalid else 200)


def _addresses(request: TenantRequest) -> dict[str, str]:
    """Where the parts of the form are drawn anew."""
    return {"preview_url": reverse("call-preview", args=[request.tenant.slug]), "form_id": "place"}


def _wanted_preset(request: TenantRequest) -> str:
    """The key that a link or a press names; it may be of no preset here."""
    return request.POST.get(filling.PICK, "") or request.GET.get("preset", "")


def _recent(tenant: Tenant) -> list[dict[str, str]]:
    """People called from here lately who may be called again; one press puts their number into the field."""
    return [
        {"e164": call.counterpart, "name": labels.person(call)}
        for call in queries.recent_people(tenant)
        if intents.may_be_offered(tenant, call.counterpart)
    ]


def _hint(tenant: Tenant) -> str:
    """How a number is written here, and where calls may go."""
    country = phone_numbers.country(tenant.country, article=True)
    words = f"As written in {country}, or with the country code." if country else "With the country code."
    allowed = tenant.allowed_countries
    return f"{words} Spaces are fine." + (f" Calls may go to: {countries.words(allowed)}." if allowed else "")


def _assistant(
    dedication: AssistantDedication, chosen: str, here: measured.Measured, form: PlaceForm
) -> dict[str, Any]:
    assistant = dedication.assistant
    saved = form.saved_by_pk.get(dedication.pk)
    return {
        "pk": dedication.pk,
        "name": str(assistant),
        "family": assistant.family,
        "words": composer.caption(assistant.family),
        "measured": measured.summary(assistant.family, here[assistant.family]),
        "first_message": (saved and saved.first_message) or assistant.first_message,
        "checked": str(dedication.pk) == chosen,
    }


def _button_label(lines: list[NumberDedication], chosen: str, number: str) -> dict[str, str]:
    """Who is called and from which line; nobody while the typed text is no number that may be called."""
    line = next((line for line in lines if str(line.pk) == chosen and line.is_open), None)
    return {"to": number, "line": (line.line_name or line.e164) if line else ""}
