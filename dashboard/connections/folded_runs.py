"""The sync runs of a connection as lines: runs in a row that found nothing new are folded into one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from dashboard.sync.models import Kind, SyncRun


@dataclass(frozen=True)
class FoldedRuns:
    """Equal runs in a row, the newest first; a run that changed something stands alone."""

    runs: list[SyncRun] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(run.run_count for run in self.runs)

    @property
    def began(self) -> datetime:
        return min(run.started_at for run in self.runs)

    @property
    def ended(self) -> datetime:
        return max(run.finished_at or run.started_at for run in self.runs)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing went wrong, and nothing changed but the credit."""
        return _is_quiet(self.runs[0])

    @property
    def has_new_credit(self) -> bool:
        return any(run.changed for run in self.runs)

    @property
    def first(self) -> SyncRun:
        return self.runs[0]


def fold(runs: Iterable[SyncRun]) -> list[FoldedRuns]:
    """Runs without changes are folded whatever they looked for; failures and waits only with those of their kind."""
    return [FoldedRuns(list(found)) for _, found in groupby(runs, key=_key)]


def _key(run: SyncRun) -> tuple[object, ...]:
    if _is_quiet(run):
        return ("quiet",)
    return (run.kind, run.outcome, run.error) if not run.changed else (run.pk,)


def _is_quiet(run: SyncRun) -> bool:
    """The credit changes with every call, so a new one is no news."""
    is_news = run.changed and run.kind != Kind.ORGANIZATION
    return run.outcome == SyncRun.Outcome.DONE and not is_news and not run.error
