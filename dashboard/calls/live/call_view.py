"""One call under one address: the live panel while it lives, its report afterwards."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from dashboard.calls import call_backs, manual_resolution, queries
from dashboard.calls.control import action_book, action_text, commands, steering, transfer_book, transfer_targets
from dashboard.calls.forms import ActionCommandForm, CommandForm
from dashboard.calls.history import excerpts
from dashboard.calls.live import panel_actions, panel_context
from dashboard.calls.models import Call, CallReport, Receipt
from dashboard.calls.placing import refusals
from dashboard.contact_rules import entries
from dashboard.voicedock import CommandType
from tenants import audit
from tenants.access.decorators import TenantRequest, tenant_view
from tenants.access.permissions import Permission
from tenants.isolation import scope

BLOCKED = "This number is on your do-not-call list now. Campaigns that run take the person off within seconds."
PARTS = {
    "header": "calls/_header.html",
    "viewers": "calls/_viewers.html",
    "timeline": "calls/_timeline.html",
    "quota": "calls/_quota.html",
    "actions": "calls/_actions.html",
    "earlier": "calls/_earlier.html",
    "page": "calls/_finished.html",
}


@require_GET
@tenant_view(Permission.SEE_CALLS)
def call(request: TenantRequest, call_id: UUID) -> HttpResponse:
    """`?part=` gives one part of the panel, or `page`: all of it, once the call is over.

    `&seen=` is the state of the composer, or of the whole page, that is on screen already.
    """
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
    form = _command_form(request, call_id)
    form.actor = request.actor
    receipt = None
    if form.is_valid():
        receipt = _send(request, call_id, form)
        if not getattr(request, "htmx", False):
            return HttpResponseRedirect(reverse("call", args=[request.tenant.slug, call_id]), status=303)
    elif form.not_allowed:
        refusals.record(request.tenant, form.not_allowed, by=request.user, what=refusals.TRANSFER)
    with scope.for_tenant(request.tenant):
        found = _find(request, call_id)
        status = 200 if receipt else 422
        if not getattr(request, "htmx", False):
            return _page(request, found, form, status=status)
        context = panel_context.panel(request, found, form, receipt)
        return render(request, "calls/_command_response.html", context, status=status)


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
    reason = request.POST.get("reason", "")
    try:
        manual_resolution.clear_alarm(found, by=request.user, reason=reason)
    except manual_resolution.DecisionRefused as error:
        with scope.for_tenant(request.tenant):
            call = _find(request, call_id)
            return _page(request, call, status=422, unclear=error.message, unclear_reason=reason)
    return HttpResponseRedirect(reverse("call", args=[request.tenant.slug, call_id]), status=303)


@require_POST
@tenant_view(Permission.BLOCK_NUMBERS)
def block(request: TenantRequest, call_id: UUID) -> HttpResponse:
    """Put whoever was called, or called, on the do-not-call list."""
    found = _find(request, call_id)
    if not entries.is_number(found.counterpart):
        raise Http404
    if entries.add(request.tenant, [found.counterpart], source=entries.Source.CALL, by=request.user, call_id=found.pk):
        messages.success(request, BLOCKED)
    return HttpResponseRedirect(reverse("call", args=[request.tenant.slug, call_id]), status=303)


@require_POST
@tenant_view(Permission.PLACE_CALLS)
def mark_call_back(request: TenantRequest, call_id: UUID) -> HttpResponse:
    """The person who asked to be called back needs nobody any more; `not_done` takes that back."""
    found = _find(request, call_id)
    call_backs.mark(found, is_done="not_done" not in request.POST, by=request.user)
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


def _command_form(request: TenantRequest, call_id: UUID) -> CommandForm:
    """The form of the composer, or of the action whose key was sent."""
    facts = {"tenant": request.tenant} | _transfer_facts(request)
    key = request.POST.get("action", "")
    if not key:
        return CommandForm(request.POST, **facts)
    with scope.for_tenant(request.tenant):
        found = _find(request, call_id)
        number = int(key) if key in panel_actions.KEYS else 0
        return ActionCommandForm(
            request.POST,
            action=action_book.with_key(request.tenant, number),
            key=number,
            values=action_text.values_of(found, request.tenant.name),
            family=found.family,
            **facts,
        )


def _transfer_facts(request: TenantRequest) -> dict[str, Any]:
    """The client's targets, and its lines to which no call is transferred; read only for a transfer."""
    if request.POST.get("type") != CommandType.TRANSFER:
        return {}
    with scope.for_tenant(request.tenant):
        own = transfer_targets.own_lines(request.tenant)
        return {"transfer_choices": transfer_book.choices(request.tenant), "own_lines": own}


