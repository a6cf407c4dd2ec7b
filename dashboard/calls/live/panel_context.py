"""What the live panel, its parts and the page of a finished call are drawn from."""

from __future__ import annotations

import uuid
from typing import Any, Protocol

from django.urls import reverse

from dashboard.calls import call_backs, call_times, labels, manual_resolution, placed_for, queries
from dashboard.calls.caller_id.proof import proof_of
from dashboard.calls.control import action_command, commands, composer, handover, measured, steering, transfer_book
from dashboard.calls.history import recorded_steps, timeline
from dashboard.calls.live import end_notes, panel_actions, presence
from dashboard.calls.models import Call, CallReport, Receipt, State, SteeringLease
from dashboard.calls.placing import intents, plan, taking_back
from dashboard.calls.planned import queries as planned_queries
from dashboard.contact_rules import entries
from dashboard.contact_rules import rules as contact_rules
from dashboard.rate_limits import limiter
from dashboard.ui import times
from dashboard.ui.units import with_unit
from dashboard.voicedock import CommandType
from tenants import time_zones
from tenants.access.decorators import TenantRequest
from tenants.access.permissions import Permission


class SentForm(Protocol):
    """The form of a command that was sent (`forms.CommandForm`)."""

    @property
    def data(self) -> Any: ...
    @property
    def errors(self) -> Any: ...
    @property
    def is_action(self) -> bool: ...
    @property
    def closed(self) -> transfer_book.Choice | None: ...
    def choices_of_reading(self) -> list[tuple[str, str]]: ...


WITH_RECEIPTS = ("", "timeline", "header", "page")  # of the parts


def panel(
    request: TenantRequest,
    call: Call,
    form: SentForm | None = None,
    receipt: Receipt | None = None,
    *,
    only: str = "",
) -> dict[str, Any]:
    """The context; `only` one part asks for no more than that one needs."""
    may_steer, may_read = (
        request.actor.may(permission) for permission in (Permission.CONTROL_CALLS, Permission.SEE_TRANSCRIPTS)
    )
    context = _facts(request, call, only) | {"may_steer": may_steer, "may_read": may_read}
    if only in ("", "header", "page"):
        context["heard_at"] = queries.heard_at(call)
        context["paused_until"] = queries.paused_until(call)
        context["placed_for"] = placed_for.of(call)
    if only in WITH_RECEIPTS:
        context |= _receipts(request, call, only, may_read=may_read)
    if only in ("", "page", "actions") and call.origin == Call.Origin.PLACED:
        context["sent_plan"] = plan.of_call(call, with_content=may_read and not call.data_removed_at)
        context |= _planned(call)
    if only in ("", "earlier"):
        context["earlier"] = queries.earlier(call)
    if may_steer and call.is_live:
        if only in ("", "actions"):
            context |= _composer(request, call, form, receipt)
        if only in ("", "quota", "actions"):
            context |= _cells(call)
    return context


def finished(request: TenantRequest, call: Call, *, was_live: bool = False) -> dict[str, Any]:
    """The context of the page of a call that is over; `was_live` where it took the place of the panel."""
    context = panel(request, call, only="page")
    report: CallReport | None = context["report"]
    where = request.tenant.zone
    return context | {
        "proof": proof_of(call),
        "analysis": labels.analysis(report.analysis, where) if report else [],
        "earlier": queries.earlier(call),
        "call_back": call_backs.of_call(call),
        "unseen_transfers": _unseen_transfers(call, context["entries"]),
        "may_mark": request.actor.may(Permission.PLACE_CALLS),
        "blocked": contact_rules.verdict(request.tenant, call.counterpart),
        "may_block": request.actor.may(Permission.BLOCK_NUMBERS) and entries.is_number(call.counterpart),
        "ended": f"{ended.astimezone(where):%H:%M:%S}" if (ended := call_times.ended_at(call)) else "",
        "reported": times.local(report.updated_at, where) if report else "",
        "not_reached": call.error or labels.not_reached(call),
        "was_live": was_live,
        "page_part": "page&was=live" if was_live else "page",
    }


