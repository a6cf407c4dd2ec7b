"""Find calls by what the list shows: numbers in any writing, SIP addresses, hidden callers, names, and words spoken.

Each word of a search must begin a word of what was said, of the summary, or of the name of the person. The database's
function `calls_found` looks them up in an index (`CallSearch`); which rows it gives, the scope decides.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import OperationalError, connections, transaction
from django.db.models import BooleanField, F, Func, JSONField, Q, Value
from psycopg.errors import QueryCanceled

from dashboard.calls import leads
from dashboard.calls.models import CallQuerySet
from dashboard.calls.placing import destinations, number_text
from tenants.isolation import scope

HIDDEN = ("no number", "withheld", "anonymous", "hidden")  # what people type for a caller without a number
FEWEST_DIGITS = 3
MOST = 1_001  # calls that one search finds: more are counted as "more than 1,000", and paged to by key
MOST_NARROWED = 5_000  # where filters leave some of them out afterwards
PATIENCE = "4s"
FOUND = "SELECT call_id, created_at FROM public.calls_found(%s, %s, %s, %s, %s, %s, %s, %s, %s)"
Key = tuple[datetime, UUID]


class TooBroad(Exception):
    """The search took too long: it has to be narrowed."""


@dataclass(frozen=True)
class Wish:
    """A search. `client` narrows it to the calls of one client of the scope; None leaves all of the scope's.

    `with_words` lets it look into transcripts; in `countries` numbers are read without their country code.
    """

    text: str
    with_words: bool
    countries: Collection[str] = ()
    client: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    most: int = MOST


@dataclass(frozen=True)
class Found:
    """Ids of calls, newest first; `last` is the key to go on after, None when there are no more."""

    ids: list[UUID] = field(default_factory=list)
    last: Key | None = None


@scope.requires_scope
def find(wish: Wish, before: Key | None = None) -> Found:
    """Calls of the open scope, the newest that are older than `before`. Raises `TooBroad`."""
    at, pk = before or (None, None)
    if wish.until and (at is None or wish.until <= at):
        at, pk = wish.until, None
    numbers = sorted({digits for country in wish.countries or [""] for digits in _numbers(wish.text, country)})
    hidden = len(wish.text) >= FEWEST_DIGITS and any(wish.text.casefold() in name for name in HIDDEN)
    asked = [wish.text, wish.with_words, numbers, hidden, wish.client, wish.since, at, pk, wish.most]
    rows = _rows(asked)
    more = len(rows) == wish.most
    return Found([pk for pk, _ in rows], (rows[-1][1], rows[-1][0]) if more else None)


def _rows(asked: list[Any]) -> list[tuple[UUID, datetime]]:
    try:
        with transaction.atomic(scope.alias()), connections[scope.alias()].cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE}'")
            cursor.execute(FOUND, asked)
            rows: list[tuple[UUID, datetime]] = cursor.fetchall()
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
            return rows
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooBroad from error
        raise


def words_of(text: str) -> list[str]:
    """The words of a search as the index has them: letters and digits alone."""
    return re.findall(r"[^\W_]+", text.casefold())


def signs(text: str, *, words: bool) -> Q:
    """Narrows what was found to calls that also have what is no word and no number: `&` in `A & B`, `%` in `100 %`."""
    wish = Q()
    if any(char.isdigit() for char in text) and not any(char.isalpha() for char in text):
        return wish
    for sign in (part for part in text.split() if not words_of(part)):
        has_sign = leads.matching(sign) | Q(counterpart__contains=sign)
        if words:
            has_sign |= Q(Spoken(F("report__messages"), Value(f"%{_escaped(sign)}%"))) | Q(
                report__summary__contains=sign
            )
        wish &= has_sign
    return wish


class Spoken(Func):
    """Whether a pattern occurs in what somebody said, and never in the JSON that holds it."""

    template = "EXISTS (SELECT 1 FROM jsonb_array_elements(%(expressions)s))"
    arg_joiner = (
        ") AS spoken(message) WHERE spoken.message ->> 'role' IN ('assistant', 'user') "
        "AND spoken.message ->> 'content' ILIKE ("
    )
    output_field = BooleanField()


class BestSpoken(Func):
    """Role and content of the message that a search found, as a JSON array; NULL where there is none.

    Takes the messages, a pattern of the whole text, and an array of patterns of its words: a message with the whole
    text comes first, then the one with most of the words.
    """

    template = (
        "(SELECT jsonb_build_array(spoken.message ->> 'role', spoken.message ->> 'content') "
        "FROM (SELECT %(expressions)s) AS given(messages, whole, words), "
        "jsonb_array_elements(given.messages) WITH ORDINALITY AS spoken(message, nth), "
        "LATERAL (SELECT count(*) AS found FROM unnest(given.words::text[]) word "
        "WHERE spoken.message ->> 'content' ~* word) counted "
        "WHERE spoken.message ->> 'role' IN ('assistant', 'user') AND counted.found > 0 "
        "ORDER BY spoken.message ->> 'content' ILIKE given.whole DESC, counted.found DESC, spoken.nth LIMIT 1)"
    )
    output_field = JSONField()


def with_sentence(calls: CallQuerySet, text: str) -> CallQuerySet:
    """`call.sentence` is what was said with the words of this text in it; for those who may read transcripts."""
    patterns = "{" + ",".join(f'"\\\\m{word}"' for word in words_of(text)) + "}"
    return calls.annotate(sentence=BestSpoken(F("report__messages"), Value(f"%{_escaped(text)}%"), Value(patterns)))


def _numbers(text: str, country: str) -> Iterator[str]:
    """The digits of the number that is meant, and the digits as they are for a part of one."""
    readings: list[str] = []
    try:
        readings = [destinations.read(text, country)]
    except destinations.Ambiguous as error:
        readings = list(error.readings)
    except destinations.NotCallable:
        pass
    yield from (number.lstrip("+") for number in readings if re.fullmatch(r"\+?[0-9]+", number))
    typed = number_text.parse(text)
    digits = typed.digits.lstrip("0")
    if digits and not any(char.isalpha() for char in typed.text):
        yield digits


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)
