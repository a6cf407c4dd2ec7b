"""Call now with a one-time assistant: its own page, beside the one for saved assistants."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.calls import queries
from dashboard.calls.forms import LONGEST_DESTINATION
from dashboard.calls.models import Call, PlannedCall
from dashboard.calls.placing import intents, line_rows, number_echo, refusals
from dashboard.calls.placing.value_fields import VARIABLE_FIELD
from dashboard.calls.planned import on_call_now, planning
from dashboard.calls.planned import queries as planned_queries
from dashboard.calls.planned.first_values import zone_of_person
from dashboard.calls.presets import filling
from dashboard.calls.transient import calling_again, drafts, placing
from dashboard.calls.transient.forms import TransientCallForm
from dashboard.calls.transient.one_time import OneTime
from dashboard.ui import account_team, phone_numbers
from tenants import time_zones
from tenants.access.decorators import TenantRequest, tenant_view
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import NumberDedication


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(Permission.PLACE_TRANSIENT_CALLS, open_scope=False)
def call_once(request: TenantRequest) -> HttpResponse:
    with scope.for_tenant(request.tenant):
        form = _form(request)
    if request.method == "POST" and (call := _place(request, form)) is not None:
        return HttpResponseRedirect(_address(request, call), status=303)
    with scope.for_tenant(request.tenant):
        return _page(request, form, status=422 if form.is_bound and form.errors else 200)


@require_POST
@tenant_view(Permission.PLACE_TRANSIENT_CALLS)
def preview(request: TenantRequest) -> HttpResponse:
    """What the form would send, or the fields that it asks for: nothing is stored or dialed. htmx gets a part alone."""
    form = _form(request)
    form.is_valid()
    if not getattr(request, "htmx", False):
        return _page(request, form)
    part = "calls/_call_values.html" if request.GET.get("part") == "values" else "calls/_plan_words.html"
    return render(request, part, {"form": form, "oob": True} | _addresses(request) | _plan(form))


def _form(request: TenantRequest) -> TransientCallForm:
    form = _filled_form(request)
    form.may_override = request.actor.may(Permission.OVERRIDE_CONTACT_RULES)
    form.actor = request.actor
    return form


def _filled_form(request: TenantRequest) -> TransientCallForm:
    lines = queries.lines(request.tenant)
    offered: dict[str, Any] = {"tenant": request.tenant, "lines": lines}
    if request.method == "POST":
        offered["chosen"] = _posted(request)
        return TransientCallForm(request.POST, **offered)
    again = calling_again.read(request.tenant, request.GET.get("again", ""))
    first = _first(request, lines) | _values(request, again) | on_call_now.initial(request)
    wanted = again.version if again else _version(request, request.GET.get("version", ""))
    chosen = _of_plan(request, first.get("planned"), str(first.get("version"))) or wanted
    form = TransientCallForm(initial=first | {"version": chosen.version if chosen else None}, chosen=chosen, **offered)
    form.note = again.note if again else ""
    form.show_wrong_values()
    return form


def _values(request: TenantRequest, again: calling_again.RepeatedCall | None) -> dict[str, str]:
    """Those of the link, else those of the call that is made again, for whoever may read what was said in it."""
    linked = filling.values_in({name: value for name, value in request.GET.dict().items() if name != "version"})
    may_read = again is not None and request.actor.may(Permission.SEE_TRANSCRIPTS)
    before = again.values if again and may_read else {}
    return {VARIABLE_FIELD + name: value for name, value in before.items()} | linked


def _first(request: TenantRequest, lines: list[NumberDedication]) -> dict[str, Any]:
    """What the form begins with: whom the link names, and its line, else the one by rule."""
    to, wanted = request.GET.get("to", "")[:LONGEST_DESTINATION], request.GET.get("number", "")
    named = next((line.pk for line in lines if line.is_open and str(line.pk) == wanted), None)
    return {
        "token": uuid.uuid4(),
        "destination": phone_numbers.grouped(to),
        "number": named or filling.line_for(request.tenant, lines, to),
        "line_by_rule": "" if named else "1",
    }


def _posted(request: TenantRequest) -> OneTime | None:
    """What the form names: the client's own, or what the planned call has kept that the form is about."""
    wanted = request.POST.get("version", "")
    return _version(request, wanted) or _of_plan(request, request.POST.get("planned", ""), wanted)


