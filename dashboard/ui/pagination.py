"""Pages of a long list by key, newest first: `?before=<key>` goes on where the last one ended, in constant time.

A key is the moment of a row and its primary key, so that rows of the same moment are neither repeated nor left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

from dashboard.ui import date_fields

SIZE = 50
M = TypeVar("M", bound=Model)
Key = tuple[datetime, Any]


@dataclass(frozen=True)
class Page:
    """Rows of one page and the addresses of its neighbours, empty where there is none."""

    rows: list[Any]
    newer_url: str
    older_url: str


def page(
    found: QuerySet[Any, Any],
    query: QueryDict,
    *,
    moment: str = "created_at",
    size: int | None = None,
    read: Callable[[Any], Any] | None = None,
) -> Page:
    """`moment` is a column that is never null; `query` is that of the request.

    `read` makes something of each row of a queryset of values; it has to have the moment and `pk`.
    """
    size, read = size or SIZE, read or _unchanged
    before, after = _key(found, query.get("before", "")), _key(found, query.get("after", ""))
    if after and not before:
        rows = list(map(read, found.filter(_beyond(moment, "gt", after)).order_by(moment, "pk")[: size + 1]))
        if len(rows) >= size:  # fewer than a page are newer: that is the first page
            more, rows = len(rows) > size, rows[:size][::-1]
            newer = _url(query, "after", rows[0], moment) if more else ""
            return Page(rows, newer, _url(query, "before", rows[-1], moment))
    rows = list(map(read, _newest_first(found, before, moment)[: size + 1]))
    more, rows = len(rows) > size, rows[:size]
    newer = (
        (_url(query, "after", rows[0], moment) if rows else f"?{_without_keys(query).urlencode()}") if before else ""
    )
    return Page(rows, newer, _url(query, "before", rows[-1], moment) if more else "")


def _unchanged(row: Any) -> Any:
    return row


def key_of(found: QuerySet[Any], query: QueryDict) -> Key | None:
    """Before which the page of this address begins."""
    return _key(found, query.get("before", ""))


def url_before(query: QueryDict, key: Key) -> str:
    """The page that begins after this key."""
    return _url_at(query, "before", key)


def in_chunks(
    found: QuerySet[M], size: int, open_scope: Callable[[], AbstractContextManager[None]], *, moment: str = "created_at"
) -> Iterator[list[M]]:
    """All rows, newest first, each chunk read in a scope of its own: for exports, which last long."""
    last: Key | None = None
    while True:
        with open_scope():
            rows = list(_newest_first(found, last, moment)[:size])
        yield rows
        if len(rows) < size:
            return
        last = (getattr(rows[-1], moment), rows[-1].pk)


def _newest_first(found: QuerySet[M], before: Key | None, moment: str) -> QuerySet[M]:
    wanted = found.filter(_beyond(moment, "lt", before)) if before else found
    return wanted.order_by(f"-{moment}", "-pk")


def _beyond(moment: str, side: str, key: Key) -> Q:
    """The bound comes first: PostgreSQL cannot begin to read an index at an OR, and would read all rows before it."""
    at, pk = key
    bound = Q(**{f"{moment}__{side}e": at})
    return bound & (Q(**{f"{moment}__{side}": at}) | Q(**{moment: at, f"pk__{side}": pk}))


def _key(found: QuerySet[Any], text: str) -> Key | None:
    """None for a key that was not made here."""
    at, _, pk = text.partition("_")
    moment, field = date_fields.moment_of(at), found.model._meta.pk
    if moment is None or not (pk.isascii() and pk.replace("-", "").isalnum()) or len(pk) > 36:
        return None
    try:
        value = field.to_python(pk)
        field.run_validators(value)
    except ValidationError:
        return None
    return (moment, value)


def _url(query: QueryDict, name: str, row: Any, moment: str) -> str:
    return _url_at(query, name, (getattr(row, moment), row.pk))


def _url_at(query: QueryDict, name: str, key: Key) -> str:
    rest = _without_keys(query)
    rest[name] = f"{key[0].isoformat()}_{key[1]}"
    return f"?{rest.urlencode()}"


def _without_keys(query: QueryDict) -> QueryDict:
    rest = query.copy()
    rest.pop("before", None)
    rest.pop("after", None)
    return rest
