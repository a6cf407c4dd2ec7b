"""The order of a timeline: by the times that are known, and where VoiceDock tells none by what is known otherwise.

Messages have the time at which they were first heard, and none when they came after the call (`§5.1`). Of those it is
known that they were spoken between the answer and the end, and in which order; a command stands before the message that
it caused, else behind the messages that were known when it was sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.calls import call_times
from dashboard.calls.history.entry import Entry
from dashboard.calls.models import Call, Receipt
from dashboard.voicedock.commands import CommandType

FIRST, TALK, AFTER = 0, 1, 2  # which of two at the same moment comes first


@dataclass(frozen=True)
class Step:
    rank: int
    entry: Entry
    at: datetime


def conversation(
    call: Call,
    shown: Sequence[tuple[int, Entry]],
    sent: Sequence[tuple[Receipt, Entry]],
    messages: Sequence[dict[str, str]],
) -> list[Step]:
    """Sentences and commands in one order. `shown` are the messages that are shown, with their index in `messages`."""
    began = call_times.answered_at(call) or call.created_at
    rows: list[Step] = []
    left = [(receipt, entry, _cause(receipt, messages)) for receipt, entry in sent]
    for index, entry in shown:
        before = [n for n, (receipt, _, cause) in enumerate(left, 1) if _is_before(call, receipt, cause, index, entry)]
        for receipt, command, _ in left[: max(before, default=0)]:
            rows.append(Step(TALK, command, receipt.asked_at))
            began = max(began, receipt.asked_at)
        left = left[max(before, default=0) :]
        began = max(began, entry.at or began)
        rows.append(Step(TALK, entry, began))
    return rows + [Step(TALK, command, receipt.asked_at) for receipt, command, _ in left]


def merged(steps: Sequence[Step], talk: Sequence[Step]) -> list[Entry]:
    """All of them; what happened at the same moment stays in the order in which it was given."""
    return [step.entry for step in sorted([*steps, *talk], key=lambda step: (step.at, step.rank))]


def _is_before(call: Call, receipt: Receipt, cause: int | None, index: int, entry: Entry) -> bool:
    """Whether a command is shown before the message with this index."""
    if entry.at:
        return receipt.asked_at <= entry.at
    if call.ended_at and receipt.asked_at > call.ended_at and receipt.effect != Receipt.Effect.CONFIRMED:
        return False
    if cause is not None:
        return cause <= index
    if receipt.messages_before is not None:
        return receipt.messages_before <= index
    # No message was known then. What may have been answered stands before its possible answer.
    return receipt.command in (CommandType.INJECT_CONTEXT, CommandType.SAY)


def _cause(receipt: Receipt, messages: Sequence[dict[str, str]]) -> int | None:
    """The index of the assistant's message that speaks the words of this command."""
    words = _plain(receipt.payload.get("message") or receipt.payload.get("content"))
    first = receipt.messages_before or 0
    for index, message in enumerate(messages[first:], first):
        if words and message.get("role") == "assistant" and words in _plain(message.get("content")):
            return index
    return None


def _plain(text: object) -> str:
    return " ".join(str(text or "").split()).casefold()
