"""One call under one address: the live panel while it lives, its report afterwards."""

from __future__ import annotations

import uuid
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from dashboard.calls import labels, manual_resolution, queries
from dashboard.calls.caller_id.proof import proof_of
from dashboard.calls.control import commands, composer
from dashboard.calls.forms import CommandForm
from dashboard.calls.history import timeline
from dashboard.calls.live import presence
from dashboard.calls.models import Call, CallReport, Receipt, State
from dashboard.calls.placing import intents, taking_back
from dashboard.rate_limits import limiter
from dashboard.ui import times
from dashboard.voicedock import CommandType
from tenants import audit
from tenants.access.decorators import TenantRequest, tenant_view
from tenants.access.permissions import Permission
from tenants.isolation import scope

PARTS = {
    "header": "calls/_header.html",
    "viewers": "calls/_viewers.html",
    "timeline": "calls/_timeline.html",
    "quota": "calls/_quota.html",
    "actions": "calls/_actions.html",
    "report": "calls/_report.html",
}


@require_GET
@tenant_view(Permission.SEE_CALLS)
def call(request: TenantRequest, call_id: UUID) -> HttpResponse:
    """`?part=` gives one part of the live panel; `&seen=` the state of the composer that is on screen already."""
    found = _find(request, call_id)
    part = request.GET.get("part")
    if part is None:
        return _page(request, found)
    if part not in PARTS:
        raise Http404
    return _part(request, found, part)


@require_POST
@tenant_view(Permission.CONTROL_CALLS, open_scope=False)
def command(request: TenantRequest, call_id: UUID) -> HttpResponse:
    """Send one command; nothing is open while VoiceDock is asked."""
    form = CommandForm(request.POST, tenant=request.tenant)
    receipt = None
    if form.is_valid():
        receipt = _send(request, call_id, form)
        if not getattr(request, "htmx", False):
            return HttpResponseRedirect(reverse("call", args=[request.tenant.slug, call_id]), status=303)
    with scope.for_tenant(request.tenant):
        found = _find(request, call_id)
        status = 200 if receipt else 422
        if not getattr(request, "htmx", False):
            return _page(request, found, form, status=status)
        return render(request, "calls/_command_response.html", _panel(request, found, form, receipt), status=status)


@require_POST
@tenant_view(Permission.CONTROL_CALLS, open_scope=False)
def decide(request: TenantRequest, call_id: UUID) -> HttpResponse:
    """A person says what became of a call that VoiceDock did not tell about."""
    with scope.for_tenant(request.tenant):
        found = _find(request, call_id)
    choice = request.POST.get("choice", "")
    try:
        decided = manual_resolution.decide(found, choice, by=request.user)
    except manual_resolution.DecisionRefused:
        with scope.for_tenant(request.tenant):
            return _page(request, _find(request, call_id), undecided=True, status=422)
    if not decided:
        messages.warning(request, manual_resolution.blocking_reason(found, choice) or manual_resolution.KNOWN_BY_NOW)
    return HttpResponseRedirect(reverse("call", args=[request.tenant.slug, call_id]), status=303)


@require_POST
@tenant_view(Permission.CONTROL_CALLS, open_scope=False)
def clear(request: TenantRequest, call_id: UUID) -> HttpResponse:
    """Staff have looked at a call with a wrong number or assistant: the client may dial again."""
    if request.actor.staff is None:
        raise PermissionDenied
    with scope.for_tenant(request.tenant):
        found = _find(request, call_id)
    try:
        manual_resolution.clear_alarm(found, by=request.user, reason=request.POST.get("reason", ""))
    except manual_resolution.DecisionRefused as error:
        with scope.for_tenant(request.tenant):
            return _page(request, _find(request, call_id), unclear=error.message, status=422)
    return HttpResponseRedirect(reverse("call", args=[request.tenant.slug, call_id]), status=303)


