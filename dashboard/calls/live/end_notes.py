"""What a live call is waiting for: its end that was asked for, or VoiceDock, which asked us to wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dashboard.calls.models import Call, Receipt, State
from dashboard.voicedock import CommandType

NEVER_SENT = "End call cannot be sent: VoiceDock’s id of this call is too long for Patchbay."
ONCE_KNOWN = "It is ended once VoiceDock has given its id of this call."
ONCE_ANSWERED = "It is ended once it is answered."
AGAIN = "We send it again by ourselves."
BEING_SENT = "End call is being sent."


@dataclass(frozen=True)
class EndNote:
    """`until` is when we try again by ourselves; `is_refused` where we do not."""

    words: str
    until: datetime | None = None
    is_refused: bool = False


def of(call: Call, last: Receipt | None) -> EndNote | None:
    """Of a live call, from the newest of its receipts; None where there is nothing to say."""
    if call.finished or call.needs_decision:
        return None
    if call.state == State.QUEUED and call.error:
        return EndNote(call.error, until=call.next_attempt_at)
    is_refused = last is not None and (last.command, last.outcome) == (CommandType.END_CALL, Receipt.Outcome.REFUSED)
    if last is not None and is_refused:
        return _of_refusal(call, last)
    if call.end_due_at is None or (last is not None and last.outcome == Receipt.Outcome.WAITING):
        return None
    if call.is_unreachable:
        return EndNote(NEVER_SENT, is_refused=True)
    if not call.is_answered:
        return EndNote(ONCE_ANSWERED)
    return EndNote(BEING_SENT if call.can_be_controlled else ONCE_KNOWN)


def _of_refusal(call: Call, receipt: Receipt) -> EndNote:
    if call.end_due_at is not None and call.is_answered:
        return EndNote(f"End call waits. {receipt.note} {AGAIN}", until=call.end_due_at)
    words = "VoiceDock refused End call." if receipt.sent_at else "End call was not sent."
    return EndNote(f"{words} {receipt.note}", is_refused=True)
