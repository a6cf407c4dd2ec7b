"""How many calls of each outcome each day had, for the headings and chips of the list: one bounded query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import BooleanField, Count, ExpressionWrapper, F, QuerySet
from django.db.models.functions import TruncDate

from dashboard.calls import outcomes
from dashboard.calls.models import REACHED, Call, CallQuerySet
from tenants.isolation import scope

MOST = 10_000  # calls; of more nothing is counted, and headings and chips go without figures
CHIPS = 6
NOT_OFFERED = ("", "no_outcome")  # of live calls, and of those of which nothing is known
CONTENT = {
    "day": F("day"),
    "outcome": F("outcome"),
    "is_reached": F("is_reached"),
    "count": Count("pk"),
}  # of `grouped`


@dataclass
class DayCounts:
    """`by_day` counts the finished calls of each day by outcome, `reached` those in which a person was reached.

    Both are empty where there are more than `MOST`, which `is_too_many` says.
    """

    by_day: dict[date, Counter[str]] = field(default_factory=dict)
    reached: Counter[date] = field(default_factory=Counter)
    is_too_many: bool = False

    def of(self, day: date) -> Counter[str]:
        return self.by_day.get(day, Counter())

    def by_outcome(self) -> Counter[str]:
        return sum(self.by_day.values(), Counter())

    def offered(self) -> list[tuple[outcomes.Outcome, int]]:
        """The outcomes to narrow the list to: good ones first, then what asks for somebody, then the most frequent."""
        order = {"good": 0, "todo": 1}
        found = [(outcomes.read(slug), count) for slug, count in self.by_outcome().items() if slug not in NOT_OFFERED]
        found.sort(key=lambda pair: (order.get(pair[0].tone, 2), -pair[1], pair[0].slug))
        return found[:CHIPS]


@scope.requires_scope
def count(calls: CallQuerySet, zone: ZoneInfo) -> DayCounts:
    """Counts the finished ones of `calls`, which the caller has narrowed to a period; nothing of more than `MOST`."""
    rows = grouped(calls, zone).values_list("day", "outcome", "is_reached").annotate(count=Count("pk"))
    return _collected(rows)


def grouped(calls: CallQuerySet, zone: ZoneInfo) -> QuerySet[Any]:
    """The newest finished ones of `calls`, by day, outcome and whether a person was reached."""
    newest = calls.filter(finished=True).order_by("-created_at", "-id").values("pk")[: MOST + 1]
    found = Call.objects.filter(pk__in=newest).order_by()
    days = found.annotate(
        day=TruncDate("created_at", tzinfo=zone), is_reached=ExpressionWrapper(REACHED, BooleanField())
    )
    return days.values("day", "outcome", "is_reached")


def read(rows: Iterable[Mapping[str, Any]]) -> DayCounts:
    """From the JSON of `CONTENT`."""
    return _collected((date.fromisoformat(row["day"]), row["outcome"], row["is_reached"], row["count"]) for row in rows)


def _collected(rows: Iterable[tuple[date, str, bool, int]]) -> DayCounts:
    counts, total = DayCounts(), 0
    for day, outcome, is_reached, number in rows:
        counts.by_day.setdefault(day, Counter())[outcome] += number
        counts.reached[day] += number if is_reached else 0
        total += number
    return counts if total <= MOST else DayCounts(is_too_many=True)


def best(counted: Counter[str]) -> tuple[outcomes.Outcome, int] | None:
    """The most frequent good outcome of a day."""
    good = [(outcomes.read(slug), number) for slug, number in counted.items()]
    good = [pair for pair in good if pair[0].tone == "good"]
    return min(good, key=lambda pair: (-pair[1], pair[0].slug), default=None)
