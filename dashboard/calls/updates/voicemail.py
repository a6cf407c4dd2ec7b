"""Whether a machine took the call instead of a person, and what says so.

VoiceDock has no status for it (`voicedock-api.md §5.4`): the end reason, the analysis, the transcript or the summary
may tell. Nothing is concluded from anything else; a call of which none of them speaks was taken by a person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.db.models import TextChoices


class Source(TextChoices):
    """What told that a machine took the call."""

    END_REASON = "end-reason", "the end reason"
    ANALYSIS = "analysis", "the analysis"
    TRANSCRIPT = "transcript", "the transcript"
    SUMMARY = "summary", "the summary"


MACHINE = re.compile(r"voice[\s_-]?mail|answering[\s_-]?machine|machine[\s_-]?detected|mailbox", re.IGNORECASE)
ANALYSIS_FIELD = re.compile(r"(?:is_?|reached_?|went_to_?)?(?:voice_?mail|answering_?machine|machine)(?:_?detected)?")
ANSWERED_BY = re.compile(r"answered_?by|outcome|result|call_?outcome|disposition")
GREETING = re.compile(  # how machines greet, in the languages of our clients
    r"(?:leave|record) (?:a|your) (?:\w+ )?message|after the (?:tone|beep)|mailbox is full"
    r"|you(?:'|’)ve reached the voice ?mail|boodschap in(?:spreken| te spreken)|spreek .{0,20}boodschap"
    r"|na de (?:piep|toon)|nachricht nach dem|nach dem (?:ton|signalton)|hinterlassen sie (?:eine|ihre) nachricht"
    r"|laissez (?:un|votre) message|après le bip|deje su mensaje|después de la señal|lasci(?:are)? un messaggio",
    re.IGNORECASE,
)
SUMMARY = re.compile(
    r"(?:went|going|sent|forwarded) to (?:the |a )?voice ?mail"
    r"|(?:reached|hit|got|met|answered by) (?:\w+ ){0,2}(?:voice ?mail|answering machine)"
    r"|(?:left|leaving) (?:a |the )?(?:voice ?mail|message on)",
    re.IGNORECASE,
)
FIRST_LINES = 3  # a machine greets at once; later somebody may speak of leaving a message


def source_of(
    end_reason: str, analysis: object, messages: list[dict[str, Any]], summary: str, *, direction: str
) -> str:
    """Which of them tells that a machine took the call, the surest first; "" for none, and for calls that came in."""
    if direction == "inbound":
        return ""
    if MACHINE.search(end_reason):
        return Source.END_REASON
    if isinstance(analysis, Mapping) and any(_tells(str(name), value) for name, value in analysis.items()):
        return Source.ANALYSIS
    heard = [str(line.get("content") or "") for line in messages if line.get("role") == "user"]
    if any(GREETING.search(text) for text in heard[:FIRST_LINES]):
        return Source.TRANSCRIPT
    return Source.SUMMARY if SUMMARY.search(summary) else ""


def _tells(name: str, value: object) -> bool:
    name = name.casefold()
    if value is True:
        return ANALYSIS_FIELD.fullmatch(name) is not None
    return isinstance(value, str) and ANSWERED_BY.fullmatch(name) is not None and MACHINE.search(value) is not None
