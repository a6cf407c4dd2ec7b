"""Work on many rows in short transactions, so that no slice holds its locks for longer than `LOCKED`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from tenants.isolation import scope

LOCKED = 0.1  # seconds for which a slice may hold its locks
AIM = 0.4 * LOCKED  # what the next slice is made for: rows differ, and other work may take the processor
MAX_SECONDS = 20.0  # of one run; the next one continues


@dataclass
class SliceSize:
    """How many rows the next slice takes, by the time that the last one took: few at first, `most` at most."""

    most: int = 1000
    rows: int = 50

    def __post_init__(self) -> None:
        self.rows = min(self.rows, self.most)

    @contextmanager
    def measured(self) -> Iterator[int]:
        """Give the rows of this slice, and set those of the next one by the time of the block. Put it around the
        transaction: the commit counts too."""
        began, taken = time.monotonic(), self.rows
        yield taken
        speed = AIM / max(time.monotonic() - began, 0.001)
        self.rows = max(1, min(int(taken * min(speed, 2.0)), self.most))


@scope.opens_scope
def delete(reason: str, rows: QuerySet[Any]) -> int:
    """Delete these rows slice by slice, each in a scope of its own; returns how many. Stops after `MAX_SECONDS`."""
    size, deleted, until = SliceSize(), 0, time.monotonic() + MAX_SECONDS
    while time.monotonic() < until:
        with size.measured() as most, scope.for_system(reason):
            found = rows.order_by().values("pk")[:most]
            count = rows.model._base_manager.filter(pk__in=found).delete()[0]
        deleted += count
        if count < most:
            break
    return deleted