def _send(request: TenantRequest, call_id: UUID, form: CommandForm) -> Receipt:
    """The call is read where its receipt is written, so that both are of one moment."""
    named = Call(pk=call_id, tenant=request.tenant)
    try:
        session = steering.session_digest(request.session.session_key)
        origin = commands.Origin(form.action_name, form.remark, session)
        return commands.send(named, form.command(), by=request.user, token=form.cleaned_data["token"], origin=origin)
    except Call.DoesNotExist:
        raise Http404 from None


def _find(request: TenantRequest, call_id: UUID) -> Call:
    calls = queries.of_tenant(request.tenant).select_related("report", "end_due_by")
    whole = calls if request.GET.get("part") else calls.defer(None)  # the page shows what was sent
    found = whole.filter(pk=call_id).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: TenantRequest, call: Call, form: CommandForm | None = None, *, status: int = 200, **answers: Any
) -> HttpResponse:
    """`answers` are those to other forms of the page: `undecided`, `unclear`, `unclear_reason`."""
    request.nav_page = "live" if call.is_live else "calls"  # type: ignore[attr-defined]
    if call.finished:
        context = panel_context.finished(request, call) | answers
        _note_reading(request, call, context)
        return render(request, "calls/finished.html", context, status=status)
    context = panel_context.panel(request, call, form) | answers
    _note_reading(request, call, context)
    return render(request, "calls/panel.html", context | panel_context.viewers(request, call), status=status)


def _part(request: TenantRequest, call: Call, part: str) -> HttpResponse:
    """What is on screen already is not sent again, so that what one types there stays untouched."""
    if part in ("actions", "page") and request.GET.get("seen") == panel_context.mode(request, call):
        return HttpResponse(status=204)
    if call.finished and part != "timeline":
        return _instead_of_panel(request, call) if part in ("header", "page") else HttpResponse(status=204)
    if part == "page":  # of a call that was taken for finished
        return HttpResponse(headers={"HX-Refresh": "true"})
    if part == "quota" and not request.actor.may(Permission.CONTROL_CALLS):
        return HttpResponse(status=204)
    if part == "viewers":
        return render(request, PARTS[part], panel_context.viewers(request, call))
    context = panel_context.panel(request, call, only=part)
    _note_reading(request, call, context)
    return render(request, PARTS[part], context)


def _instead_of_panel(request: TenantRequest, call: Call) -> HttpResponse:
    """The page of a finished call; it takes the place of the panel whose header asked for news."""
    is_panel = request.GET.get("part") == "header"
    context = panel_context.finished(request, call, was_live=is_panel or "was" in request.GET)
    _note_reading(request, call, context)
    response = render(request, PARTS["page"], context)
    if is_panel:
        response["HX-Retarget"], response["HX-Reswap"] = "#call-page", "outerHTML"
    return response


def _note_reading(request: TenantRequest, call: Call, context: dict[str, Any]) -> None:
    """Whoever is shown words, or what was made of them, is written down; in the scope that shows them."""
    if context["may_read"] and any(excerpts.has_words(one) for one in context.get("earlier", [])):
        audit.record_once(request.user, request.tenant, "calls.summaries-read", request.tenant)
    if call.overrides and "sent_plan" in context and context["may_read"]:
        audit.record_once(request.user, request.tenant, "call.changes-read", call, counterpart=call.counterpart)
    report: CallReport | None = context.get("report")
    if report and (report.messages or report.summary or report.analysis):
        audit.record_once(request.user, request.tenant, "call.transcript-read", call, counterpart=call.counterpart)
