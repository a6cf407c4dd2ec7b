"""Find calls by what the list shows: numbers in any writing, SIP addresses, hidden callers, names, and words spoken."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from django.db.models import BooleanField, F, Func, JSONField, Q, Value

from dashboard.calls import leads
from dashboard.calls.models import CallQuerySet
from dashboard.calls.placing import destinations, number_text

HIDDEN = ("no number", "withheld", "anonymous", "hidden")  # what people type for a caller without a number
FEWEST_DIGITS = 3


class Spoken(Func):
    """Whether a pattern occurs in what somebody said, and never in the JSON that holds it."""

    template = "EXISTS (SELECT 1 FROM jsonb_array_elements(%(expressions)s))"
    arg_joiner = (
        ") AS spoken(message) WHERE spoken.message ->> 'role' IN ('assistant', 'user') "
        "AND spoken.message ->> 'content' ILIKE ("
    )
    output_field = BooleanField()


class FirstSpoken(Func):
    """Role and content of the first message in which a pattern occurs, as a JSON array; NULL where there is none."""

    template = (
        "(SELECT jsonb_build_array(spoken.message ->> 'role', spoken.message ->> 'content') "
        "FROM jsonb_array_elements(%(expressions)s) LIMIT 1)"
    )
    arg_joiner = Spoken.arg_joiner
    output_field = JSONField()


def with_sentence(calls: CallQuerySet, text: str) -> CallQuerySet:
    """`call.sentence` is what was said with this text in it; for those who may read transcripts."""
    return calls.annotate(sentence=FirstSpoken(F("report__messages"), Value(f"%{_escaped(text)}%")))


def matching(text: str, *, countries: Collection[str], words: bool) -> Q:
    """`countries` are where numbers are read without their country code; `words` lets it look into transcripts."""
    wish = leads.matching(text) | Q(counterpart__icontains=text)
    for digits in {digits for country in countries or [""] for digits in _numbers(text, country)}:
        wish |= Q(counterpart__contains=digits)
    if any(text.casefold() in name for name in HIDDEN) and len(text) >= FEWEST_DIGITS:
        wish |= Q(counterpart="")
    if words:
        wish |= Q(Spoken(F("report__messages"), Value(f"%{_escaped(text)}%"))) | Q(report__summary__icontains=text)
    return wish


def _numbers(text: str, country: str) -> Iterator[str]:
    """The number that is meant, and the digits as they are for a part of one."""
    try:
        yield destinations.read(text, country)
    except destinations.Ambiguous as error:
        yield from error.readings
    except destinations.NotCallable:
        pass
    typed = number_text.parse(text)
    digits = typed.digits.lstrip("0")
    if digits and not any(char.isalpha() for char in typed.text):
        yield digits


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)
