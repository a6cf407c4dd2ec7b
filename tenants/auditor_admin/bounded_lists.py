"""Lists of the auditors' admin take as long however many rows there are: counts, pages and searches are bounded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import DateTimeField, QuerySet
from django.utils import timezone

COUNTED = 1_000  # rows that a list counts and leads to; older ones are reached by its filters
SEARCHED = 10_000  # rows, the newest that the filters leave, in which a list looks for words
MONTHS = 24


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts and offers at most `COUNTED` rows; `is_capped` says whether there are more."""

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return int(rows[: COUNTED + 1].count())

    @property
    def is_capped(self) -> bool:
        return self._counted > COUNTED

    @cached_property
    def count(self) -> int:
        return min(self._counted, COUNTED)


def newest(queryset: QuerySet[Any]) -> tuple[QuerySet[Any], bool]:
    """The first `SEARCHED` rows in the order of the list, and whether there are others.

    Where a moment or a key comes first in that order, the newest first, by its value, so that its index is read as far
    as there and no further; rows that have the same value as the last one belong to them.
    """
    first = str(next(iter(queryset.query.order_by or queryset.model._meta.ordering or ["-pk"])))
    name = first.lstrip("-")
    if not (first.startswith("-") and _has_few_alike(queryset, name)):
        has_more = queryset.values("pk")[SEARCHED : SEARCHED + 1].exists()
        return (queryset.filter(pk__in=queryset.values("pk")[:SEARCHED]), True) if has_more else (queryset, False)
    last_and_next = list(queryset.values_list(name, flat=True)[SEARCHED - 1 : SEARCHED + 1])
    if len(last_and_next) < 2:
        return queryset, False
    return queryset.filter(**{f"{name}__gte": last_and_next[0]}), True


def _has_few_alike(queryset: QuerySet[Any], name: str) -> bool:
    """Whether a column has a value in each row, and hardly two the same."""
    model: Any = queryset.model
    *through, last = name.split("__")
    for step in through:
        model = model._meta.get_field(step).related_model
    field = model._meta.pk if last == "pk" else model._meta.get_field(last)
    return not field.null and (field.primary_key or isinstance(field, DateTimeField)) and not field.is_relation


def month_filter(field: str) -> type[admin.SimpleListFilter]:
    """The months of the last two years, by the calendar: which of them have rows is not looked up."""

    class MonthFilter(admin.SimpleListFilter):
        title, parameter_name = "month", f"{field}_month"

        def lookups(self, request: Any, model_admin: Any) -> Iterable[tuple[str, str]]:
            first = timezone.localdate().replace(day=1)
            for _ in range(MONTHS):
                yield f"{first:%Y-%m}", f"{first:%B %Y}"
                first = (first - timedelta(days=1)).replace(day=1)

        def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
            if (value := self.value()) is None:
                return queryset
            if value not in {key for key, _ in self.lookup_choices}:
                return queryset.none()
            year, month = map(int, value.split("-"))
            return queryset.filter(
                **{f"{field}__gte": _start(year, month), f"{field}__lt": _start(year + month // 12, month % 12 + 1)}
            )

    return MonthFilter


def _start(year: int, month: int) -> datetime:
    return timezone.make_aware(datetime.combine(date(year, month, 1), datetime.min.time()))
