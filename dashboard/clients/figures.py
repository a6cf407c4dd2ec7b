"""The figures of one client for staff: today, this month, and its alarms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils import timezone

from dashboard.calls import credit, labels
from dashboard.calls.caller_id import report
from dashboard.calls.models import TALKED, AlarmClearing, Call
from tenants import time_zones
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import Connection, Tenant

CLEARED_WITHIN = timedelta(days=30)
LINES_DRAWN = 12


@dataclass(frozen=True)
class Figures:
    """`minutes` are those talked with people in the month named; `cleared` alarms are those of the last 30 days."""

    since: datetime
    month_since: datetime
    month: str
    today: int
    reached: int
    calls: int
    minutes: int
    open_alarms: int
    cleared: int


@scope.requires_scope
def of(tenant: Tenant) -> Figures:
    """Two queries that read the client's calls of this month, and its alarms."""
    since = time_zones.midnight(tenant.zone)
    month = since.astimezone(tenant.zone)
    begins = time_zones.start_of_day(month.date().replace(day=1), tenant.zone)
    is_today = Q(created_at__gte=since)
    counts: dict[str, Any] = (
        Call.objects.filter(tenant=tenant, created_at__gte=begins)
        .order_by()
        .aggregate(
            today=Count("pk", filter=is_today),
            reached=Count("pk", filter=is_today & TALKED),
            calls=Count("pk"),
            seconds=Sum("duration_seconds", filter=TALKED, default=0),
        )
    )
    minutes = round(counts.pop("seconds") / 60)
    cleared = AlarmClearing.objects.filter(tenant=tenant, cleared_at__gte=timezone.now() - CLEARED_WITHIN).count()
    alarms = Call.objects.filter(tenant=tenant).needing_attention().count()
    return Figures(since, begins, f"{month:%B}", minutes=minutes, open_alarms=alarms, cleared=cleared, **counts)


@scope.requires_scope
def calls_of_dedications(tenant: Tenant) -> tuple[Counter[int], Counter[int]]:
    """How many calls today went by each number's and by each assistant's dedication."""
    numbers: Counter[int] = Counter()
    assistants: Counter[int] = Counter()
    today = Call.objects.filter(tenant=tenant, created_at__gte=time_zones.midnight(tenant.zone)).order_by()
    rows = today.values_list("number_dedication", "assistant_dedication").annotate(n=Count("pk"))
    for number, assistant, count in rows:
        numbers[number] += count
        assistants[assistant] += count
    return numbers, assistants


def caller_ids_today(tenant: Tenant) -> dict[str, int]:
    """How many of its calls of today left from its own numbers; as `report.figures`."""
    today = timezone.now().astimezone(tenant.zone).date()
    return report.figures(report.within(report.listed(tenant), today, None, "", tenant.zone))


def lines(tenant: Tenant, live: list[Call]) -> list[str]:
    """How each of its lines is drawn: `live`, `waiting` or `person` for a call, then `free`."""
    busy = [labels.board_column(call) for call in live]
    free = ["free"] * max(0, tenant.max_concurrent_calls - len(busy))
    return [*busy, *free][:LINES_DRAWN]


@dataclass(frozen=True)
class Figure:
    """One figure of the strip; `url` leads to its rows, "" for readers who may not see them."""

    label: str
    value: str
    unit: str
    note: str
    url: str = ""


def strip(client: Any, found: Figures, neighbours: int, may: Callable[[Permission], bool]) -> list[Figure]:
    """Today, this month, the credit and the alarms; `client` comes from `queries.clients`."""
    calls = f"{reverse('staff-calls')}?client={client.slug}" if may(Permission.SEE_ALL_CALLS) else ""
    since = found.since.astimezone(client.zone)
    month = found.month_since.astimezone(client.zone)
    shown = [
        Figure(
            "Today",
            f"{found.today:,}",
            f"of {client.max_calls_per_day:,}",
            f"{found.reached:,} reached",
            f"{calls}&since={since:%Y-%m-%d}" if calls else "",
        ),
        Figure(
            found.month,
            f"{found.calls:,}",
            "calls",
            f"{found.minutes:,} minutes",
            f"{calls}&since={month:%Y-%m-%d}" if calls else "",
        ),
    ]
    if may(Permission.SEE_CONNECTIONS) and client.home_connection:
        shown.append(_credit(client.home_connection, neighbours))
    cleared = f"{found.cleared:,} cleared in 30 days" if found.cleared else "none cleared in 30 days"
    alarms = f"{calls}&state=person" if calls else ""
    return [*shown, Figure("Open alarms", f"{found.open_alarms:,}", "", cleared, alarms)]


def _credit(connection: Connection, neighbours: int) -> Figure:
    """Whose it is too: VoiceDock keeps one balance for an organization and all below it (`voicedock-api.md §12`)."""
    url = reverse("staff-connection", args=[connection.pk])
    if neighbours:
        others = f"shared with {neighbours} other client{'' if neighbours == 1 else 's'}"
    elif connection.parent_id or connection.children.exists():
        others = "shared within its organization"
    else:
        others = "its own"
    if connection.minutes_balance is None:
        return Figure("Credit", "Not known", "", others, url)
    lasts = credit.words(credit.lasting(Connection.objects.all()).get(connection.pk))
    note = f"{lasts} at the pace of the past day, {others}" if lasts else others
    return Figure("Credit", f"{connection.minutes_balance:,.0f}", "min", note, url)
