"""Did every call leave from the client's own number?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from dashboard.auditing.answers import Answer, counted
from dashboard.auditing.periods import Period
from dashboard.calls.caller_id import report
from dashboard.calls.caller_id.proof import AGREES, DIFFERS, NOT_DIALED, NOT_REPORTED
from dashboard.calls.models import UNCERTAIN, Call
from dashboard.ui import phone_numbers
from tenants.isolation import scope
from tenants.models import Person

SHOWN, MOST_LINES = 50, 40


@dataclass(frozen=True)
class UsedLine:
    """How many calls were dialed from one number; `share` is in percent of the most used one."""

    name: str
    number: str
    count: int
    share: float


@dataclass(frozen=True)
class CallerIdAnswer:
    """`rows` are the newest calls of the period, `differences` those whose number was another one."""

    short: Answer
    figures: dict[str, int]
    dialed: int
    is_cut: bool
    lines: list[UsedLine]
    differences: list[report.ReportRow]
    inbound: int
    uncertain: int
    rows: list[report.ReportRow]


def calls_of(period: Period) -> QuerySet[Any]:
    """Every call out of the period, with its verdict."""
    listed = report.listed(period.client, people=Person)
    return report.within(listed, period.since, period.until, "", period.zone)


def short(period: Period) -> Answer:
    return _short(period, report.figures(calls_of(period)))


@scope.requires_scope
def answer(period: Period) -> CallerIdAnswer:
    found = calls_of(period)
    figures = report.figures(found)
    whole = Call.objects.filter(
        tenant=period.client, created_at__gte=period.begins, created_at__lt=period.ends
    ).aggregate(
        inbound=Count("pk", filter=Q(direction="inbound")), uncertain=Count("pk", filter=Q(state__in=UNCERTAIN))
    )
    return CallerIdAnswer(
        short=_short(period, figures),
        figures=figures,
        dialed=_dialed(figures),
        is_cut=figures["count"] > report.COUNTED,
        lines=_lines(found),
        differences=[report.row_of(call) for call in found.filter(verdict=DIFFERS).order_by("-created_at")[:SHOWN]],
        rows=[report.row_of(call) for call in found.exclude(verdict=NOT_DIALED).order_by("-created_at")[:SHOWN]],
        **whole,
    )


def _dialed(figures: dict[str, int]) -> int:
    return figures[AGREES] + figures[DIFFERS] + figures[_key(NOT_REPORTED)]


def _key(verdict: str) -> str:
    return verdict.replace("-", "_")


def _short(period: Period, figures: dict[str, int]) -> Answer:
    client, dialed = period.client.name, _dialed(figures)
    refused, open_, wrong = figures[_key(NOT_DIALED)], figures[_key(NOT_REPORTED)], figures[DIFFERS]
    rest = f" {counted(refused, 'call was', 'calls were')} not dialed." if refused else ""
    figure = f"{figures[AGREES]:,} of {dialed:,}"
    source = "Compared with the number that VoiceDock reported of each call"
    if not dialed:
        return Answer("ended", "No call left.", f"{client} called nobody in this time.{rest}", "0 calls", source)
    if wrong:
        words = f"{counted(wrong, 'call', 'calls')} left from another number than was meant, or may have.{rest}"
        return Answer("person", "No.", words, figure, source)
    if open_:
        words = f"VoiceDock has not reported the number of {counted(open_, 'call')} yet; the others agree.{rest}"
        return Answer("waiting", "As far as is known.", words, figure, source)
    words = f"Each left from a number that was assigned to {client} at that moment.{rest}"
    return Answer("live", "Yes.", words, figure, source)


def _lines(found: QuerySet[Any]) -> list[UsedLine]:
    used = (
        found.exclude(verdict=NOT_DIALED)
        .order_by()
        .values("line", "number_dedication__number__name")
        .annotate(calls=Count("pk"))
        .order_by("-calls")[:MOST_LINES]
    )
    rows = list(used)
    most = max((row["calls"] for row in rows), default=1)
    return [
        UsedLine(
            row["number_dedication__number__name"] or "",
            phone_numbers.grouped(row["line"]) or "Not known",
            row["calls"],
            round(100 * row["calls"] / most, 1),
        )
        for row in rows
    ]
