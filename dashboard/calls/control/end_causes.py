"""Whether the end of a call can be the work of a command that was sent into it.

VoiceDock never reports the outcome of a command (`voicedock-api.md §4.1`), and documents no reason of the end that
names one (`§5.4`). An accepted command is taken for the cause of an end that follows it and has no other cause.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from dashboard.calls import end_reasons, labels
from dashboard.calls.models import END_IS_LATE, UNCERTAIN, Call, Receipt, State
from dashboard.ui import states

EXPLAINS = timedelta(minutes=2)  # after the command: a goodbye of 1,000 characters is spoken in little more than one
CLOCKS_DIFFER = timedelta(seconds=30)  # ours and VoiceDock's, at most
BY_COMMAND: frozenset[str] = frozenset()  # reasons that name a command as the cause; no source documents any

HAS_ENDED = "The call has ended."
NO_ANSWER = f"{HAS_ENDED} VoiceDock did not answer this command, so whether it ended the call is not known."
NOT_REPORTED = "VoiceDock did not report how the call ended, so whether this command ended it is not known."
BEFORE = "By VoiceDock’s time the call had ended before this was sent."
MACHINE = (
    f"{HAS_ENDED} Voicemail or a machine took it, where the assistant may hang up by itself: whether this command "
    "ended it is not known."
)
OTHERWISE = f"{HAS_ENDED} VoiceDock gives another cause: {{cause}}. Whether this command worked is not known."
WENT_ON = f"{HAS_ENDED} VoiceDock gives another cause: {{cause}}."
WENT_ON_LONG = "The call went on for more than two minutes after this."
CAUSES: dict[str, str] = {State.ENDED_WITH_ERROR: "an error", State.TRANSFERRED: "it was transferred"}

Effect, Outcome = Receipt.Effect, Receipt.Outcome
Judged = tuple[str, str]  # the effect, and the note that says why


def effect_of_end_call(receipt: Receipt, call: Call) -> Judged:
    """What a call that is over shows of an end-call. Open while VoiceDock's answer to it may still come."""
    if receipt.outcome == Outcome.WAITING:
        return Effect.OPEN, ""
    if call.state in UNCERTAIN:
        return Effect.NOT_KNOWN, NOT_REPORTED
    if ended_before(receipt, call):
        return Effect.NOT_KNOWN, BEFORE
    if call.state == State.ENDED and call.end_reason in BY_COMMAND:
        return Effect.CONFIRMED, ""
    if receipt.outcome == Outcome.UNKNOWN:
        cause = other_cause(call)
        return Effect.NOT_KNOWN, OTHERWISE.format(cause=cause) if cause else NO_ANSWER
    return _effect_of_accepted(receipt, call)


def ended_before(receipt: Receipt, call: Call) -> bool:
    """Whether the call was over before the command was sent, which is then the cause of nothing.

    VoiceDock accepts commands for calls in progress only (`§4.1`): after its answer the two clocks may differ a little.
    """
    ended_at = _ended_at(call)
    margin = CLOCKS_DIFFER if receipt.outcome == Outcome.ACCEPTED else timedelta(0)
    return ended_at is not None and ended_at + margin < _sent_at(receipt)


def other_cause(call: Call) -> str:
    """What else ended the call, in words, as VoiceDock reports it; "" where it names no cause or may mean a command."""
    if call.state != State.ENDED:
        return CAUSES.get(call.state) or states.read(call.state)[1].lower()
    if call.error:
        return "an error"
    return labels.end_reason(call.end_reason) if end_reasons.names_other_cause(call.end_reason) else ""


def _effect_of_accepted(receipt: Receipt, call: Call) -> Judged:
    if cause := other_cause(call):
        if _went_on(receipt, call, END_IS_LATE):
            return Effect.NOT_CONFIRMED, WENT_ON.format(cause=cause)
        return Effect.NOT_KNOWN, OTHERWISE.format(cause=cause)
    if _went_on(receipt, call, EXPLAINS):
        return Effect.NOT_CONFIRMED, WENT_ON_LONG
    return (Effect.NOT_KNOWN, MACHINE) if call.machine_source else (Effect.CONFIRMED, "")


def _went_on(receipt: Receipt, call: Call, longer_than: timedelta) -> bool:
    """Whether the call went on after the command, by both clocks: VoiceDock's may be ahead of ours."""
    ended_at = _ended_at(call)
    return call.end_late_at is not None and ended_at is not None and ended_at - _sent_at(receipt) > longer_than


def _ended_at(call: Call) -> datetime | None:
    """By VoiceDock's clock; None where it has told no time at all."""
    at = call.ended_at or call.state_at
    return None if at.year == datetime.min.year else at


def _sent_at(receipt: Receipt) -> datetime:
    return receipt.sent_at or receipt.asked_at
