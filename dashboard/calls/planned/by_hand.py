"""Place a planned call now, by a person's press: it is taken out of the plan first, so that it is placed once."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from django.db.models.functions import Now

from dashboard.calls import queries
from dashboard.calls.models import Call, PlannedCall
from dashboard.calls.placing import intents
from dashboard.calls.planned import planning, run
from tenants.isolation import scope
from tenants.models import Tenant, User


def token_of_next(planned: PlannedCall) -> UUID:
    """Of the form that places it now: the same in every tab, so that two presses are one call."""
    return uuid5(planned.token, f"attempt {planned.attempt + 1}")


def place(tenant: Tenant, planned_id: UUID, *, by: User, token: UUID, **intent: Any) -> Call:
    """As `intents.place`. Raises `planning.PlanRefused` besides, and `PlannedCall.DoesNotExist`."""
    planned, before = _take(tenant, planned_id, token)
    if planned is None:
        with scope.for_tenant(tenant):
            return queries.by_token(tenant, token)  # type: ignore[return-value]  # `_take` has seen it
    try:
        call = intents.place(tenant, by=by, token=token, **intent)
    except intents.CallRefused:
        _give_back(planned, before)
        raise
    run.settle(planned, call)
    return call


@scope.opens_scope
def _take(tenant: Tenant, planned_id: UUID, token: UUID) -> tuple[PlannedCall | None, str]:
    """The row and the state that it had; None where this form has placed the call before."""
    with scope.for_tenant(tenant):
        planned = planning.locked(tenant, planned_id)
        if queries.by_token(tenant, token) is not None:
            return None, planned.state
        before = planned.state
        if before == PlannedCall.State.PLACING:
            raise planning.PlanRefused("", planning.BEING_PLACED)
        if before not in planning.CHANGEABLE or token != token_of_next(planned):
            raise planning.PlanRefused("", planning.IS_OVER)
        change = {"state": PlannedCall.State.PLACING, "try_at": Now() + run.LEASE, "attempt": planned.attempt + 1}
        planning.move(planned, [before], call=None, **change)
    return planned, before


@scope.opens_scope
def _give_back(planned: PlannedCall, before: str) -> None:
    with scope.for_tenant(planned.tenant_id):
        change = {"state": before, "try_at": planned.due_at, "attempt": planned.attempt - 1}
        planning.move(planned, [PlannedCall.State.PLACING], **change)
