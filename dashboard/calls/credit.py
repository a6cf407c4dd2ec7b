"""How long the minutes of a connection last at the pace of the past day. Inside a scope that covers all clients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from dashboard.calls.models import Call
from dashboard.ui.units import with_unit
from tenants.models import Connection

PACE = timedelta(hours=24)
FAR_AWAY = timedelta(days=90)  # what lasts longer is not estimated


def lasting(connections: Iterable[Connection]) -> dict[int, timedelta]:
    """By connection id, where it can be estimated.

    VoiceDock keeps one balance for an organization and all below it (`voicedock-api.md §12`), so that their calls are
    counted together.
    """
    found = list(connections)
    parents = {connection.pk: connection.parent_id for connection in found}
    used: Counter[int] = Counter()
    for pk, seconds in _talked():
        used[_top(pk, parents)] += seconds
    estimates = {}
    for connection in found:
        balance, seconds = connection.minutes_balance, used[_top(connection.pk, parents)]
        if balance and balance > 0 and seconds:
            hours = float(balance * 60 / Decimal(seconds)) * PACE.total_seconds() / 3600
            if hours < FAR_AWAY.total_seconds() / 3600:
                estimates[connection.pk] = timedelta(hours=hours)
    return estimates


def words(left: timedelta | None) -> str:
    """`about 2 hours`, `about 23 days`; "" for none."""
    if left is None:
        return ""
    hours = max(1, round(left.total_seconds() / 3600))
    count, unit = (hours, "hour") if hours < 48 else (round(hours / 24), "day")
    return f"about {with_unit(count, unit if count == 1 else f'{unit}s')}"


def _talked() -> list[tuple[int, int]]:
    recent = Call.objects.filter(created_at__gte=timezone.now() - PACE).order_by()
    return list(recent.values_list("connection").annotate(seconds=Sum("duration_seconds", default=0)))


def _top(pk: int, parents: dict[int, int | None]) -> int:
    """The organization that has no parent, as far as its parents are connected."""
    seen = set()
    while (parent := parents.get(pk)) is not None and pk not in seen:
        seen.add(pk)
        pk = parent
    return pk