def _unseen_transfers(call: Call, entries: list[timeline.Entry]) -> list[timeline.Entry]:
    """The transfers that the call shows nothing of; one that was transferred by another command misses none."""
    return [] if call.state == State.TRANSFERRED else [entry for entry in entries if entry.is_unseen_transfer]


def viewers(request: TenantRequest, call: Call) -> dict[str, Any]:
    """Who has the panel open, and who steers; whoever asks for it has it open, and goes on steering."""
    presence.record_viewer(call, request.user)
    may_steer = request.actor.may(Permission.CONTROL_CALLS)
    session = steering.session_digest(request.session.session_key)
    lease = steering.renew(call, by=request.user, session=session) if may_steer else steering.of(call)
    holder = lease.holder if lease else None
    others = presence.other_viewers(call, request.user)
    return {
        "call": call,
        "part_url": reverse("call", args=[request.tenant.slug, call.pk]),
        "others": [user for user in others if user != holder],
        "is_staff": request.actor.staff is not None,
        "lease": lease,
        "steers": holder == request.user,
        "lease_ends_in": _remaining(lease) if lease and holder != request.user else None,
        "taken_at": _taken_from_me(request, lease),
        "may_take": may_steer and call.is_live and not call.needs_decision,
    }


def _remaining(lease: SteeringLease) -> float:
    return float(lease.remaining.total_seconds())  # type: ignore[attr-defined]


def _taken_from_me(request: TenantRequest, lease: SteeringLease | None) -> str:
    """When another person took the lease over from this one, by the clock of the client."""
    if lease is None or lease.taken_from_id != request.user.pk:
        return ""
    return f"{lease.since.astimezone(request.tenant.zone):%H:%M:%S}"


def mode(request: TenantRequest, call: Call) -> str:
    """What the right side is, and of a finished call the whole page: it is drawn anew only when this changes."""
    if call.finished:
        return f"over-{call.version}"
    if not request.actor.may(Permission.CONTROL_CALLS):
        return "look"
    if call.needs_decision:
        return f"decide-{call.state}"
    alarm = f"{call.current_alarm}{'-late' if call.end_is_late else ''}"
    state = "steer" if call.can_be_controlled else "queued" if call.state == State.QUEUED else "wait"
    return f"{state}-{call.family}-{alarm}"


def _facts(request: TenantRequest, call: Call, only: str) -> dict[str, Any]:
    place = labels.place(call)
    country, _, kind = place.partition(", ")
    answered = call_times.answered_at(call)
    may_place = request.actor.may(Permission.PLACE_CALLS)
    return {
        "call": call,
        "mode": mode(request, call),
        "part": only,
        "part_url": reverse("call", args=[request.tenant.slug, call.pk]),
        "state": labels.state(call),
        "mark": labels.mark(call),
        "why": labels.why(call),
        "person": labels.person(call),
        "place": place,
        "country": country,
        "kind": kind,
        "answered": f"{answered.astimezone(request.tenant.zone):%H:%M:%S}" if answered else "",
        "talking_since": answered,
        "line": labels.line(call),
        "assistant": labels.assistant(call),
        "zone_words": times.zone_words(request.tenant.zone),
        "may_take_back": taking_back.is_offered(request.actor, call),
        "may_clear": request.actor.may(Permission.CONTROL_CALLS) and request.actor.staff is not None,
        "may_call_again": may_place and intents.may_be_offered(request.tenant, call.counterpart),
        "no_call_again": intents.why_not_offered(request.tenant, call.counterpart) if may_place else "",
    }


def _planned(call: Call) -> dict[str, Any]:
    """What it was planned as; nothing of a call that was placed by hand."""
    planned = planned_queries.of_call(call)
    return {"planned": planned, "planned_zone": time_zones.label(planned.zone)} if planned else {}


