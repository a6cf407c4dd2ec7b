"""Place a planned call now, by a person's press: it is taken out of the plan first, so that it is placed once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from dashboard.calls import queries
from dashboard.calls.models import Call, PlannedCall
from dashboard.calls.placing import intents
from dashboard.calls.planned import planning, run
from dashboard.calls.planned.wish import Wish
from dashboard.calls.transient import placing as transient_placing
from dashboard.contact_rules.rules import Rule
from tenants.isolation import scope
from tenants.models import Tenant, User

State = PlannedCall.State
SAME_MOMENT = "Another call to this person is planned for the same time. Place that one, or cancel it first."
GIVEN_BACK = "back to what it was, since it could not be placed now"


@dataclass(frozen=True)
class Taken:
    """The row, with what is placed of it, and the columns that it had before."""

    planned: PlannedCall
    before: dict[str, Any]
    is_changed: bool


def token_of_next(planned: PlannedCall) -> UUID:
    """Of the form that places it now: the same in every tab, so that two presses are one call."""
    return uuid5(planned.token, f"attempt {planned.attempt + 1}")


def place(
    tenant: Tenant,
    planned_id: UUID,
    *,
    by: User,
    token: UUID,
    line_by_rule: bool = False,
    override_reason: str = "",
    known_rules: Collection[Rule] = (),
    **intent: Any,
) -> Call:
    """As `intents.place`, or `transient.placing.place`. Raises `planning.PlanRefused` and `PlannedCall.DoesNotExist`.

    The row gets what is placed before anything is sent: whoever finds it half done places that, and nothing older.
    """
    person = intents.callable_person(tenant, intent["destination"], by, override_reason, known_rules)
    intent |= {"destination": person.number, "override_reason": override_reason, "known_rules": known_rules}
    taken = _take(tenant, planned_id, token, by, intent | {"line_by_rule": line_by_rule})
    try:
        place_now = transient_placing.place if intent.get("one_time") else intents.place
        call = place_now(tenant, by=by, token=token, of_plan=taken.planned if taken else None, **intent)
    except intents.CallRefused:
        if taken is not None:
            _give_back(taken, by)
        raise
    if taken is not None:
        run.settle(taken.planned, call)
    return call


@scope.opens_scope
def _take(tenant: Tenant, planned_id: UUID, token: UUID, by: User, intent: dict[str, Any]) -> Taken | None:
    """None where this form has placed a call before: the token leads to it."""
    with scope.for_tenant(tenant):
        planned = planning.locked(tenant, planned_id)
        if queries.by_token(tenant, token) is not None:
            return None
        if planned.state == State.PLACING:
            raise planning.PlanRefused("", planning.BEING_PLACED)
        if planned.state not in planning.CHANGEABLE:
            raise planning.PlanRefused("", planning.IS_OVER)
        if token != token_of_next(planned):
            raise planning.ChangedMeanwhile(planned)
        wish = Wish(**intent, due_at=planned.due_at, latest_at=planned.latest_at, zone=planned.zone)
        change = planning.facts(tenant, wish, by, at=timezone.now())
        changed = planning.differing(wish, change, planned)
        change |= {"state": State.PLACING, "attempt": planned.attempt + 1, "call": None}
        change |= {"changed_by": by} if changed else {}
        before = {name: getattr(planned, name) for name in change}
        if not _moved(planned, before["state"], change | {"try_at": Now() + run.LEASE}):
            raise planning.PlanRefused("destination", SAME_MOMENT)
        if changed:
            planning.record(planned, "call.plan-changed", by=by, what=", ".join(changed))
    return Taken(planned, before, bool(changed))


@scope.opens_scope
def _give_back(taken: Taken, by: User) -> None:
    """It is planned as it was before, unless a worker has found it half done and places it."""
    with scope.for_tenant(taken.planned.tenant_id):
        planned = planning.locked(taken.planned.tenant, taken.planned.pk)
        if planned.version != taken.planned.version:
            return
        change = taken.before | {"try_at": planned.due_at}
        if not _moved(planned, State.PLACING, change):  # another one was planned for that person and time meanwhile
            _moved(planned, State.PLACING, change | {"state": State.MISSED, "reason": SAME_MOMENT})
        if taken.is_changed:
            planning.record(planned, "call.plan-changed", by=by, what=GIVEN_BACK)


@scope.requires_scope
def _moved(planned: PlannedCall, came_from: str, change: dict[str, Any]) -> bool:
    """False when another open one to this person has the very same time."""
    try:
        with transaction.atomic():
            return planning.move(planned, [came_from], **change)
    except IntegrityError:
        return False
