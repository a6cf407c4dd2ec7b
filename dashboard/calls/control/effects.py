"""Confirm commands by later updates of their call: by its state or its transcript (`voicedock-api.md §4.1`).

What is stored as `Receipt.effect` is what every screen, figure and export says of a command and of who ended a call.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from django.utils import timezone

from dashboard.calls.control import end_causes, spoken
from dashboard.calls.models import Call, CallReport, Receipt, State
from dashboard.voicedock import CommandType
from tenants.isolation import scope

Effect, Outcome = Receipt.Effect, Receipt.Outcome
MAY_HAVE_ARRIVED = [Outcome.ACCEPTED, Outcome.UNKNOWN, Outcome.WAITING]
JUDGED = [CommandType.SAY, CommandType.TRANSFER, CommandType.END_CALL]
NOT_TRANSFERRED = "The call ended without having been transferred."
NO_ANSWER = "The call was transferred. VoiceDock did not answer this command, so whether it did that is not known."
SEVERAL = "The call was transferred. It was sent to several destinations, and VoiceDock does not say which one it took."


@scope.requires_scope
def confirm(call: Call, report: CallReport | None = None) -> bool:
    """Set the effect of each command from the call's state and transcript. Returns whether any receipt changed.

    All are judged anew each time, so that the order in which updates and answers come does not matter: a command that
    was not confirmed in time can still be, and a reason of the end that comes late can take a confirmation back.
    `report` where it is at hand. Context stays open: its use is never reported.
    """
    sent = list(Receipt.objects.filter(call_id=call.pk, outcome__in=MAY_HAVE_ARRIVED))
    judged = _judge(sent, call, report)
    changed = False
    for receipt in sent:
        effect, note = judged.get(receipt.pk, (Effect.OPEN, ""))
        if effect and (effect, note) != (receipt.effect, receipt.note):
            moment = call.ended_at or timezone.now()
            Receipt.objects.filter(pk=receipt.pk).update(effect=effect, effect_at=moment, note=note)
            changed = True
    return changed


@scope.requires_scope
def judged_calls(call_ids: Collection[UUID]) -> set[UUID]:
    """Which of these calls have commands that `confirm` judges."""
    sent = Receipt.objects.filter(call_id__in=call_ids, outcome__in=MAY_HAVE_ARRIVED, command__in=JUDGED)
    return set(sent.values_list("call_id", flat=True))


def _judge(sent: Sequence[Receipt], call: Call, report: CallReport | None) -> Mapping[int, end_causes.Judged]:
    """By id of the receipt; one that is left out is open."""
    judged: dict[int, end_causes.Judged] = {}
    says = [receipt for receipt in sent if receipt.command == CommandType.SAY]
    if says:
        report = report or CallReport.objects.filter(call_id=call.pk).first()
        judged |= spoken.effects_of(says, report.messages if report else [], is_over=call.finished)
    if not call.finished:
        return judged
    transfers = [receipt for receipt in sent if receipt.command == CommandType.TRANSFER]
    for receipt in transfers:
        judged[receipt.pk] = _effect_of_transfer(receipt, call, _accepted_destinations(transfers, call))
    for receipt in sent:
        if receipt.command == CommandType.END_CALL:
            judged[receipt.pk] = end_causes.effect_of_end_call(receipt, call)
    return judged


def _accepted_destinations(transfers: Sequence[Receipt], call: Call) -> Collection[str]:
    """Where the call may have been transferred to by commands that VoiceDock accepted."""
    accepted = [one for one in transfers if one.outcome == Outcome.ACCEPTED and not end_causes.ended_before(one, call)]
    return {str(one.payload.get("destination") or "") for one in accepted}


def _effect_of_transfer(receipt: Receipt, call: Call, accepted: Collection[str]) -> end_causes.Judged:
    """Of a call that is over. An assistant may also transfer by itself, with a tool of its own (`§8`)."""
    if call.state != State.TRANSFERRED:
        return Effect.NOT_CONFIRMED, NOT_TRANSFERRED
    if receipt.outcome == Outcome.WAITING:
        return Effect.OPEN, ""
    if end_causes.ended_before(receipt, call):
        return Effect.NOT_KNOWN, end_causes.BEFORE
    if receipt.outcome == Outcome.UNKNOWN:
        return Effect.NOT_KNOWN, NO_ANSWER
    return (Effect.CONFIRMED, "") if len(accepted) == 1 else (Effect.NOT_KNOWN, SEVERAL)
