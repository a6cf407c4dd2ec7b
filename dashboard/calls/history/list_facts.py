"""What the list of calls shows beside its rows, read by one statement: each part is a branch of a union."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import CharField, Count, F, QuerySet, Value
from django.db.models.functions import JSONObject

from dashboard.calls import facts, queries
from dashboard.calls.history import day_counts, excerpts
from dashboard.calls.history.day_counts import DayCounts
from dashboard.calls.models import Call, CallQuerySet
from dashboard.calls.planned import queries as planned_queries
from dashboard.calls.planned.queries import Counts
from dashboard.sync.models import Kind, SyncState
from tenants import audit
from tenants.isolation import scope
from tenants.models import Connection, Tenant, User

Ages = list[tuple[Connection, datetime | None]]


@dataclass(frozen=True)
class ListFacts:
    """`live` are all live calls of the scope, `ages` as `queries.ages`, `offered` as `queries.choices`.

    `is_recorded`: whether it is in the audit trail already that this person reads the summaries of this client.
    """

    counts: DayCounts = field(default_factory=DayCounts)
    live: int = 0
    ages: Ages = field(default_factory=list)
    planned: Counts = field(default_factory=Counts)
    offered: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    is_recorded: bool = False


@scope.requires_scope
def of_tenant(tenant: Tenant, user: User, counted: CallQuerySet | None, zone: ZoneInfo) -> ListFacts:
    """`counted` are the calls to count by day and outcome; None for none."""
    connection = tenant.home_connection
    readings = audit.readings(user, tenant, excerpts.SUMMARIES_READ, tenant)
    found = facts.read(
        _live(Call.objects.filter(tenant=tenant)),
        _planned(tenant),
        facts.named(readings, "recorded", at=F("at"))[:1],
        *(facts.named(offered, name, **content) for name, offered, content in queries.choice_parts(tenant)),
        *_counted(counted, zone),
        *_ages(connection.pk if connection else None),
    )
    planned = found["planned"][0] if found["planned"] else {}
    return ListFacts(
        counts=day_counts.read(found["day"]),
        live=_number(found["live"]),
        ages=[(connection, next(iter(_read_ages(found["age"])), (None, None))[1])] if connection else [],
        planned=Counts(**planned),
        offered=queries.read_choices(found),
        is_recorded=bool(found["recorded"]),
    )


@scope.requires_scope
def of_staff(counted: CallQuerySet | None, zone: ZoneInfo) -> ListFacts:
    """Of every client that the scope covers; nothing is planned, offered or recorded for all of them."""
    found = facts.read(_live(Call.objects.all()), *_counted(counted, zone), *_ages())
    return ListFacts(day_counts.read(found["day"]), _number(found["live"]), _read_ages(found["age"]))


def _live(calls: CallQuerySet) -> QuerySet[Any]:
    return facts.named(calls.live(), "live", number=Count("pk"))


def _planned(tenant: Tenant) -> QuerySet[Any]:
    return facts.named(planned_queries.to_count(tenant), "planned", **planned_queries.COUNTS)


def _counted(calls: CallQuerySet | None, zone: ZoneInfo) -> list[QuerySet[Any]]:
    if calls is None:
        return []
    rows = day_counts.grouped(calls, zone).annotate(fact=Value("day", output_field=CharField()))
    return [rows.annotate(content=JSONObject(**day_counts.CONTENT)).values_list("fact", "content")]


def _ages(*connections: int | None) -> list[QuerySet[Any]]:
    """Of these connections, or of all."""
    states = SyncState.objects.filter(kind=Kind.CALLS)
    if connections:
        states = states.filter(connection__in=connections)
    shown = {"name": F("connection__name"), "resting_until": F("connection__resting_until")}
    return [facts.named(states, "age", id=F("connection"), fresh_at=F("fresh_at"), **shown)]


def _read_ages(rows: Iterable[facts.Content]) -> Ages:
    found = [
        (
            Connection(pk=row["id"], name=row["name"], resting_until=_moment(row["resting_until"])),
            _moment(row["fresh_at"]),
        )
        for row in rows
    ]
    return queries.newest_first(found)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _number(rows: list[facts.Content]) -> int:
    return int(rows[0]["number"]) if rows else 0
