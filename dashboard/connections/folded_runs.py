"""The sync runs of a connection as lines: runs in a row that went well are folded into one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from dashboard.sync.models import Kind, SyncRun


@dataclass(frozen=True)
class RunsOfKind:
    """What the runs of one kind within a line did together."""

    label: str
    run_count: int
    requests: int
    changed: int
    ended: datetime


@dataclass(frozen=True)
class FoldedRuns:
    """Runs in a row, the newest first: those that went well, or failures and waits that are equal."""

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
    def went_well(self) -> bool:
        return _went_well(self.runs[0])

    @property
    def has_new_credit(self) -> bool:
        """The credit changes with every call, so a new one is no news by itself."""
        return any(run.changed for run in self.runs if run.kind == Kind.ORGANIZATION)

    @property
    def changes(self) -> list[RunsOfKind]:
        """The kinds in which something changed, but for the credit."""
        return [kind for kind in self.kinds if kind.changed and kind.label != Kind.ORGANIZATION.label]

    @property
    def kinds(self) -> list[RunsOfKind]:
        found = ([run for run in self.runs if run.kind == kind] for kind in Kind)
        return [_of_kind(runs) for runs in found if runs]

    @property
    def first(self) -> SyncRun:
        return self.runs[0]


def fold(runs: Iterable[SyncRun]) -> list[FoldedRuns]:
    """Runs that went well are folded whatever they looked for; failures and waits only with their equals."""
    return [FoldedRuns(list(found)) for _, found in groupby(runs, key=_key)]


def _key(run: SyncRun) -> tuple[object, ...]:
    return () if _went_well(run) else (run.kind, run.outcome, run.error)


def _went_well(run: SyncRun) -> bool:
    return run.outcome == SyncRun.Outcome.DONE and not run.error


def _of_kind(runs: list[SyncRun]) -> RunsOfKind:
    return RunsOfKind(
        label=Kind(runs[0].kind).label,
        run_count=sum(run.run_count for run in runs),
        requests=sum(run.requests for run in runs),
        changed=sum(run.changed for run in runs),
        ended=max(run.finished_at or run.started_at for run in runs),
    )
