"""What came of a call: what its analysis says, else what its state says.

VoiceDock has no field for it: an assistant's `analysis_plan` has a schema of its own (`voicedock-api.md §8`), so the
usual names of such a field are read, and a value that nobody foresaw is shown in its own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Case, F, Q, Value, When

from dashboard.voicedock.states import CallState

FIELDS = ("outcome", "call_outcome", "result", "disposition")
NOT_TO_BE_CALLED = re.compile(r"(?:do_?not_?call|opt(?:ed)?_?out|unsubscribe)")
CALL_BACK, DO_NOT_CALL, UNFINISHED = "call_back", "do_not_call", "unfinished"
PLAIN_BAR = "plain"  # of a neutral outcome, and of one that is not known
MOST = 40  # characters of an outcome
SAME: dict[str, str] = {  # other usual names of an outcome
    "appointment_booked": "booked",
    "rescheduled": "moved",
    "callback": "call_back",
    "call_back_requested": "call_back",
    "callback_requested": "call_back",
    "not_interested": "declined",
    "no_answer": "not_reached",
    "incomplete": UNFINISHED,
    "opt_out": DO_NOT_CALL,
    "opted_out": DO_NOT_CALL,
    "answering_machine": "voicemail",
}


@dataclass(frozen=True)
class Outcome:
    """`tone` is a modifier of `.outcome` in components.css: good, todo (a person acts), wrong, or "" (neutral)."""

    slug: str
    label: str
    tone: str
    icon: str

    @property
    def bar(self) -> str:
        """The class of its bar in every ranking (`.ranks` in components.css)."""
        return self.tone or PLAIN_BAR


KNOWN = {
    outcome.slug: outcome
    for outcome in (
        Outcome("answered", "Answered", "", "yes"),
        Outcome(CALL_BACK, "Call back", "todo", "callback"),
        Outcome("declined", "Declined", "", "no"),
        Outcome(DO_NOT_CALL, "Do not call", "wrong", "ban"),
        Outcome(UNFINISHED, "Unfinished", "", "clock"),
        Outcome("wrong_number", "Wrong number", "", "missed"),
        Outcome("transferred", "Transferred", "good", "transfer"),
        Outcome("voicemail", "Voicemail", "", "voicemail"),
        Outcome("not_reached", "Not reached", "", "missed"),
        Outcome("failed", "Failed", "wrong", "alert"),
        Outcome("refused", "Refused", "wrong", "ban"),
        Outcome("taken_back", "Taken back", "", "undo"),
        Outcome("no_credit", "No credit left", "wrong", "alert"),
        Outcome("lost", "Not certain", "wrong", "alert"),
        Outcome("no_outcome", "No outcome", "", "info"),
    )
}
NOBODY_REACHED = (
    "voicemail",
    "not_reached",
    "failed",
    "refused",
    "taken_back",
    "no_credit",
    "lost",
)  # left out of shares of people
# Whole words of a value whose underscores are spaces: "absent" is not "sent", "november" is not "no".
CALENDAR_WORDS = "booked|rebooked|moved|planned|appointments?|scheduled|rescheduled"
GOOD_WORDS = f"{CALENDAR_WORDS}|accepted|confirmed|agreed|interested|registered|received|sent|paid|sold"
NEGATIONS = "not|no|never|nothing|nobody|without|cannot|[a-z]*n t|cancell?ed|declined|refused"
FOR_THE_CALENDAR = re.compile(rf"\b(?:{CALENDAR_WORDS})\b")
GOOD = re.compile(rf"\b(?:{GOOD_WORDS})\b")
NEGATED = re.compile(rf"\b(?:{NEGATIONS}|(?:un|dis|non) ?(?:{GOOD_WORDS}))\b")


def from_analysis(analysis: object) -> str:
    """The outcome that an analysis holds, as a slug; "" when it has none, or has it in a form we cannot read."""
    if not isinstance(analysis, Mapping):
        return ""
    values = {str(name).casefold(): value for name, value in analysis.items()}
    if any(value is True and NOT_TO_BE_CALLED.fullmatch(name) for name, value in values.items()):
        return DO_NOT_CALL
    for name in FIELDS:
        value = values.get(name)
        if isinstance(value, str) and value.strip():
            slug = re.sub(r"[^\w]+", "_", value.casefold()).strip("_")[:MOST].strip("_")
            return SAME.get(slug, slug)
    return ""


def read(slug: str) -> Outcome:
    """Label, tone and icon of an outcome."""
    if slug in KNOWN:
        return KNOWN[slug]
    words = slug.replace("_", " ").strip()
    is_good = GOOD.search(words) is not None and NEGATED.search(words) is None
    icon = "booked" if is_good and FOR_THE_CALENDAR.search(words) else "yes" if is_good else "info"
    return Outcome(slug, words[:1].upper() + words[1:], "good" if is_good else "", icon)


def expression() -> Case:
    """The outcome of a call by its columns; "" while it is live."""
    by_state = {
        "refused": [CallState.REFUSED.value, CallState.REJECTED.value],
        "no_credit": [CallState.INSUFFICIENT_CREDITS.value],
        "not_reached": [CallState.FAILED.value],
        "lost": [CallState.LOST.value],
    }
    return Case(
        When(finished=False, then=Value("")),
        When(state=CallState.REFUSED.value, end_asked_at__isnull=False, then=Value("taken_back")),
        *(When(state__in=states, then=Value(slug)) for slug, states in by_state.items()),
        When(~Q(machine_source=""), then=Value("voicemail")),
        When(state=CallState.TRANSFERRED.value, then=Value("transferred")),
        When(~Q(analysis_outcome=""), then=F("analysis_outcome")),
        When(state=CallState.ENDED_WITH_ERROR.value, then=Value("failed")),
        default=Value("no_outcome"),
    )
