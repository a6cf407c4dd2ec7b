"""*Call now* for a later time, and for a call that is planned: what its form begins with, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied

from dashboard.calls.models import Call, PlannedCall
from dashboard.calls.placing import shown_rules
from dashboard.calls.placing.change_forms import initial_of
from dashboard.calls.placing.changes import Changes
from dashboard.calls.planned import by_hand, first_values, local_times, planning, queries
from dashboard.calls.planned.wish import Wish
from dashboard.calls.presets import book
from dashboard.calls.transient.one_time import VERSION
from dashboard.contact_rules.verdict import from_stored
from dashboard.ui import phone_numbers
from tenants import audit
from tenants.access.decorators import TenantRequest
from tenants.access.permissions import Permission
from tenants.isolation import scope

NOT_YOURS = "Whoever planned this call can change it, and managers. You can plan another one here."
PLANNED = "Planned: {person} at {time}. It is placed by itself then."


class PlanForm(Protocol):
    """The form of *Call now* (`calls.forms.PlaceForm`)."""

    cleaned_data: dict[str, Any]

    @property
    def is_for_later(self) -> bool: ...
    def wish(self) -> Wish: ...
    def intent(self) -> dict[str, Any]: ...
    def override(self) -> dict[str, Any]: ...


@scope.requires_scope
def initial(request: TenantRequest) -> dict[str, Any]:
    """Of the planned call that the address names, for those who may change it; else of a call now."""
    planned = queries.find(request.tenant, request.GET.get("planned", ""))
    refusal = _refusal(request, planned) if planned else ""
    if planned is None or refusal:
        if refusal:
            messages.warning(request, refusal)
        return first_values.initial_of_new(request.tenant, request.GET)
    may_read = request.actor.may(Permission.SEE_TRANSCRIPTS)
    if planned.changes and may_read:
        audit.record_once(
            request.user, request.tenant, "call.planned-changes-read", planned, counterpart=planned.destination
        )
    changes = Changes.from_json(planned.changes) if may_read else Changes()
    when = first_values.NOW if request.GET.get("when") == first_values.NOW else first_values.LATER
    return initial_of(changes) | first_values.initial_of(planned, when=when) | _facts(planned)


def submit(request: TenantRequest, form: PlanForm) -> Call | PlannedCall:
    """Plan the call of a valid form, change the planned one, or place that one now.

    Raises `intents.CallRefused` and `planning.PlanRefused`. Opens scopes of its own.
    """
    planned_id: UUID | None = form.cleaned_data.get("planned")
    if planned_id:
        _require_permission(request, planned_id)
        if not form.is_for_later:
            intent = form.intent() | form.override()
            by_rule = bool(form.cleaned_data.get("line_by_rule"))
            return by_hand.place(request.tenant, planned_id, by=request.user, line_by_rule=by_rule, **intent)
    anyway = bool(form.cleaned_data.get("plan_anyway"))
    wish = replace(form.wish(), **form.override())
    if planned_id:
        version = form.cleaned_data.get("planned_version") or 0
        planned = planning.change(request.tenant, planned_id, wish, version=version, by=request.user, anyway=anyway)
    else:
        token = form.cleaned_data["token"]
        planned = planning.plan(request.tenant, wish, token=token, by=request.user, anyway=anyway)
    words = {"person": phone_numbers.grouped(planned.destination)}
    words["time"] = local_times.day_words(planned.due_at, planned.zone)
    messages.success(request, PLANNED.format(**words))
    return planned


def _refusal(request: TenantRequest, planned: PlannedCall) -> str:
    if not planning.is_permitted(request.actor, planned):
        return NOT_YOURS
    if planned.state == PlannedCall.State.PLACING:
        return planning.BEING_PLACED
    return "" if planned.state in planning.CHANGEABLE else planning.IS_OVER


def _require_permission(request: TenantRequest, planned_id: UUID) -> None:
    with scope.for_tenant(request.tenant):
        planned = queries.find(request.tenant, planned_id)
    if planned is None or not planning.is_permitted(request.actor, planned):
        raise PermissionDenied


def _facts(planned: PlannedCall) -> dict[str, Any]:
    preset = book.with_name(planned.tenant, planned.preset_name)
    return {
        "number": planned.number_dedication_id,
        "line_by_rule": "1" if planned.line_by_rule else "",
        "assistant": planned.assistant_dedication_id,
        "version": planned.changes.get(VERSION),
        "destination": phone_numbers.grouped(planned.destination),
        "override_reason": planned.override_reason,
        "override_rules": shown_rules.to_field(from_stored(planned.overridden_rule), planned.destination),
        "token": by_hand.token_of_next(planned),
        "preset": preset.key if preset else "",
        "preset_name": preset.name if preset else "",
    }