@require_GET
@tenant_view(Permission.SEE_TRANSCRIPTS)
def recording(request: TenantRequest, call_id: UUID) -> HttpResponse:
    """The way to it at VoiceDock, written down."""
    found = _find(request, call_id)
    report: CallReport | None = getattr(found, "report", None)
    if report is None or not report.recording_url:
        raise Http404
    audit.record_once(request.user, request.tenant, "call.recording-opened", found, counterpart=found.counterpart)
    return HttpResponseRedirect(report.recording_url)


def _send(request: TenantRequest, call_id: UUID, form: CommandForm) -> Receipt:
    """The call is read where its receipt is written, so that both are of one moment."""
    named = Call(pk=call_id, tenant=request.tenant)
    try:
        return commands.send(named, form.command(), by=request.user, token=form.cleaned_data["token"])
    except Call.DoesNotExist:
        raise Http404 from None


def _find(request: TenantRequest, call_id: UUID) -> Call:
    found = queries.of_tenant(request.tenant).select_related("report").filter(pk=call_id).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: TenantRequest, call: Call, form: CommandForm | None = None, *, status: int = 200, **answers: Any
) -> HttpResponse:
    """`answers` are those to other forms of the page: `undecided`, `unclear`."""
    context = _panel(request, call, form) | answers
    request.nav_page = "live" if call.is_live else "calls"  # type: ignore[attr-defined]
    _note_reading(request, call, context)
    if call.is_live:
        context |= _here(request, call) | {"earlier": _earlier(request, call)}
        return render(request, "calls/panel.html", context, status=status)
    return render(request, "calls/finished.html", context | _report(context, call), status=status)


def _part(request: TenantRequest, call: Call, part: str) -> HttpResponse:
    seen = request.GET.get("seen", "")
    if part == "actions" and seen and seen == _mode(request, call):
        return HttpResponse(status=204)  # what one types there stays untouched
    if part == "quota" and (call.finished or not request.actor.may(Permission.CONTROL_CALLS)):
        return HttpResponse(status=204)
    if part == "viewers" and call.finished:
        return HttpResponse(status=204)
    if part == "viewers":
        return render(request, PARTS[part], _here(request, call))
    if part == "report":
        context = _panel(request, call)
        _note_reading(request, call, context)
        return render(request, PARTS[part], context | _report(context, call))
    context = _panel(request, call, only=part)
    _note_reading(request, call, context)
    return render(request, PARTS[part], context)


def _here(request: TenantRequest, call: Call) -> dict[str, Any]:
    presence.record_viewer(call, request.user)
    return {
        "call": call,
        "part_url": reverse("call", args=[request.tenant.slug, call.pk]),
        "others": presence.other_viewers(call, request.user),
        "is_staff": request.actor.staff is not None,
    }


def _note_reading(request: TenantRequest, call: Call, context: dict[str, Any]) -> None:
    """Whoever is shown words, or what was made of them, is written down; in the scope that shows them."""
    report: CallReport | None = context.get("report")
    if report and (report.messages or report.summary or report.analysis):
        audit.record_once(request.user, request.tenant, "call.transcript-read", call, counterpart=call.counterpart)


def _report(context: dict[str, Any], call: Call) -> dict[str, Any]:
    report: CallReport | None = context["report"]
    return {"proof": proof_of(call), "analysis": labels.analysis(report.analysis) if report else []}


