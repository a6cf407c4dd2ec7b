"""What a person decides where machines cannot know: a call that may have been placed, an alarm about a wrong line."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, F, Value, When
from django.db.models.functions import Now

from dashboard.calls.models import STOPS_DIALING, Alarm, AlarmClearing, Call, State
from dashboard.calls.transitions import SETTLED_ALARM, record_transition, tenant_id_of, transition
from dashboard.voicedock import states
from tenants import names
from tenants.access.decorators import staff_of
from tenants.errors import ActionRefused
from tenants.isolation import scope
from tenants.models import User

NOT_PLACED, IS_OVER, KEEP_LOOKING = "not-placed", "is-over", "keep-looking"
CHOICES = [
    (NOT_PLACED, "It was not placed. Let it go."),
    (KEEP_LOOKING, "Keep looking for it at VoiceDock."),
]
LOST_CHOICES = [
    (IS_OVER, "It is over. Close it here."),
    (KEEP_LOOKING, "Keep looking for it at VoiceDock."),
]
KNOWN = dict(CHOICES + LOST_CHOICES)
KNOWN_BY_NOW = "What became of this call is known by now. Nothing was changed."
STILL_LOOKING = "We are still looking for this call at VoiceDock. Wait until that has ended. Nothing was changed."
LONGEST_REASON = 300


class DecisionRefused(ActionRefused):
    """Nothing was decided."""


def decide(call: Call, choice: str, *, by: User) -> bool:
    """Say what became of a call that is not certain or lost; False when that has become known meanwhile.

    A call that turns up at VoiceDock after all is linked by itself, whatever was decided. To call the person anyway is
    a new call. Opens the scope of the call's tenant.
    """
    offered = dict(choices(call)) if call.state != State.UNKNOWN else {}
    if choice not in (offered or KNOWN):
        raise DecisionRefused("Choose one of the answers.")
    if blocking_reason(call, choice):
        return False
    if call.state == State.LOST:
        return _settle_lost(call, choice, by)
    with scope.for_tenant(tenant_id_of(call)):
        if choice == KEEP_LOOKING:
            return transition(
                call,
                [State.NEEDS_PERSON, State.UNKNOWN],
                "call.looked-again",
                by=by,
                state=State.UNKNOWN,
                state_at=Now(),
                lease_until=Now(),
                search_count=0,
                **SETTLED_ALARM,
            )
        return transition(
            call,
            [State.NEEDS_PERSON],
            "call.let-go",
            by=by,
            state=State.REFUSED,
            rank=states.rank(State.REFUSED),
            finished=True,
            state_at=Now(),
            lease_until=None,
            error=f"{by} decided that it was not placed.",
            **SETTLED_ALARM,
        )


def choices(call: Call) -> list[tuple[str, str]]:
    """The outcomes that a person can choose for this call now; none where VoiceDock decides."""
    if call.finished or call.state not in (State.LOST, State.NEEDS_PERSON, State.UNKNOWN):
        return []
    if call.state == State.UNKNOWN:
        return [choice for choice in CHOICES if choice[0] == KEEP_LOOKING]
    return LOST_CHOICES if call.state == State.LOST else CHOICES


def blocking_reason(call: Call, choice: str) -> str:
    """Why this choice is refused now, or ""."""
    if choice in dict(choices(call)):
        return ""
    return STILL_LOOKING if call.state == State.UNKNOWN and not call.finished else KNOWN_BY_NOW


def _settle_lost(call: Call, choice: str, by: User) -> bool:
    """Finish a lost call, or search for it again for the same time. Any other alarm stays."""
    kept = Case(When(alarm=Alarm.LOST, then=Value("")), default=F("alarm"))
    change: dict[str, Any] = {"alarm": kept, "lease_until": None}
    if choice == IS_OVER:
        change |= {"finished": True, "error": f"{by} decided that it is over. VoiceDock never reported its end."[:500]}
    else:
        change |= {"missing_since": None, "missed_at": None}
    with scope.for_tenant(tenant_id_of(call)):
        if Call.objects.filter(pk=call.pk, tenant_id=tenant_id_of(call), finished=True).exists():
            return False
        action = "call.lost-settled" if choice == IS_OVER else "call.looked-again"
        return transition(call, [State.LOST], action, by=by, **change)


@scope.opens_scope
def clear_alarm(call: Call, *, by: User, reason: str) -> bool:
    """Allow the client to dial again; for staff, with a reason. Opens the tenant's scope.

    Raises `DecisionRefused`; False when there is no such alarm any more.
    """
    reason = names.clean(reason)
    if staff_of(by) is None:
        raise DecisionRefused("Only your account team can clear this alarm.")
    if not reason:
        raise DecisionRefused("Write why dialing may go on.")
    if len(reason) > LONGEST_REASON:
        raise DecisionRefused(f"Keep it below {LONGEST_REASON} characters: these are {len(reason)}.")
    with scope.for_tenant(tenant_id_of(call)):
        now = Call.objects.select_related("tenant").select_for_update(of=("self",)).get(pk=call.pk)
        if now.alarm not in STOPS_DIALING:
            return False
        why, alarm_at = reason, now.alarm_at or now.created_at
        now.version += 1
        entry = record_transition(now, "call.wrong-number-cleared", by=by, why=why)
        AlarmClearing.objects.create(
            call=now, tenant_id=tenant_id_of(now), alarm_at=alarm_at, cleared_by=by, why=why, entry=entry
        )
        Call.objects.filter(pk=now.pk).update(alarm="", alarm_at=None, version=now.version)
        return True
