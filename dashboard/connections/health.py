"""What is wrong with a connection, decided in one place for every page that says how it is."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.db.models import TextChoices
from django.utils import timezone

from dashboard.sync.freshness import Freshness
from tenants.models import Connection

LATE = timedelta(seconds=60)  # an older copy is shown as late
FIRST_SYNC = timedelta(minutes=5)  # a first sync that has not begun after that is late, too
LOW_CREDIT = Decimal(60)  # minutes


class Problem(TextChoices):
    FAILING = "failing", "Error"
    NO_CREDIT = "no-credit", "No credit left"
    LOW_CREDIT = "low-credit", "Credit is low"
    STALE = "stale", "Data is old"


TONES = {  # marks of a state
    Problem.FAILING: "person",
    Problem.NO_CREDIT: "person",
    Problem.LOW_CREDIT: "waiting",
    Problem.STALE: "waiting",
}


def is_late(connection: Connection, fresh: Freshness) -> bool:
    if fresh.age is None:
        return not fresh.is_begun and timezone.now() - connection.created_at > FIRST_SYNC
    return fresh.age > LATE


def problems(connection: Connection, fresh: Freshness) -> list[Problem]:
    """A connection that fails is not called late as well. Unknown credit is no problem."""
    found = []
    if connection.last_error or fresh.failing:
        found.append(Problem.FAILING)
    elif is_late(connection, fresh):
        found.append(Problem.STALE)
    balance = connection.minutes_balance
    if balance is not None and balance <= 0:
        found.append(Problem.NO_CREDIT)
    elif balance is not None and balance < LOW_CREDIT:
        found.append(Problem.LOW_CREDIT)
    return found
