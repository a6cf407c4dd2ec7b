"""The line below a person in the list of calls: the summary, or the sentence that a search found, its words marked."""

from __future__ import annotations

import re
from typing import Any

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from dashboard.calls import labels
from dashboard.calls.history import search
from dashboard.calls.models import Call, State
from dashboard.ui import account_team

LONGEST = 160  # characters of a line in all
IN_SIGHT, LEAST = 36, 8  # characters up to the last word that was found, so that no width cuts it; before each at least
SUMMARIES_READ = "calls.summaries-read"  # the action in the audit trail, recorded once an hour for each client


def of(call: Call, *, reader: Any, with_words: bool, text: str = "") -> SafeString:
    """`with_words`: for those who may read transcripts; others see why a call failed, and nothing of what was said.

    `reader` is the actor who reads it, `text` what was searched for. Needs `queries.with_summary`, and for a search
    `search.with_sentence`.
    """
    if not with_words:
        return conditional_escape(_reason(call, reader))
    if text and (found := getattr(call, "sentence", None)):
        role, content = found
        return format_html("{}: <q>{}</q>", labels.SPEAKERS.get(role, "Person"), marked(content, text))
    summary = _summary(call)
    if text and _pattern(text).search(summary):
        return format_html("Summary: {}", marked(summary, text))
    return conditional_escape(_shortened(summary) or _reason(call, reader))


def has_words(call: Call) -> bool:
    """Whether the line holds what was said, or what was made of it."""
    return bool(getattr(call, "sentence", None) or _summary(call))


def marked(content: str, text: str) -> SafeString:
    """The parts of a text around what was searched for, with each occurrence marked: `…I take <mark>blood</mark>…`."""
    plain = _one_line(content)
    pattern = re.compile(re.escape(_one_line(text)) + r"\w*", re.IGNORECASE)  # to the end of the word
    pattern = pattern if pattern.search(plain) else _pattern(text)
    parts = _parts(plain, _first_of_each(pattern, plain, text))
    if not parts:
        return conditional_escape(_shortened(plain))
    before, after = "…" if parts[0][0] else "", "…" if parts[-1][1] < len(plain) else ""
    words = format_html_join(" … ", "{}", ((_with_marks(plain[start:end], pattern),) for start, end in parts))
    return format_html("{}{}{}", before, words, after)


def _first_of_each(pattern: re.Pattern[str], plain: str, text: str) -> list[re.Match[str]]:
    """Where each word of a search occurs first; where the text itself occurs, only that place."""
    found: dict[str, re.Match[str]] = {}
    words = search.words_of(text)
    for match in pattern.finditer(plain):
        found.setdefault(next((word for word in words if match[0].casefold().startswith(word)), ""), match)
    return list(found.values())


def _parts(plain: str, found: list[re.Match[str]]) -> list[tuple[int, int]]:
    """From where to where the text is shown: around each place, as near to it as leaves all of them in sight."""
    if not found:
        return []
    if found[-1].end() <= IN_SIGHT:
        return [(0, min(LONGEST, len(plain)))]
    around = max(LEAST, (IN_SIGHT - sum(len(match[0]) for match in found)) // (2 * len(found)))
    parts: list[tuple[int, int]] = []
    for match in found:
        start, end = _word_start(plain, match.start(), around), _word_end(plain, match.end(), around)
        if parts and start <= parts[-1][1]:
            start = parts.pop()[0]
        parts.append((start, end))
    start, end = parts.pop()
    left = max(0, LONGEST - sum(end - start for start, end in parts))
    return [*parts, (start, max(end, min(start + left, len(plain))))]


def _with_marks(shown: str, pattern: re.Pattern[str]) -> SafeString:
    at, parts = 0, []
    for found in pattern.finditer(shown):
        parts.append(format_html("{}<mark>{}</mark>", shown[at : found.start()], found[0]))
        at = found.end()
    return format_html("{}{}", mark_safe("".join(parts)), shown[at:])  # the parts are escaped


def _pattern(text: str) -> re.Pattern[str]:
    """The words of a search, each where it begins a word."""
    words = sorted(search.words_of(text), key=len, reverse=True)
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(words)})\w*" if words else r"(?!)", re.IGNORECASE)


def _word_start(text: str, at: int, around: int) -> int:
    """Where a word begins, at most so far before this place, so that no half word is shown where it can be helped."""
    near = at - around
    return 0 if near <= 0 else text.find(" ", near, at) + 1 or near


def _word_end(text: str, at: int, around: int) -> int:
    near = at + around
    return len(text) if near >= len(text) else max(at, text.rfind(" ", at, near + 1))


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rsplit(' ', 1)[0]}…"


def _summary(call: Call) -> str:
    report = getattr(call, "report", None)
    return _one_line(report.summary) if report else ""


def _reason(call: Call, reader: Any) -> str:
    """Why there was no conversation, in words that are no part of one."""
    return account_team.for_reader(labels.reason(call) if call.state == State.FAILED else call.error, reader)


def _one_line(text: str) -> str:
    return " ".join(text.split())