def _version(request: TenantRequest, wanted: str) -> OneTime | None:
    """The client's own version with this key; of a page that names none, the first draft's newest."""
    if not wanted and request.method != "POST":
        wanted = str(getattr(drafts.listed(request.tenant).first(), "version_id", ""))
    key = int(wanted) if wanted.isdecimal() and len(wanted) < 19 else 0
    found = drafts.version_with_key(request.tenant, key)
    return OneTime.of(found) if found else None


def _of_plan(request: TenantRequest, planned_id: Any, wanted: str) -> OneTime | None:
    """The copy that a planned call has kept, for those who may change it; its draft may be gone."""
    planned = planned_queries.find(request.tenant, planned_id or "")
    if planned is None or not planned.is_transient or not planning.is_permitted(request.actor, planned):
        return None
    kept = OneTime.of_plan(planned)
    return kept if str(kept.version) == wanted else None


def _address(request: TenantRequest, call: Call | PlannedCall) -> str:
    slug = request.tenant.slug
    return (
        reverse("planned-calls", args=[slug])
        if isinstance(call, PlannedCall)
        else reverse("call", args=[slug, call.pk])
    )


def _place(request: TenantRequest, form: TransientCallForm) -> Call | PlannedCall | None:
    """None with the reasons on the form. A second press of a form that has become a call lands on that call."""
    if form.is_valid():
        form.require_shown_values()
    if form.errors:
        return refusals.answer(request.tenant, form, by=request.user)
    try:
        if form.is_about_plan:
            return on_call_now.submit(request, form)
        return placing.place(request.tenant, by=request.user, **form.override(), **form.intent())
    except planning.PlanRefused as error:
        form.show_rules(error.overridable)
        form.refuse_plan(error)
    except intents.CallRefused as error:
        form.show_rules(error.overridable)
        words = account_team.for_reader(error.message, request.actor)
        form.add_error(error.field if error.field in form.fields else None, words)
    return None


def _page(request: TenantRequest, form: TransientCallForm, *, status: int = 200) -> HttpResponse:
    found, chosen_number = drafts.shown(request.tenant), str(form["number"].value() or "")
    lines, echo = queries.lines(request.tenant), form.echo()
    context = {
        "form": form,
        "drafts": found,
        "older": _older(form, found),
        "chosen_version": str(form["version"].value() or ""),
        "lines": [line_rows.of(request.tenant, line, chosen_number) for line in lines],
        "line_reason": line_rows.reason(form, filling.rule(request.tenant, lines, None), echo.e164),
        "echo": echo,
        "their_zone": zone_of_person(echo.e164, request.tenant),
        "outside_hours": number_echo.outside_hours(request.tenant, echo),
        "zones": time_zones.choices(),
        "button_label": {"to": echo.number, "line": form.line_name},
        "blocking_reason": intents.blocking_reason(request.tenant),
    }
    return render(request, "calls/call_once.html", context | _addresses(request) | _plan(form), status=status)


def _addresses(request: TenantRequest) -> dict[str, str]:
    """Where the parts of the form are drawn anew."""
    return {"preview_url": reverse("call-once-preview", args=[request.tenant.slug]), "form_id": "place"}


def _older(form: TransientCallForm, found: list[Any]) -> OneTime | None:
    """The chosen version where it is not the newest of its draft: it stays on offer."""
    chosen = form.chosen
    return chosen if chosen and chosen.version not in [draft.version_id for draft in found] else None


def _plan(form: TransientCallForm) -> dict[str, Any]:
    return {"plan": form.plan(), "no_plan": "Choose a line and a one-time assistant to see what will be sent."}
