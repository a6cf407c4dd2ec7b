"""What the overviews read beside figures and needs: clients with their live calls. Inside the caller's scope."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Max, QuerySet
from django.utils import timezone

from dashboard.calls import labels
from dashboard.calls.models import Call
from dashboard.campaigns import counts
from dashboard.campaigns.models import Campaign
from dashboard.clients import readiness
from dashboard.clients.readiness import Readiness
from dashboard.overview.figures import AGGREGATES, Tally
from tenants.isolation import scope
from tenants.local_time import midnight_expression
from tenants.models import Tenant, Visit

LINES_PER_ROW = 12  # lines of a client that are drawn
LONGEST_DAY = timedelta(hours=26)  # 25 hours when clocks go back, and a margin
LIVE_CALLS = 1000  # read at most


@dataclass
class ClientRow:
    """One client: its live calls and free lines, and its figures since its own midnight."""

    client: Tenant
    readiness: Readiness
    calls: list[Call] = field(default_factory=list)
    today: Tally = field(default_factory=Tally)
    last_end: datetime | None = None
    campaigns: list[Campaign] = field(default_factory=list)

    @property
    def lines(self) -> list[Call | None]:
        free = max(0, self.client.max_concurrent_calls - len(self.calls))
        return ([*self.calls] + [None] * free)[:LINES_PER_ROW]

    @property
    def date(self) -> str:
        """Of its own today, as the address of the list of calls has it."""
        return timezone.now().astimezone(self.client.zone).date().isoformat()

    @property
    def more(self) -> int:
        return max(0, max(self.client.max_concurrent_calls, len(self.calls)) - LINES_PER_ROW)

    @property
    def needs_attention(self) -> int:
        return sum(labels.board_column(call) == "person" for call in self.calls)

    @property
    def summary(self) -> str:
        """`2 talking, 1 connecting`; "" while nobody calls."""
        columns = [labels.board_column(call) for call in self.calls]
        needing = columns.count("person")
        words = {"live": "talking", "waiting": "connecting", "person": "needs you" if needing == 1 else "need you"}
        return ", ".join(f"{columns.count(column)} {word}" for column, word in words.items() if column in columns)


@scope.requires_scope
def client_rows(clients: QuerySet[Tenant]) -> list[ClientRow]:
    """Every client that is not closed: those that need a person first, then those with most live calls."""
    live: dict[int, list[Call]] = defaultdict(list)
    found = Call.objects.live().with_end_age().filter(tenant__in=clients).order_by("created_at", "pk")
    for call in found[:LIVE_CALLS]:
        live[call.tenant_id].append(call)  # type: ignore[index]
    open_clients = readiness.annotated(clients.exclude(status=Tenant.Status.CLOSED))
    rows = [ClientRow(client, readiness.of(client), live[client.pk]) for client in open_clients]
    for row in rows:
        for call in row.calls:
            call.tenant = row.client
        row.calls.sort(key=lambda call: labels.board_column(call) != "person")  # drawn even where lines are left out
    return sorted(rows, key=lambda row: (-row.needs_attention, -len(row.calls), row.client.name.lower()))


@scope.requires_scope
def add_today(rows: list[ClientRow]) -> None:
    """Fill in the figures of today, each client's since its own midnight."""
    recent = Call.objects.filter(tenant__isnull=False, created_at__gte=timezone.now() - LONGEST_DAY)
    found = recent.filter(created_at__gte=midnight_expression(F("tenant__timezone"))).order_by().values("tenant")
    counted: Any = found.annotate(**AGGREGATES, last_end=Max("ended_at"))
    figures: dict[int, dict[str, Any]] = {row["tenant"]: row for row in counted}
    for row in rows:
        if known := figures.get(row.client.pk):
            row.today.add(known)
            row.last_end = known["last_end"]


def seconds_to_alarm(rows: list[ClientRow]) -> int | None:
    """When the next end-call will be late, so that the page is drawn again then; None when none is awaited."""
    waits = [call.seconds_to_alarm for row in rows for call in row.calls]
    return min((wait for wait in waits if wait is not None), default=None)


@scope.requires_scope
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


@scope.requires_scope
def visits(count: int = 6) -> list[Visit]:
    """Who of the staff is inside which client now, the newest first."""
    found = Visit.objects.filter(ended_at=None).select_related("tenant", "user")
    return list(found.order_by("-started_at", "-pk")[:count])
