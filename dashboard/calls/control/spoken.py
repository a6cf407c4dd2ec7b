"""Which sentences of a transcript were spoken for which `say`: each sentence confirms one command only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from dashboard.calls.models import Receipt

Effect = Receipt.Effect
NOT_SPOKEN = "These words are not in the transcript of the call after this was sent."
MAYBE_OPENING = (
    "The assistant opened the call with these words. No transcript was known when this was sent, so whether it spoke "
    "them again for it is not known."
)
Message = Mapping[str, object]
Span = tuple[int, int, int]  # the index of a message, and where the words begin and end in it


def effects_of(says: Sequence[Receipt], messages: Sequence[Message], *, is_over: bool) -> Mapping[int, tuple[str, str]]:
    """Effect and note of each, by id of the receipt. Open until the words are found, or the whole transcript is known.

    The longest text chooses first: a short one is also found in the sentence that was spoken for a longer one. Of equal
    ones those choose first that VoiceDock accepted.
    """
    found: dict[int, tuple[str, str]] = {}
    taken: list[Span] = []
    for receipt in sorted(says, key=_order):
        first = _first_possible(receipt, messages)
        spans = [span for span in _spans(_wanted(receipt), messages) if not _overlaps(span, taken)]
        span = next((span for span in spans if span[0] >= first), None)
        if span:
            taken.append(span)
            found[receipt.pk] = (Effect.CONFIRMED, "")
        elif messages and is_over:
            is_opening = receipt.messages_before is None and bool(spans)
            found[receipt.pk] = (Effect.NOT_KNOWN, MAYBE_OPENING) if is_opening else (Effect.NOT_CONFIRMED, NOT_SPOKEN)
    return found


def _order(receipt: Receipt) -> tuple[int, bool, datetime, int]:
    return -len(_wanted(receipt)), receipt.outcome != Receipt.Outcome.ACCEPTED, receipt.asked_at, receipt.pk


def _first_possible(receipt: Receipt, messages: Sequence[Message]) -> int:
    """The first message that may have been spoken for this command: behind those that were known when it was sent.

    Where none was known, behind the opening: it is spoken when the person answers, and no command is sent before.
    """
    if receipt.messages_before is not None:
        return receipt.messages_before
    return 1 if messages and messages[0].get("role") == "assistant" else 0


def _spans(wanted: str, messages: Sequence[Message]) -> Iterator[Span]:
    """Where the assistant speaks these words, in the order of the conversation."""
    for index, message in enumerate(messages):
        text = _plain(message.get("content")) if wanted and message.get("role") == "assistant" else ""
        for match in re.finditer(f"(?={re.escape(wanted)})", text) if text else ():
            start, end = match.start(), match.start() + len(wanted)
            if not (_is_inside_word(text, start) or _is_inside_word(text, end)):
                yield index, start, end


def _is_inside_word(text: str, at: int) -> bool:
    """Between two letters or digits of one word. Scripts without case are written without spaces, or may be."""
    return 0 < at < len(text) and all(char.isdigit() or char != char.upper() for char in text[at - 1 : at + 1])


def _overlaps(span: Span, taken: Sequence[Span]) -> bool:
    return any(span[0] == other[0] and span[1] < other[2] and other[1] < span[2] for other in taken)


def _wanted(receipt: Receipt) -> str:
    return _plain(receipt.payload.get("content"))


def _plain(text: object) -> str:
    """As speech compares it: without case, punctuation and double spaces."""
    return " ".join("".join(char if char.isalnum() else " " for char in str(text or "").casefold()).split())
