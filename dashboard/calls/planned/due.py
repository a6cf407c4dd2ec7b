"""Which planned calls to look at now: a few of each client, so that none waits for the many of another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from django.db.models import Count, F, Q, Window
from django.db.models.functions import Now, RowNumber
from django.utils import timezone

from dashboard.calls.models import Call, PlannedCall, State
from dashboard.live_updates import publish
from tenants.isolation import scope
from tenants.models import Tenant

MOST = 200  # of one run
HANDED_OUT = timedelta(seconds=20)  # until when a row is not handed out again: its task may be lost
NO_PLACE = "All calls that this client may have at once are in use. It is placed as soon as one has ended."
NO_PLACE_IN_TIME = "All calls that this client may have at once were in use until the end of its time."
TRIED_AGAIN = timedelta(seconds=5)  # how soon one is that could not be placed yet; it keeps no place meanwhile


@scope.opens_scope
def due() -> list[UUID]:
    """Ids of those whose time has come, each for a task of its own; any number of schedulers may ask at once.

    Of each client as many as it may have more calls at once: for the others there is no place yet. Those whose time is
    over need no place.
    """
    with scope.for_system("planned calls that are due"):
        found = PlannedCall.objects.open().filter(try_at__lte=Now())
        nth = Window(RowNumber(), partition_by="tenant_id", order_by=("due_at", "id"))
        ranked = found.annotate(nth=nth).order_by("nth", "due_at")
        rows = list(ranked.values("pk", "tenant_id", "state", "latest_at")[:MOST])
        if not rows:
            return []
        capacity = _capacity({row["tenant_id"] for row in rows})
        chosen: list[UUID] = []
        held_back: dict[int, list[UUID]] = defaultdict(list)
        for row in rows:
            needs_place = row["state"] == PlannedCall.State.PLANNED and row["latest_at"] > timezone.now()
            if needs_place and capacity.get(row["tenant_id"], 0) <= 0:
                held_back[row["tenant_id"]].append(row["pk"])
                continue
            capacity[row["tenant_id"]] = capacity.get(row["tenant_id"], 0) - needs_place
            chosen.append(row["pk"])
        waiting = PlannedCall.objects.filter(pk__in=chosen, state=PlannedCall.State.PLANNED)
        waiting.update(try_at=Now() + HANDED_OUT)
        _say_why(held_back)
    return chosen


def _say_why(held_back: Mapping[int, Sequence[UUID]]) -> None:
    """Rows that wait for a place say so, and pages show it; each row is written once."""
    for tenant_id, ids in held_back.items():
        rows = PlannedCall.objects.filter(pk__in=ids, state=PlannedCall.State.PLANNED).exclude(reason=NO_PLACE)
        if rows.update(reason=NO_PLACE, version=F("version") + 1):
            publish.row_changed("planned", ids[0], tenant=tenant_id)


def _capacity(tenants: Collection[int]) -> dict[int, int]:
    """How many calls more each client may have at once; those that wait to be sent have a place already.

    So have the rows that were handed out and are not made into calls yet.
    """
    limits = dict(Tenant.objects.filter(pk__in=tenants).values_list("pk", "max_concurrent_calls"))
    live = Call.objects.live().filter(tenant__in=tenants).exclude(state=State.LOST).order_by()
    used = dict(live.values("tenant").annotate(count=Count("pk")).values_list("tenant", "count"))
    taken = PlannedCall.objects.filter(tenant__in=tenants, call=None).filter(
        Q(state=PlannedCall.State.PLACING) | Q(state=PlannedCall.State.PLANNED, try_at__gt=Now() + TRIED_AGAIN)
    )
    taken = taken.filter(due_at__lte=Now()).order_by()
    handed_out = dict(taken.values("tenant").annotate(count=Count("pk")).values_list("tenant", "count"))
    return {pk: limit - used.get(pk, 0) - handed_out.get(pk, 0) for pk, limit in limits.items()}
