"""What nobody waits for any more: calls that a crash left unsent, answers that never came, commands not confirmed.

`run` touches the database only, so that nothing VoiceDock does can hold up an alarm; `ask` holds the part that sends
requests, and runs in another queue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import structlog
from django.db.models import F, Q
from django.db.models.functions import Now

from dashboard.calls.control import commands
from dashboard.calls.models import END_IS_LATE, UNCERTAIN, UNSENT, Alarm, Call, Receipt, State
from dashboard.calls.placing import reconciliation, sending
from dashboard.calls.transitions import READ_ANEW, owner, step, tell
from dashboard.sync import runs
from dashboard.sync.models import Kind
from dashboard.voicedock import CommandType
from tenants.isolation import scope

log = structlog.get_logger()

LEFT_QUEUED = timedelta(seconds=3)
LEFT_ANSWERED = timedelta(seconds=5)
NO_ANSWER_TO_COMMAND = timedelta(seconds=60)  # longer than its one attempt may take
NOT_TRANSFERRED = timedelta(seconds=30)
MOST = 100
T = TypeVar("T")
TOO_LATE = "It waited for two minutes and could not be sent. Nothing was dialed; call again if it is still wanted."
LOST_ANSWER = "The answer to this call’s request never came back to us."
NO_ANSWER = "We were interrupted while sending this. It may have arrived; we will not send it again by ourselves."
STILL_TALKING = "The call has not been transferred so far."


def run() -> list[UUID]:
    """Everything that is due, each part by itself; any number at once. Opens short scopes of its own.

    Returns queued calls that somebody has to send now: sending may take long, and one must not hold up the others.
    """
    for part in (
        ends_not_confirmed,
        answers_kept,
        answers_lost,
        commands_kept,
        commands_lost,
        transfers_not_confirmed,
    ):
        _by_itself(part)
    return _by_itself(queued) or []


def ask() -> None:
    """The part that asks VoiceDock: look for calls that may have been placed."""
    _by_itself(reconciliation.run)


def queued() -> list[UUID]:
    """Those that may leave now; the ones that waited too long are refused."""
    old, now = _calls(Q(state=State.QUEUED, created_at__lt=Now() - sending.WAITS)), Q(lease_until__lte=Now())
    for call in old:
        sending.refuse(call, TOO_LATE)
    fresh = Q(state=State.QUEUED, created_at__lt=Now() - LEFT_QUEUED, lease_until=None) | Q(state=State.QUEUED) & now
    return [call.pk for call in _calls(fresh)]


def answers_kept() -> None:
    """Answered, and whoever had the answer is gone before it was applied."""
    kept = Q(answered_at__isnull=False, placed_at=None)
    left = Q(answered_at__lt=Now() - LEFT_ANSWERED) | Q(lease_until__lt=Now())
    for call in _calls(kept & left & Q(state__in=[*UNSENT, *UNCERTAIN])):
        sending.apply_answer(call)


def answers_lost() -> None:
    """Sent, and whoever waited for the answer is gone."""
    for call in _calls(Q(state=State.SENDING, lease_until__lt=Now(), answered_at=None)):
        sending.lose(call, LOST_ANSWER)


def commands_kept() -> None:
    """Commands whose outcome is known and not in the audit trail yet: their sender is gone."""
    settled = ~Q(outcome=Receipt.Outcome.WAITING)
    for receipt in _receipts(settled & Q(answered_at__lt=Now() - LEFT_ANSWERED, recorded_at=None)):
        commands.record(receipt)


def commands_lost() -> None:
    """Receipts of commands whose sender is gone."""
    for receipt in _receipts(Q(outcome=Receipt.Outcome.WAITING, asked_at__lt=Now() - NO_ANSWER_TO_COMMAND)):
        with scope.for_tenant(receipt.tenant_id):
            mine = Receipt.objects.filter(pk=receipt.pk, outcome=Receipt.Outcome.WAITING)
            if mine.settle(Receipt.Outcome.UNKNOWN, NO_ANSWER, answered_at=Now(), recorded_at=Now()):
                _tell(receipt, "call.command-given-up")


def ends_not_confirmed() -> None:
    """Asked to end, and the call goes on: a person shall know within 15 s, whatever the receipt says."""
    for call in _calls(Q(end_asked_at__lt=Now() - END_IS_LATE, alarm="")):
        with scope.for_tenant(owner(call)):
            if not Call.objects.select_for_update(of=("self",)).filter(pk=call.pk, alarm="").exists():
                continue  # another alarm was raised meanwhile, and must not be covered
            step(
                call,
                [call.state],
                "call.end-not-confirmed",
                alarm=Alarm.END_NOT_CONFIRMED,
                alarm_at=Now(),
            )
        runs.mark_due(call.connection_id, Kind.LIVE_CALLS)


def transfers_not_confirmed() -> None:
    """The call may still be transferred later: then it is confirmed after all."""
    open_ones = Q(command=CommandType.TRANSFER, effect="", note="", outcome=Receipt.Outcome.ACCEPTED)
    for receipt in _receipts(open_ones & Q(answered_at__lt=Now() - NOT_TRANSFERRED)):
        with scope.for_tenant(receipt.tenant_id):
            mine = Receipt.objects.filter(pk=receipt.pk, effect=Receipt.Effect.OPEN)
            if mine.update(effect=Receipt.Effect.NOT_CONFIRMED, note=STILL_TALKING):
                _tell(receipt, "call.transfer-not-confirmed")


def _calls(which: Q) -> list[Call]:
    with scope.for_system("calls that are overdue"):
        calls = Call.objects.select_related("tenant", "connection").filter(which).order_by("created_at")
        return list(calls.filter(finished=False)[:MOST])


def _receipts(which: Q) -> Iterable[Receipt]:
    with scope.for_system("commands that are overdue"):
        return list(Receipt.objects.select_related("call__tenant").filter(which).order_by("asked_at")[:MOST])


def _tell(receipt: Receipt, action: str) -> None:
    call = receipt.call
    Call.objects.filter(pk=call.pk).update(version=F("version") + 1)
    call.refresh_from_db(fields=READ_ANEW)
    tell(call, action, command=receipt.command)


def _by_itself(part: Callable[[], T]) -> T | None:
    """One part that fails must not stop the others; it is due again at the next bell."""
    try:
        return part()
    except Exception:
        log.exception("sweep_failed", part=part.__name__)
        return None
