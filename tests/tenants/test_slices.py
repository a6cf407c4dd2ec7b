"""Rows are worked on in slices: as many at once as are done in a fraction of a second."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard.sync import runs
from dashboard.sync.models import SyncRun
from tenants import slices
from tenants.isolation import scope

ROWS = 230


@pytest.fixture
def costly(monkeypatch):
    """Each row of a slice takes so many seconds, by a clock of its own; gives how long each slice took."""
    took, now = [], [0.0]
    monkeypatch.setattr(slices.time, "monotonic", lambda: now[0])

    def work(size, seconds):
        with size.measured() as rows:
            now[0] += rows * seconds
        took.append(rows * seconds)
        return rows

    return work, took


@pytest.mark.parametrize("seconds", [0.0001, 0.001, 0.01, 0.03])
def test_whatever_a_row_costs_the_slices_soon_take_less_than_they_may(costly, seconds):
    work, took = costly
    size = slices.SliceSize(most=100_000)
    for _ in range(20):
        work(size, seconds)
    assert max(took[1:]) <= slices.LOCKED
    assert took[-1] >= slices.AIM / 3, "and no shorter than needed"


def test_rows_that_become_slow_are_taken_in_smaller_slices_at_once(costly):
    work, _ = costly
    size = slices.SliceSize()
    while size.rows < size.most:
        work(size, 0.00001)
    assert work(size, 0.002) == 1000
    assert work(size, 0.002) * 0.002 <= slices.LOCKED


def test_old_rows_are_deleted_in_several_transactions_and_the_others_stay(bloom, monkeypatch):
    old = timezone.now() - timedelta(days=30)
    with scope.for_system("runs"):
        row = {"connection": bloom.connection, "kind": "calls", "outcome": "done"}
        SyncRun.objects.bulk_create([SyncRun(**row, started_at=old) for _ in range(ROWS)])
        kept = SyncRun.objects.create(**row)
    opened, taken = scope.for_system, []
    monkeypatch.setattr(slices.scope, "for_system", lambda reason: taken.append(reason) or opened(reason))
    assert runs.prune() == ROWS
    assert len(taken) > 2
    with scope.for_system("look"):
        assert SyncRun.objects.get() == kept
