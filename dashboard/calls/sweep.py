"""The sweep finishes what was interrupted: unsent calls, missing responses, and commands that were not confirmed.

`run` uses the database only, so that slow responses of VoiceDock cannot delay an alarm. `reconcile` sends requests to
VoiceDock, and runs in another queue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from django.db.models import F, Q
from django.db.models.functions import Now

from dashboard.calls.control import commands, effects
from dashboard.calls.models import END_IS_LATE, TRANSFER_IS_LATE, UNCERTAIN, UNSENT, WAITS, Alarm, Call, Receipt, State
from dashboard.calls.placing import claims, reconciliation, sending
from dashboard.calls.transitions import REFRESH_FIELDS, record_transition, tenant_id_of, transition
from dashboard.sync import runs
from dashboard.sync.models import Kind
from dashboard.voicedock import CommandType
from tenants.isolation import scope

log = structlog.get_logger()

LEFT_QUEUED = timedelta(seconds=3)
LEFT_ANSWERED = timedelta(seconds=5)
NO_ANSWER_TO_COMMAND = timedelta(seconds=60)  # longer than its one attempt may take
MOST = 100
T = TypeVar("T")
TOO_LATE = "It waited for two minutes and could not be sent. Nothing was dialed; call again if it is still wanted."
LOST_ANSWER = "VoiceDock’s answer to the request for this call did not reach us."
NO_ANSWER = "We were interrupted while sending this. It may have arrived; we will not send it again by ourselves."
STILL_TALKING = "The call has not been transferred so far."


def run() -> list[UUID]:
    """Run each part; several sweeps may run at once. Opens short scopes of its own.

    Returns the ids of queued calls to send, each in a task of its own, since a slow one must not delay the others.
    """
    for part in (
        ends_not_confirmed,
        answers_kept,
        answers_lost,
        commands_kept,
        commands_lost,
        transfers_not_confirmed,
    ):
        _isolated(part)
    return _isolated(queued) or []


def reconcile() -> None:
    """Search VoiceDock for calls of which it is unknown whether they were placed."""
    _isolated(reconciliation.run)


def queued() -> list[UUID]:
    """Queued calls that are due for sending; those that waited too long are refused."""
    now = Q(lease_until__lte=Now())
    for call in _calls(Q(state=State.QUEUED) & (Q(created_at__lt=Now() - WAITS) | Q(not_after__lte=Now()))):
        sending.refuse(call, claims.NOT_IN_TIME if claims.is_too_late(call) else TOO_LATE)
    fresh = Q(state=State.QUEUED, created_at__lt=Now() - LEFT_QUEUED, lease_until=None) | Q(state=State.QUEUED) & now
    return [call.pk for call in _calls(fresh)]


def answers_kept() -> None:
    """Apply responses that were stored, but not applied before their process died."""
    kept = Q(answered_at__isnull=False, placed_at=None)
    left = Q(answered_at__lt=Now() - LEFT_ANSWERED) | Q(lease_until__lt=Now())
    for call in _calls(kept & left & Q(state__in=[*UNSENT, *UNCERTAIN])):
        sending.apply_answer(call)


def answers_lost() -> None:
    """Mark calls unknown whose process died while it waited for the response."""
    for call in _calls(Q(state=State.SENDING, lease_until__lt=Now(), answered_at=None)):
        sending.mark_unknown(call, LOST_ANSWER)


def commands_kept() -> None:
    """Record the outcome of commands whose process died before it wrote the audit entry."""
    settled = ~Q(outcome=Receipt.Outcome.WAITING)
    for receipt in _receipts(settled & Q(answered_at__lt=Now() - LEFT_ANSWERED, recorded_at=None)):
        commands.record(receipt)


@scope.opens_scope
def commands_lost() -> None:
    """Mark commands unknown whose process died while it waited for the response."""
    for receipt in _receipts(Q(outcome=Receipt.Outcome.WAITING, asked_at__lt=Now() - NO_ANSWER_TO_COMMAND)):
        with scope.for_tenant(receipt.tenant_id):
            open_receipt = Receipt.objects.filter(pk=receipt.pk, outcome=Receipt.Outcome.WAITING)
            if open_receipt.settle(Receipt.Outcome.UNKNOWN, NO_ANSWER, answered_at=Now(), recorded_at=Now()):
                _record_transition(receipt, "call.command-given-up")


@scope.opens_scope
def ends_not_confirmed() -> None:
    """Raise the alarm for calls that go on after an end-call: within 15 s, whatever the receipt says."""
    for call in _calls(Q(end_asked_at__lt=Now() - END_IS_LATE, end_late_at=None)):
        with scope.for_tenant(tenant_id_of(call)):
            late = Call.objects.select_for_update(of=("self",)).filter(pk=call.pk, end_late_at=None).first()
            if late is None:
                continue
            # an alarm that was raised before stays: pages show the late end beside it
            alarm: dict[str, Any] = {} if late.alarm else {"alarm": Alarm.END_NOT_CONFIRMED, "alarm_at": Now()}
            transition(call, [call.state], "call.end-not-confirmed", end_late_at=Now(), **alarm)
        runs.mark_due(call.connection_id, Kind.LIVE_CALLS)


@scope.opens_scope
def transfers_not_confirmed() -> None:
    """Mark late transfers as not confirmed; a transfer that happens later is still confirmed."""
    open_ones = Q(command=CommandType.TRANSFER, effect="", note="", outcome=Receipt.Outcome.ACCEPTED)
    for receipt in _receipts(open_ones & Q(answered_at__lt=Now() - TRANSFER_IS_LATE)):
        with scope.for_tenant(receipt.tenant_id):
            open_receipt = Receipt.objects.filter(pk=receipt.pk, effect=Receipt.Effect.OPEN)
            if open_receipt.update(effect=Receipt.Effect.NOT_CONFIRMED, note=STILL_TALKING):
                _record_transition(receipt, "call.transfer-not-confirmed")


def _calls(which: Q) -> list[Call]:
    with scope.for_system("calls that are overdue"):
        calls = Call.objects.select_related("tenant", "connection").filter(which).order_by("created_at")
        return list(calls.filter(finished=False)[:MOST])


def _receipts(which: Q) -> Iterable[Receipt]:
    with scope.for_system("commands that are overdue"):
        return list(Receipt.objects.select_related("call__tenant").filter(which).order_by("asked_at")[:MOST])


def _record_transition(receipt: Receipt, action: str) -> None:
    call = receipt.call
    Call.objects.filter(pk=call.pk).update(version=F("version") + 1)
    call.refresh_from_db(fields=REFRESH_FIELDS)
    if call.finished:
        effects.confirm(call)
    record_transition(call, action, command=receipt.command)


def _isolated(part: Callable[[], T]) -> T | None:
    """Run one part; its failure is logged and does not stop the others. The next sweep runs it again."""
    try:
        return part()
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log.exception("sweep_failed", part=part.__name__)
        return None
