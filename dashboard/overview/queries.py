"""What the overviews read: the live board, what needs a person, today in figures. Inside the caller's scope."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, F, IntegerField, Max, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce, ExtractHour
from django.utils import timezone

from dashboard.calls import labels
from dashboard.calls import queries as calls_queries
from dashboard.calls.models import REACHED, STOPS_DIALING, Alarm, Call, CallQuerySet, Receipt
from dashboard.campaigns import counts
from dashboard.campaigns.models import Campaign
from tenants import time_zones
from tenants.isolation import scope
from tenants.local_time import midnight_expression
from tenants.models import Membership, Tenant, User

BOARD_ROWS = 24  # rows of the live board
LINES_PER_ROW = 24  # lines in a row
ATTENTION_ROWS = 8
LONGEST_DAY = timedelta(hours=26)  # 25 hours when clocks go back, and a margin
MACHINE = ~Q(machine_source="")  # voicemail answered: a separate outcome, nobody was reached
MISSED = Q(finished=True) & (Q(started_at=None) | MACHINE)
URGENT = [Alarm.END_NOT_CONFIRMED, Alarm.NOT_CERTAIN, Alarm.LOST, *STOPS_DIALING]


def memberships(user: User) -> list[Membership]:
    """The clients that a user belongs to, by name; opens a scope of its own."""
    with scope.for_user(user):
        found = Membership.objects.filter(user=user).select_related("tenant__home_connection")
        return list(found.exclude(tenant__status=Tenant.Status.CLOSED).order_by("tenant__name"))


@dataclass
class BoardRow:
    """One client on the live board: its live calls, then its free lines."""

    client: Tenant
    calls: list[Call] = field(default_factory=list)
    quiet_since: datetime | None = None

    @property
    def lines(self) -> list[Call | None]:
        free = max(0, self.client.max_concurrent_calls - len(self.calls))
        return ([*self.calls] + [None] * free)[:LINES_PER_ROW]

    @property
    def more(self) -> int:
        return max(0, max(self.client.max_concurrent_calls, len(self.calls)) - LINES_PER_ROW)

    @property
    def summary(self) -> str:
        """`2 talking, 1 connecting`."""
        columns = [labels.board_column(call) for call in self.calls]
        talking, waiting, needing_attention = columns.count("live"), columns.count("waiting"), columns.count("person")
        needs = "needs you" if needing_attention == 1 else "need you"
        parts = [(talking, "talking"), (waiting, "connecting"), (needing_attention, needs)]
        return ", ".join(f"{count} {word}" for count, word in parts if count)


def live_board(clients: QuerySet[Tenant]) -> list[BoardRow]:
    """Every client that is open, those with live calls first."""
    live: dict[int, list[Call]] = defaultdict(list)
    for call in Call.objects.live().with_end_age().filter(tenant__in=clients).order_by("created_at")[:1000]:
        live[call.tenant_id].append(call)  # type: ignore[index]
    rows = [BoardRow(client, live[client.pk]) for client in clients.exclude(status=Tenant.Status.CLOSED)]
    for row in rows:
        for call in row.calls:
            call.tenant = row.client
    return sorted(rows, key=lambda row: (-len(row.calls), row.client.name.lower()))


def seconds_to_alarm(board: list[BoardRow]) -> int | None:
    """When the next end-call will be late, so that the page is drawn again then; None when none is awaited."""
    waits = [call.seconds_to_alarm for row in board for call in row.calls]
    return min((wait for wait in waits if wait is not None), default=None)


def needing_attention(calls: CallQuerySet) -> list[dict[str, Any]]:
    """What needs a person, the most urgent first."""
    urgency = Case(
        *[When(alarm=alarm, then=Value(at)) for at, alarm in enumerate(URGENT)],
        When(alarm="", then=Value(URGENT.index(Alarm.END_NOT_CONFIRMED))),
        default=Value(len(URGENT)),
        output_field=IntegerField(),
    )
    found = calls.needing_attention().with_end_age().select_related("tenant", "requested_by")
    urgent = found.order_by(urgency, Coalesce("alarm_at", "end_asked_at"), "pk")[: ATTENTION_ROWS + 1]
    return [{"call": call, "title": call.alarm_words, "why": labels.why(call)} for call in urgent]


@dataclass(kw_only=True)
class Tally:
    """Calls of a day; `seconds` are those spent talking."""

    calls: int = 0
    reached: int = 0
    missed: int = 0
    machines: int = 0
    seconds: int = 0

    @property
    def share(self) -> int | None:
        """Per cent of the calls that are settled."""
        settled = self.reached + self.missed
        return round(100 * self.reached / settled) if settled else None

    @property
    def minutes(self) -> float:
        return self.seconds / 60


@dataclass(kw_only=True)
class Today(Tally):
    commands: int
    unconfirmed: int
    since: datetime


def today(
    calls: QuerySet[Call], receipts: QuerySet[Receipt], zone: ZoneInfo
) -> tuple[Today, dict[int, tuple[int, int]]]:
    """The figures since midnight in `zone`, and reached and missed calls by hour."""
    since = time_zones.midnight(zone)
    hours = (
        calls.filter(created_at__gte=since)
        .order_by()
        .annotate(hour=ExtractHour("created_at", tzinfo=zone))
        .values("hour")
        .annotate(
            calls=Count("pk"),
            reached=Count("pk", filter=REACHED),
            missed=Count("pk", filter=MISSED),
            machines=Count("pk", filter=MACHINE),
            seconds=Sum("duration_seconds", default=0),
        )
    )
    rows = list(hours)
    commands = receipts.filter(asked_at__gte=since).aggregate(
        commands=Count("pk"),
        unconfirmed=Count("pk", filter=Q(effect=Receipt.Effect.NOT_CONFIRMED) | Q(outcome=Receipt.Outcome.UNKNOWN)),
    )
    figures = {name: sum(row[name] for row in rows) for name in ("calls", "reached", "missed", "machines", "seconds")}
    return Today(**figures, **commands, since=since), {row["hour"]: (row["reached"], row["missed"]) for row in rows}


@dataclass(kw_only=True)
class Day(Tally):
    """One client since its own midnight."""

    client: Tenant
    live: int = 0
    ended: datetime | None = None
    campaigns: list[Campaign] = field(default_factory=list)


def days(rows: list[BoardRow]) -> list[Day]:
    """The same clients with their figures of today, those with most calls first."""
    recent = Call.objects.filter(tenant__isnull=False, created_at__gte=timezone.now() - LONGEST_DAY)
    found = (
        recent.filter(created_at__gte=midnight_expression(F("tenant__timezone")))
        .order_by()
        .values("tenant")
        .annotate(
            calls=Count("pk"),
            reached=Count("pk", filter=REACHED),
            missed=Count("pk", filter=MISSED),
            machines=Count("pk", filter=MACHINE),
            seconds=Sum("duration_seconds", default=0),
            ended=Max("ended_at"),
        )
    )
    figures: dict[int, dict[str, Any]] = {
        row["tenant"]: {name: value for name, value in row.items() if name != "tenant"} for row in found
    }
    campaigns = campaigns_of([row.client for row in rows])
    made = [
        Day(
            client=row.client,
            live=len(row.calls),
            campaigns=campaigns.get(row.client.pk, []),
            **figures.get(row.client.pk, {}),
        )
        for row in rows
    ]
    return sorted(made, key=lambda day: (-day.calls, day.client.name.lower()))


def campaigns_of(clients: list[Tenant]) -> dict[int, list[Campaign]]:
    """Those that are started or paused, the started first, each with its numbers as `counts`."""
    found: dict[int, list[Campaign]] = defaultdict(list)
    open_ones = Campaign.objects.filter(
        tenant__in=clients, vanished_at=None, status__in=[Campaign.Status.SCHEDULED, Campaign.Status.PAUSED]
    )
    campaigns = list(open_ones.order_by("-status", "-remote_created_at", "pk")[:200])
    known = counts.of_all(campaigns)
    for campaign in campaigns:
        campaign.counts = known[campaign.pk]  # type: ignore[attr-defined]
        found[campaign.tenant_id].append(campaign)  # type: ignore[index]
    return found


def last_calls(tenant: Tenant, count: int = 6) -> list[Call]:
    return list(calls_queries.of_tenant(tenant).filter(finished=True).order_by("-created_at", "-pk")[:count])
