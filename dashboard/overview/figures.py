"""How calls went in a period: counts, and this week against the week before. Each is one query bounded by days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import BooleanField, Case, Count, Q, QuerySet, Sum, Value, When
from django.db.models.functions import TruncDate

from dashboard.calls import outcomes
from dashboard.calls.models import TALKED, Call, State
from dashboard.calls.outcomes import Outcome
from tenants import time_zones

MACHINE = ~Q(machine_source="")  # voicemail answered: a separate outcome, nobody was reached
MISSED = Q(finished=True) & (Q(started_at=None) | MACHINE)
DAYS = 7
AGGREGATES: dict[str, Any] = {
    "calls": Count("pk"),
    "reached": Count("pk", filter=TALKED),
    "missed": Count("pk", filter=MISSED),
    "refused": Count("pk", filter=Q(state=State.REFUSED)),
    "seconds": Sum("duration_seconds", filter=TALKED, default=0),
}


@dataclass(kw_only=True)
class Tally:
    """Calls of a period; `seconds` are those spent talking with people, `refused` calls were never dialed."""

    calls: int = 0
    reached: int = 0
    missed: int = 0
    refused: int = 0
    seconds: int = 0

    @property
    def share(self) -> int | None:
        """Per cent of the calls that are settled in which a person was reached."""
        settled = self.reached + self.missed
        return round(100 * self.reached / settled) if settled else None

    @property
    def minutes(self) -> float:
        return self.seconds / 60

    @property
    def seconds_each(self) -> int | None:
        """How long a talk lasted on average."""
        return self.seconds // self.reached if self.reached else None

    def add(self, row: dict[str, Any]) -> None:
        for name in AGGREGATES:
            setattr(self, name, getattr(self, name) + row[name])


@dataclass
class Day:
    """One day of the week, and the same day of the week before: on the last day of both up to the same time."""

    date: date
    this: Tally = field(default_factory=Tally)
    before: Tally = field(default_factory=Tally)


@dataclass(frozen=True)
class Rank:
    """How many calls of a week had this outcome, and how many of the week before."""

    outcome: Outcome
    count: int
    before: int
    percent: float = 0.0

    @property
    def change(self) -> int:
        return self.count - self.before

    @property
    def change_figure(self) -> str:
        """`+21`, `−4`, `0`."""
        return f"{self.change:+,}".replace("-", "−") if self.change else "0"

    @property
    def width(self) -> str:
        """Of its bar, against that of the most frequent outcome."""
        return f"{self.percent:.2f}%"


@dataclass
class Weeks:
    """This week until `now`, and the week before until the same time of its day."""

    now: datetime
    days: list[Day]
    this: Tally = field(default_factory=Tally)
    before: Tally = field(default_factory=Tally)
    outcomes: Counter[str] = field(default_factory=Counter)
    outcomes_before: Counter[str] = field(default_factory=Counter)

    @property
    def monday(self) -> date:
        return self.days[0].date

    @property
    def today(self) -> Day:
        """The last day that has begun."""
        return self.days[self.now.weekday()]

    @property
    def begun(self) -> list[Day]:
        return self.days[: self.now.weekday() + 1]

    def rank(self, slug: str, most: int = 0) -> Rank:
        count = self.outcomes[slug]
        percent = 100 * count / most if most else 0.0
        return Rank(outcomes.read(slug), count, self.outcomes_before[slug], percent)

    def ranks(self) -> list[Rank]:
        """The outcomes of this week, the most frequent first, with those that only the week before had."""
        slugs = sorted({*self.outcomes, *self.outcomes_before}, key=lambda slug: (-self.outcomes[slug], slug))
        most = max(self.outcomes.values(), default=0)
        return [self.rank(slug, most) for slug in slugs]

    def best(self) -> Rank | None:
        """The most frequent good outcome of both weeks."""
        return next((rank for rank in self.ranks() if rank.outcome.tone == "good"), None)


def weeks(calls: QuerySet[Call], zone: ZoneInfo, now: datetime) -> Weeks:
    """Counted by day and outcome in one query over two weeks at most."""
    local = now.astimezone(zone)
    monday = local.date() - timedelta(days=local.weekday())
    start, before_start = (time_zones.start_of_day(monday - timedelta(days=back), zone) for back in (0, DAYS))
    before_end = datetime.combine(local.date() - timedelta(days=DAYS), local.time(), zone)
    found = calls.filter(created_at__gte=before_start, created_at__lte=now).filter(
        Q(created_at__gte=start) | Q(created_at__lt=before_end)
    )
    is_before = Case(When(created_at__lt=start, then=Value(True)), default=Value(False), output_field=BooleanField())
    rows = found.order_by().annotate(day=TruncDate("created_at", tzinfo=zone), is_before=is_before)
    return _weeks(local, monday, rows.values("day", "is_before", "outcome").annotate(**AGGREGATES))


def _weeks(now: datetime, monday: date, rows: Iterable[Any]) -> Weeks:
    made = Weeks(now, [Day(monday + timedelta(days=at)) for at in range(DAYS)])
    for row in rows:
        day = made.days[row["day"].weekday()]
        (day.before if row["is_before"] else day.this).add(row)
        (made.before if row["is_before"] else made.this).add(row)
        if row["outcome"]:
            (made.outcomes_before if row["is_before"] else made.outcomes)[row["outcome"]] += row["calls"]
    return made
