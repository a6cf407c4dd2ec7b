"""Pages of a long list by key, newest first: `?before=<key>` goes on where the last one ended, in constant time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict

from dashboard.ui import date_fields


@dataclass(frozen=True)
class Page:
    """Rows of one page and the addresses of its neighbours, empty where there is none."""

    rows: list[Any]
    newer_url: str
    older_url: str


def page(found: QuerySet[Any], asked: QueryDict, *, moment: str, size: int = 50) -> Page:
    """`moment` is a column that is never null; rows with the same are told apart by their number."""
    before, after = _key(asked.get("before", "")), _key(asked.get("after", ""))
    if after and not before:
        rows = list(found.filter(_beyond(moment, "gt", after)).order_by(moment, "pk")[: size + 1])
        if len(rows) >= size:
            more, rows = len(rows) > size, rows[:size][::-1]
            newer = _to(asked, "after", rows[0], moment) if more else ""
            return Page(rows, newer, _to(asked, "before", rows[-1], moment))
    wanted = found.filter(_beyond(moment, "lt", before)) if before else found
    rows = list(wanted.order_by(f"-{moment}", "-pk")[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    newer = (_to(asked, "after", rows[0], moment) if rows else f"?{_bare(asked).urlencode()}") if before else ""
    return Page(rows, newer, _to(asked, "before", rows[-1], moment) if more else "")


def _beyond(moment: str, side: str, key: tuple[datetime, int]) -> Q:
    at, pk = key
    return Q(**{f"{moment}__{side}": at}) | Q(**{moment: at, f"pk__{side}": pk})


def _key(text: str) -> tuple[datetime, int] | None:
    """None for a key that was not made here."""
    at, _, pk = text.partition("_")
    found = date_fields.moment_of(at)
    return (found, int(pk)) if found and pk.isascii() and pk.isdigit() and len(pk) <= 18 else None


def _to(asked: QueryDict, name: str, row: Any, moment: str) -> str:
    there = _bare(asked)
    there[name] = f"{getattr(row, moment).isoformat()}_{row.pk}"
    return f"?{there.urlencode()}"


def _bare(asked: QueryDict) -> QueryDict:
    rest = asked.copy()
    rest.pop("before", None)
    rest.pop("after", None)
    return rest
