"""Pages of a long list by key, newest first: `?before=<iso>_<id>` goes on where the last one ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import QueryDict

from dashboard.calls.models import Call
from dashboard.ui import date_fields

SIZE = 50


@dataclass(frozen=True)
class Page:
    """Rows of one page and the addresses of its neighbours, empty where there is none."""

    calls: list[Call]
    newer_url: str
    older_url: str


def page(calls: QuerySet[Call], asked: QueryDict, size: int = SIZE) -> Page:
    before, after = key_of(asked.get("before", "")), key_of(asked.get("after", ""))
    if after and not before:
        rows = list(newer_than(calls, *after).order_by("created_at", "id")[: size + 1])
        more, rows = len(rows) > size, rows[:size][::-1]
        if more or len(rows) == size:
            return Page(rows, _to(asked, "after", rows[0]) if more else "", _to(asked, "before", rows[-1]))
        before = None  # fewer than a page are newer: that is the first page
    wanted = older_than(calls, *before) if before else calls
    rows = list(wanted.order_by("-created_at", "-id")[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    newer = _to(asked, "after", rows[0]) if before and rows else (_first(asked) if before else "")
    return Page(rows, newer, _to(asked, "before", rows[-1]) if more else "")


def older_than(calls: QuerySet[Call], moment: datetime, pk: UUID) -> QuerySet[Call]:
    return calls.filter(Q(created_at__lt=moment) | Q(created_at=moment, pk__lt=pk))


def newer_than(calls: QuerySet[Call], moment: datetime, pk: UUID) -> QuerySet[Call]:
    return calls.filter(Q(created_at__gt=moment) | Q(created_at=moment, pk__gt=pk))


def key_of(text: str) -> tuple[datetime, UUID] | None:
    """None for a key that was not made here."""
    moment, _, pk = text.partition("_")
    found = date_fields.moment_of(moment)
    try:
        return (found, UUID(pk)) if found else None
    except ValueError:
        return None


def _to(asked: QueryDict, name: str, call: Call) -> str:
    there = _bare(asked)
    there[name] = f"{call.created_at.isoformat()}_{call.pk}"
    return f"?{there.urlencode()}"


def _first(asked: QueryDict) -> str:
    return f"?{_bare(asked).urlencode()}"


def _bare(asked: QueryDict) -> QueryDict:
    rest = asked.copy()
    rest.pop("before", None)
    rest.pop("after", None)
    return rest
