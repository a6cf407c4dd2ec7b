"""Place a planned call whose time has come, exactly as a person places one, and record what became of it.

A worker may die at any step. The row says that it is being placed until a moment soon; whoever takes it then finds the
call by its token, if there is one, so that nobody is called twice.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from dashboard.calls import queries
from dashboard.calls.models import Call, PlannedCall
from dashboard.calls.models import State as CallState
from dashboard.calls.placing import claims, intents, sending
from dashboard.calls.placing.changes import Changes
from dashboard.calls.planned import due, planning, rights
from dashboard.calls.presets import book, filling
from dashboard.calls.transient import placing as transient_placing
from dashboard.calls.transient.one_time import OneTime
from dashboard.contact_rules.verdict import from_stored
from tenants.isolation import scope
from tenants.models import NumberDedication, Tenant, User

State = PlannedCall.State
LEASE = timedelta(seconds=90)  # longer than one task may take
AGAIN = due.TRIED_AGAIN
SHORTLY = timedelta(minutes=10)  # before its time: whoever was called then is not called by plan
LONGEST_CALL = timedelta(days=1)
NOT_IN_TIME = "Patchbay did not get to place it in its time."
LOOK_AGAIN = f"{intents.NOT_AS_SHOWN} Nothing was dialed."


def run(planned_id: UUID) -> None:
    """Any number of times, by anybody at once. Opens scopes of its own, but none during the request to VoiceDock."""
    planned = _take(planned_id)
    if planned is None:
        return
    with rights.attributed(planned.tenant, _person(planned)):
        if reason := rights.refusal(planned.tenant, _person(planned)):
            return _finish(planned, State.REFUSED, reason)
        try:
            call = _place(planned)
        except intents.NoLongerPlanned:
            return None  # whoever changed it, or took it next, has the last word
        except intents.CallRefused as error:
            return _not_now(planned, error)
        settle(planned, call)


@scope.opens_scope
def settle(planned: PlannedCall, call: Call) -> None:
    """Record what became of the call that it was made into; one that waits to be sent is looked at again soon."""
    with scope.for_tenant(planned.tenant_id):
        _settle(planned, call)


@scope.opens_scope
def _take(planned_id: UUID) -> PlannedCall | None:
    """The row, taken for placing by this worker alone; None when there is nothing left to do with it now."""
    with scope.for_system("a planned call is due"):
        found = PlannedCall.objects.filter(pk=planned_id).values_list("tenant", flat=True).first()
    if found is None:
        return None
    with scope.for_tenant(found):
        rows = PlannedCall.objects.select_for_update(skip_locked=True, of=("self",)).select_related(
            "tenant", "planned_by", "changed_by", "number_dedication"
        )
        waits, left = Q(state=State.PLANNED, due_at__lte=Now()), Q(state=State.PLACING, try_at__lte=Now())
        planned = rows.filter(waits | left, pk=planned_id).first()
        if planned is None:
            return None
        if call := queries.by_token(planned.tenant, planned.call_token):
            _settle(planned, call)
        elif planned.due_at > timezone.now():  # a person was about to place it, and was interrupted
            planning.move(planned, planning.PlannedCall.OPEN, state=State.PLANNED, try_at=planned.due_at)
        elif planned.latest_at <= timezone.now():
            _miss(planned)
        elif _was_called_meanwhile(planned):
            _move(planned, State.MISSED, claims.CALLED_MEANWHILE)
        elif planning.move(planned, PlannedCall.OPEN, state=State.PLACING, try_at=Now() + LEASE):
            return planned
    return None


def _person(planned: PlannedCall) -> User:
    """For whom it is placed: whoever said last what it is to be."""
    return planned.changed_by or planned.planned_by


def _place(planned: PlannedCall) -> Call:
    asked: dict[str, Any] = {
        "by": _person(planned),
        "number": _line(planned),
        "destination": planned.destination,
        "token": planned.call_token,
        "changes": Changes.from_json(planned.changes),
        "not_after": planned.latest_at,
        "override_reason": _override_reason(planned),
        "known_rules": from_stored(planned.overridden_rule),
        "of_plan": planned,
    }
    if planned.assistant_dedication_id is None:
        call, new = transient_placing.request(planned.tenant, one_time=OneTime.of_plan(planned), **asked)
    else:
        asked |= {"assistant": planned.assistant_dedication_id, "shown": planned.shown, "preset": planned.preset_name}
        call, new = intents.request(planned.tenant, **asked)
    return sending.attempt(call) if new else call


def _override_reason(planned: PlannedCall) -> str:
    """Why the contact rules that were known then refuse nothing, if who said so may still set them aside."""
    may_override = bool(planned.overridden_rule) and rights.may_override(planned.tenant, _person(planned))
    return planned.override_reason if may_override else ""


def _line(planned: PlannedCall) -> int:
    """The line that was shown when it was planned; where the rule chose it and it has ended, what the rule says now."""
    with scope.for_tenant(planned.tenant_id):
        if (
            planned.line_by_rule
            and not NumberDedication.objects.open().filter(pk=planned.number_dedication_id).exists()
        ):
            preset = book.with_name(planned.tenant, planned.preset_name)
            choice = filling.rule(planned.tenant, queries.lines(planned.tenant), preset)(planned.destination)
            return choice.line.pk if choice.line else planned.number_dedication_id
    return planned.number_dedication_id


def _not_now(planned: PlannedCall, error: intents.CallRefused) -> None:
    """What may pass by itself is tried again in its time; a person looks at what was shown differently."""
    if error.may_pass:
        with scope.for_tenant(planned.tenant_id):
            _again(planned, error.message)
    elif isinstance(error, intents.NotAsShown):
        _finish(planned, State.MISSED, LOOK_AGAIN)
    else:
        _finish(planned, State.REFUSED, error.message)


def _finish(planned: PlannedCall, state: str, reason: str) -> None:
    with scope.for_tenant(planned.tenant_id):
        _move(planned, state, reason)


def _settle(planned: PlannedCall, call: Call) -> None:
    if call.state in (CallState.QUEUED, CallState.SENDING):
        planning.move(planned, PlannedCall.OPEN, state=State.PLACING, call=call, try_at=Now() + AGAIN)
    elif call.state != CallState.REFUSED:
        if planning.move(planned, PlannedCall.OPEN, state=State.PLACED, call=call, reason=""):
            planning.record(planned, "call.plan-placed", person=str(planned.planned_by))
    elif call.was_taken_back:
        _move(planned, State.CANCELLED, call.error, call=call)
    elif call.sent_at is None:  # VoiceDock was certainly not asked
        _again(planned, call.error)
    else:
        _move(planned, State.REFUSED, call.error, call=call)


def _again(planned: PlannedCall, reason: str) -> None:
    """Wait for the next attempt, with a token of its own, or for a person when there is no time left."""
    if planned.latest_at <= timezone.now():
        _miss(planned, reason)
        return
    later = max(timezone.now() + AGAIN, planned.due_at)
    change = {"state": State.PLANNED, "call": None, "reason": reason[:500], "try_at": later}
    planning.move(planned, PlannedCall.OPEN, attempt=planned.attempt + 1, **change)


def _miss(planned: PlannedCall, reason: str = "") -> None:
    had_no_place = planned.reason == due.NO_PLACE
    kept, otherwise = ("", due.NO_PLACE_IN_TIME) if had_no_place else (planned.reason, NOT_IN_TIME)
    words = reason or kept or claims.blocking_reason(_tenant(planned)) or otherwise
    _move(planned, State.MISSED, words)


def _move(planned: PlannedCall, state: str, reason: str, **change: Any) -> None:
    if planning.move(planned, PlannedCall.OPEN, state=state, reason=reason[:500], **change):
        action = "call.plan-missed" if state == State.MISSED else "call.plan-refused"
        planning.record(planned, action, why=planned.reason)


def _was_called_meanwhile(planned: PlannedCall) -> bool:
    """Whether another call to this person left or lasted since its time came, or shortly before: a person decides.

    That one may be the one that was meant, and nobody is to be called again the moment they have hung up.
    """
    since = planned.due_at - SHORTLY
    calls = Call.objects.filter(
        tenant=planned.tenant_id, counterpart=planned.destination, origin=Call.Origin.PLACED
    ).filter(Q(sent_at__gte=since) | Q(ended_at__gte=since), created_at__gte=since - LONGEST_CALL)
    return calls.filter(finished=True).exclude(state=CallState.REFUSED).exists()


def _tenant(planned: PlannedCall) -> Tenant:
    return Tenant.objects.get(pk=planned.tenant_id)