def _receipts(request: TenantRequest, call: Call, only: str, *, may_read: bool) -> dict[str, Any]:
    """The timeline, and the transfer that the diagram shows."""
    receipts = queries.receipts(call)
    transfers = call.state == State.TRANSFERRED or any(one.command == CommandType.TRANSFER for one in receipts)
    targets = transfer_book.names(request.tenant) if transfers else {}
    moved = handover.current(call, receipts, targets)
    context: dict[str, Any] = {"handover": moved, "diagram": _diagram(call, moved)}
    context["end_note"] = end_notes.of(call, receipts[-1] if receipts else None)
    if only == "header":
        return context
    report: CallReport | None = getattr(call, "report", None) if may_read else None
    shown = timeline.entries(
        call,
        receipts,
        report,
        me=request.user,
        zone=request.tenant.zone,
        words=may_read,
        recorded=recorded_steps.of(call),
        targets=targets,
    )
    messages = [entry for entry in shown if entry.kind == "message"]
    return context | {
        "report": report,
        "entries": shown,
        "has_words": bool(messages),
        "has_untimed": any(entry.at is None for entry in messages),
        "ending": timeline.ending(call, receipts, request.user, targets),
    }


def _diagram(call: Call, moved: handover.Handover | None) -> str:
    """The classes that say how the ends of the diagram are joined."""
    joined = "is-ended" if call.finished else "" if call.is_answered else "is-connecting"
    if moved:
        joined += " connection-diagram--handover " + ("is-handed-over" if moved.is_done else "is-transferring")
    return joined.strip()


def _composer(request: TenantRequest, call: Call, form: SentForm | None, receipt: Receipt | None) -> dict[str, Any]:
    """The composer with what was typed, unless it has left us."""
    sent_action: action_command.SentAction | None = form if form is not None and form.is_action else None  # type: ignore[assignment]
    here = measured.of_client(request.tenant, [call.family])[call.family]
    actions = panel_actions.of_call(request.tenant, call, here, sent_action, receipt)
    if sent_action:  # what is typed into the fields of the composer stays as it is on screen
        form = None
    kept = form is not None and (receipt is None or receipt.outcome == Receipt.Outcome.REFUSED)
    sent = form.data.get("type", "") if form is not None else ""
    texts = transfer_book.composer_texts(request.tenant)
    return {
        "typed": form.data if form is not None and kept else {},
        "errors": form.errors if form is not None else {},
        "readings": form.choices_of_reading() if form is not None else [],
        "tabs": composer.tabs(call.family, here),
        "chosen": _chosen(sent, sent_action),
        "actions": actions,
        "sent_action": next((one for one in actions if one.is_sent), None),
        "action_gone": action_command.GONE if sent_action and sent_action.action is None else "",
        "may_edit_actions": request.actor.may(Permission.MANAGE_ACTIONS),
        "recommendation": composer.recommendation(request.tenant, call.family),
        "command_types": CommandType.__members__,
        "sent": sent,
        "goodbye_label": composer.goodbye_label(call.family),
        "token": uuid.uuid4(),
        "end_token": uuid.uuid4(),
        "hand_over_token": uuid.uuid4(),
        "transfer_choices": texts.choices,
        "closed": form.closed if form is not None else None,
        "may_name_targets": request.actor.may(Permission.MANAGE_TRANSFER_TARGETS),
        "phrases": texts.phrases,
        "choices": manual_resolution.choices(call),
        "blocking_reason": commands.blocking_reason(call),
    }


def _chosen(sent: str, action: action_command.SentAction | None) -> str:
    """Which of the tabs and actions is open."""
    if action and action.action and action.action.command != CommandType.END_CALL:
        return f"action-{action.key}"
    return sent if sent in composer.TABS else CommandType.INJECT_CONTEXT


def _cells(call: Call) -> dict[str, Any]:
    cells = limiter.command_quota(call.connection_id, call.pk)
    shapes = ["kept" if at >= cells.limit - cells.kept else "" for at in range(cells.limit)]
    back = f", next one back in {with_unit(f'{cells.back_in:.0f}', 's')}" if cells.used and cells.back_in else ""
    return {
        "cells": cells,
        "cell_shapes": ["spent" if at < cells.used else shape for at, shape in enumerate(shapes)],
        "quota_words": f"{cells.used} of {cells.limit} commands used this minute{back}.",
    }
