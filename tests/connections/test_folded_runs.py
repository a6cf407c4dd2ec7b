"""Sync runs in a row that found nothing new are one line, with the runs behind it."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dashboard.connections import folded_runs
from dashboard.sync.models import Kind, SyncRun
from tenants.isolation import scope

NOON = datetime(2026, 11, 24, 13, 2, tzinfo=ZoneInfo("Europe/Amsterdam"))


def run(bloom, minute: int, kind: Kind = Kind.CALLS, **facts):
    began = NOON + timedelta(minutes=minute)
    values = {"outcome": "done", "started_at": began, "finished_at": began + timedelta(seconds=2)} | facts
    return SyncRun.objects.create(connection=bloom.connection, kind=kind, **values)


def test_thirty_equal_runs_are_one_line_and_changes_stand_alone(bloom, admin_browser):
    kinds = (Kind.CALLS, Kind.CAMPAIGNS, Kind.LIVE_CALLS)
    with scope.for_system("runs"):
        SyncRun.objects.filter(connection=bloom.connection).delete()
        run(bloom, -2, changed=4)
        for minute in range(30):
            run(bloom, minute, kinds[minute % 3])
        run(bloom, 29, Kind.ORGANIZATION, changed=1)
        run(bloom, 30, run_count=1, finished_at=NOON + timedelta(minutes=30))
        run(bloom, 31, outcome="failed", error="VoiceDock is down.")
    page = " ".join(admin_browser.get(f"/connections/{bloom.connection.pk}/").content.decode().split())
    assert "32 runs from" in page and page.count("nothing changed") == page.count("nothing changed but the credit") == 1
    assert "4 changed" in page and "VoiceDock is down." in page
    assert "Sync runs" in page and "looks" not in page.lower().replace("looks like", "")


def test_failures_are_folded_with_their_own_kind_only(bloom):
    with scope.for_system("runs"):
        SyncRun.objects.filter(connection=bloom.connection).delete()
        rows = [run(bloom, at, outcome="failed", error="down") for at in range(3)]
        rows.append(run(bloom, 4, Kind.CAMPAIGNS, outcome="failed", error="down"))
    found = folded_runs.fold(reversed(rows))
    assert [(line.first.kind, line.count) for line in found] == [(Kind.CAMPAIGNS, 1), (Kind.CALLS, 3)]
    assert not any(line.is_quiet for line in found)
    assert (found[1].began, found[1].ended) == (NOON, NOON + timedelta(minutes=2, seconds=2))