def _panel(
    request: TenantRequest,
    call: Call,
    form: CommandForm | None = None,
    receipt: Receipt | None = None,
    *,
    only: str = "",
) -> dict[str, Any]:
    """What the panel and its parts are drawn from; `only` one part asks for no more than that one needs."""
    zone = request.tenant.zone
    may_steer, may_read = (
        request.actor.may(permission) for permission in (Permission.CONTROL_CALLS, Permission.SEE_TRANSCRIPTS)
    )
    context: dict[str, Any] = {
        "call": call,
        "mode": _mode(request, call),
        "state": labels.state(call),
        "mark": labels.mark(call),
        "why": labels.why(call),
        "person": labels.person(call),
        "place": labels.place(call),
        "country": labels.place(call).partition(", ")[0],
        "kind": labels.place(call).partition(", ")[2],
        "answered": f"{call.started_at.astimezone(zone):%H:%M:%S}" if call.started_at else "",
        "part": only,
        "line": labels.line(call),
        "assistant": labels.assistant(call),
        "zone_words": times.zone_words(request.tenant.zone),
        "may_call_again": request.actor.may(Permission.PLACE_CALLS)
        and intents.may_be_offered(request.tenant, call.counterpart),
        "may_steer": may_steer,
        "may_take_back": taking_back.is_offered(request.actor, call),
        "may_clear": may_steer and request.actor.staff is not None,
        "may_read": may_read,
        "part_url": reverse("call", args=[request.tenant.slug, call.pk]),
    }
    if only in ("", "header"):
        context["heard_at"] = queries.heard_at(call)
    if only in ("", "timeline", "actions"):
        report: CallReport | None = getattr(call, "report", None) if may_read else None
        context["report"] = report
    if only in ("", "timeline"):
        messages = report.messages if report else []
        context["has_words"] = bool(messages)
        receipts = queries.receipts(call)
        context["entries"] = timeline.entries(call, receipts, messages, me=request.user, zone=zone, words=may_read)
    if may_steer and call.is_live:
        if only in ("", "actions"):
            context |= _composer(request, call, form, receipt)
        if only in ("", "quota", "actions"):
            context |= _cells(call)
    return context


def _composer(request: TenantRequest, call: Call, form: CommandForm | None, receipt: Receipt | None) -> dict[str, Any]:
    """The composer with what was typed, unless it has left us."""
    kept = form is not None and (receipt is None or receipt.outcome == Receipt.Outcome.REFUSED)
    sent = form.data.get("type", "") if form is not None else ""
    return {
        "typed": form.data if form is not None and kept else {},
        "errors": form.errors if form is not None else {},
        "readings": form.choices_of_reading() if form is not None else [],
        "tabs": composer.tabs(call.family),
        "chosen": sent if sent in composer.TABS else CommandType.INJECT_CONTEXT,
        "command_types": CommandType.__members__,
        "sent": sent,
        "notice": composer.notice(call.family),
        "goodbye_words": composer.goodbye(call.family),
        "token": uuid.uuid4(),
        "end_token": uuid.uuid4(),
        "phrases": queries.phrases(request.tenant),
        "choices": manual_resolution.choices(call),
        "blocking_reason": commands.blocking_reason(call),
    }


def _cells(call: Call) -> dict[str, Any]:
    cells = limiter.command_quota(call.connection_id, call.pk)
    shapes = ["kept" if at >= cells.limit - cells.kept else "" for at in range(cells.limit)]
    return {"cells": cells, "cell_shapes": ["spent" if at < cells.used else shape for at, shape in enumerate(shapes)]}


def _mode(request: TenantRequest, call: Call) -> str:
    """What the right side is: it is drawn anew only when this changes."""
    if call.finished:
        report = getattr(call, "report", None) if request.actor.may(Permission.SEE_TRANSCRIPTS) else None
        return f"over-{report.updated_at.timestamp() if report else 0}"
    if not request.actor.may(Permission.CONTROL_CALLS):
        return "look"
    if call.needs_decision:
        return f"decide-{call.state}"
    alarm = f"{call.current_alarm}{'-late' if call.end_is_late else ''}"
    state = "steer" if call.can_be_controlled else "queued" if call.state == State.QUEUED else "wait"
    return f"{state}-{call.family}-{alarm}"


def _earlier(request: TenantRequest, call: Call) -> list[Call]:
    if not call.counterpart:
        return []
    before = Call.objects.filter(
        tenant=request.tenant, counterpart=call.counterpart, finished=True, created_at__lt=call.created_at
    )
    return list(before.order_by("-created_at")[:3])
