"""The line below a person in the list of calls: the summary, or the sentence that a search found, its words marked."""

from __future__ import annotations

import re

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from dashboard.calls import labels
from dashboard.calls.history import search
from dashboard.calls.models import Call, State

BEFORE, LONGEST = 40, 160  # characters: shown before the words that were found, and of a line in all
SUMMARIES_READ = "calls.summaries-read"  # the action in the audit trail, recorded once an hour for each client
NO_REASON = "VoiceDock gives no reason"


def of(call: Call, *, with_words: bool, text: str = "") -> SafeString:
    """`with_words`: for those who may read transcripts; others see why a call failed, and nothing of what was said.

    `text` is what was searched for. Needs `queries.with_summary`, and for a search `search.with_sentence`.
    """
    if not with_words:
        return conditional_escape(_reason(call))
    if text and (found := getattr(call, "sentence", None)):
        role, content = found
        return format_html("{}: <q>{}</q>", labels.SPEAKERS.get(role, "Person"), marked(content, text))
    summary = _summary(call)
    if text and _pattern(text).search(summary):
        return format_html("Summary: {}", marked(summary, text))
    return conditional_escape(_shortened(summary) or _reason(call))


def has_words(call: Call) -> bool:
    """Whether the line holds what was said, or what was made of it."""
    return bool(getattr(call, "sentence", None) or _summary(call))


def marked(content: str, text: str) -> SafeString:
    """The part of a text around what was searched for, with each occurrence marked: `…I take <mark>blood</mark>…`."""
    plain = _one_line(content)
    pattern = re.compile(re.escape(_one_line(text)) + r"\w*", re.IGNORECASE)  # to the end of the word
    pattern = pattern if pattern.search(plain) else _pattern(text)
    if (first := pattern.search(plain)) is None:
        return conditional_escape(_shortened(plain))
    start = _word_start(plain, first.start() - BEFORE)
    shown, at, parts = plain[start : start + LONGEST], 0, []
    for found in pattern.finditer(shown):
        parts.append(format_html("{}<mark>{}</mark>", shown[at : found.start()], found[0]))
        at = found.end()
    before, after = "…" if start else "", "…" if start + LONGEST < len(plain) else ""
    return format_html("{}{}{}{}", before, mark_safe("".join(parts)), shown[at:], after)  # the parts are escaped


def _pattern(text: str) -> re.Pattern[str]:
    """The words of a search, each where it begins a word."""
    words = sorted(search.words_of(text), key=len, reverse=True)
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(words)})\w*" if words else r"(?!)", re.IGNORECASE)


def _word_start(text: str, near: int) -> int:
    """Where a word begins, at this place or after it, so that no half word is shown."""
    return 0 if near <= 0 else text.find(" ", near) + 1


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rsplit(' ', 1)[0]}…"


def _summary(call: Call) -> str:
    report = getattr(call, "report", None)
    return _one_line(report.summary) if report else ""


def _reason(call: Call) -> str:
    """Why there was no conversation, in words that are no part of one."""
    return call.error or (NO_REASON if call.state == State.FAILED else "")


def _one_line(text: str) -> str:
    return " ".join(text.split())
