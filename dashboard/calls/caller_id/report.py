"""The caller-ID report: every call out, the dedications that allowed it, and what VoiceDock reported afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, CharField, Count, Exists, F, Model, OuterRef, Q, QuerySet, Subquery, Value, When

from dashboard.calls import labels, leads
from dashboard.calls.caller_id.proof import AGREES, DIFFERS, NOT_DIALED, NOT_REPORTED, CallerId
from dashboard.calls.models import UNSENT, Alarm, AlarmClearing, Call, CallerIdCorrection, State
from dashboard.ui import pagination
from tenants import time_zones
from tenants.models import Dedication, Tenant, User

VERDICTS = {
    AGREES: "Agrees",
    DIFFERS: "Differs",
    NOT_REPORTED: "Not reported yet",
    NOT_DIALED: "Nothing was dialed",
}
COUNTED = 10_000
CHUNK = 1000
OTHER_LINE_LATER = Exists(
    CallerIdCorrection.objects.filter(call=OuterRef("pk")).exclude(reported_line=OuterRef("line"))
)
VERDICT = Case(  # as `proof.CallerId.verdict` says it of one call
    When(
        Q(state__in=[*UNSENT, State.REFUSED], remote_id="", webhook_call_id="", reported_line=""),
        then=Value(NOT_DIALED),
    ),
    When(Q(origin=Call.Origin.PLACED) & ~Q(asked_line="") & ~Q(asked_line=F("line")), then=Value(DIFFERS)),
    When(reported_line="", then=Value(NOT_REPORTED)),
    When(Q(origin=Call.Origin.ADOPTED, number_dedication=None), then=Value(DIFFERS)),
    When(Q(reported_line=F("line")) & ~Q(OTHER_LINE_LATER), then=Value(AGREES)),
    default=Value(DIFFERS),
    output_field=CharField(),
)
HEAD = [
    "Call",
    "Asked for",
    "Person called",
    "Number meant",
    "Number assigned from",
    "Number assigned until",
    "Number assigned by",
    "Assistant",
    "Assistant assigned from",
    "Assistant assigned until",
    "Assistant assigned by",
    "Placed by",
    "VoiceDock’s id",
    "Number asked for",
    "Number VoiceDock reported",
    "Reported later",
    "Verdict",
    "Alarm",
]


@dataclass(frozen=True)
class DedicationPeriod:
    """The period of a dedication, and the name of who made it."""

    begins: datetime
    ends: datetime | None
    by: str


@dataclass(frozen=True)
class ReportRow:
    """One call of the report."""

    call: Call
    number: DedicationPeriod | None
    assistant: DedicationPeriod | None
    placed_by: str
    verdict: str
    caller_id: CallerId
    cleared: str

    @property
    def words(self) -> str:
        return VERDICTS[self.verdict]

    @property
    def alarm(self) -> str:
        """Whether staff have looked at a number that differs."""
        if self.verdict != DIFFERS:
            return ""
        if self.call.alarm == Alarm.WRONG_NUMBER:
            return "Open: nothing is dialed"
        return f"Cleared: {self.cleared}" if self.cleared else "Cleared, or older than we watch"


def listed(tenant: Tenant, *, people: type[Model] = User) -> QuerySet[Any]:
    """Calls out of one client. `people` is where names come from: auditors read a view without password hashes."""

    def name(column: str) -> Subquery:
        return Subquery(people._default_manager.filter(pk=OuterRef(column)).values("name")[:1])

    return (
        Call.objects.filter(tenant=tenant, direction="outbound")
        .select_related("tenant", "number_dedication__number", "assistant_dedication__assistant")
        .annotate(
            verdict=VERDICT,
            later=ArraySubquery(
                CallerIdCorrection.objects.filter(call=OuterRef("pk"))
                .order_by("reported_at", "id")
                .values("reported_line")
            ),
            cleared=Subquery(
                AlarmClearing.objects.filter(call=OuterRef("pk")).order_by("-cleared_at", "-id").values("why")[:1]
            ),
            lead=leads.facts(),
            asked_by_name=name("requested_by_id"),
            number_by_name=name("number_dedication__made_by_id"),
            assistant_by_name=name("assistant_dedication__made_by_id"),
        )
    )


def within(calls: QuerySet[Any], since: date | None, until: date | None, verdict: str, zone: ZoneInfo) -> QuerySet[Any]:
    """The period in whole days of `zone`."""
    if since:
        calls = calls.filter(created_at__gte=time_zones.start_of_day(since, zone))
    if until:
        calls = calls.filter(created_at__lt=time_zones.start_of_day(until + timedelta(days=1), zone))
    return calls.filter(verdict=verdict) if verdict else calls


def figures(calls: QuerySet[Any]) -> dict[str, int]:
    """How many of the newest `COUNTED` came out how, how many they are, and of how many a number was reported."""
    newest = calls.order_by("-created_at", "-id").values("verdict")[: COUNTED + 1]
    counts = {verdict.replace("-", "_"): Count("verdict", filter=Q(verdict=verdict)) for verdict in VERDICTS}
    found = newest.aggregate(count=Count("verdict"), **counts)
    return found | {"reported": found["agrees"] + found["differs"]}


def row_of(call: Any) -> ReportRow:
    return ReportRow(
        call,
        _dedication_period(call.number_dedication, call.number_by_name) if call.number_dedication_id else None,
        _dedication_period(call.assistant_dedication, call.assistant_by_name) if call.assistant_dedication_id else None,
        call.asked_by_name or labels.started_by(call),
        call.verdict,
        CallerId.of(call, call.later),
        call.cleared or "",
    )


def _dedication_period(dedication: Dedication, by: str | None) -> DedicationPeriod:
    return DedicationPeriod(dedication.period.lower, dedication.period.upper, by or "Patchbay")


def rows(
    calls: QuerySet[Call], zone: ZoneInfo, open_scope: Callable[[], AbstractContextManager[None]]
) -> Iterator[list[object]]:
    """Under `HEAD`, newest first; each page is read in a short scope of its own, which `open_scope` gives."""
    for chunk in pagination.in_chunks(calls, CHUNK, open_scope):
        for call in chunk:
            yield _cells(row_of(call), zone)


def _cells(row: ReportRow, zone: ZoneInfo) -> list[object]:
    def moment(at: datetime | None) -> str:
        return at.astimezone(zone).isoformat(timespec="seconds") if at else ""

    def right(held: DedicationPeriod | None) -> list[str]:
        return [moment(held.begins), moment(held.ends) or "open", held.by] if held else ["", "", ""]

    call = row.call
    return [
        call.pk,
        moment(call.created_at),
        call.counterpart,
        row.caller_id.meant or row.caller_id.meant_words,
        *right(row.number),
        labels.assistant(call),
        *right(row.assistant),
        row.placed_by,
        call.remote_id or call.webhook_call_id,
        row.caller_id.asked or row.caller_id.asked_words,
        call.reported_line,
        ", ".join(row.caller_id.reported[1:]),
        row.words,
        row.alarm,
    ]
