"""Tasks that waited too long for a worker and were dropped: counted by name, and logged in at most a line a minute."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger()

PAUSE = 60.0  # seconds between two lines


@dataclass
class ExpiredTasks:
    """Counted in the main process of a worker, which alone drops them. Many at once mean that workers are missing."""

    counts: Counter[str] = field(default_factory=Counter)
    logged_at: float | None = None

    def add(self, name: str) -> None:
        self.counts[name] += 1
        self.tell()

    def tell(self) -> None:
        """Log what was counted since the last line, unless that was less than a minute ago."""
        now = time.monotonic()
        if not self.counts or (self.logged_at is not None and now < self.logged_at + PAUSE):
            return
        log.warning("tasks_expired", total=self.counts.total(), by_task=dict(self.counts.most_common()))
        self.counts, self.logged_at = Counter(), now


expired = ExpiredTasks()
