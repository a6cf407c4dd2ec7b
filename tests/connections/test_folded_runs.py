"""Sync runs in a row that went well are one line, with what each kind did behind it."""

from __future__ import annotations

import re
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


def test_runs_that_went_well_are_one_line_that_says_what_changed(bloom, admin_browser):
    kinds = (Kind.CALLS, Kind.CAMPAIGNS, Kind.LIVE_CALLS)
    with scope.for_system("runs"):
        SyncRun.objects.filter(connection=bloom.connection).delete()
        for minute in range(30):
            run(bloom, minute, kinds[minute % 3], changed=minute % 2)
        run(bloom, 29, Kind.ORGANIZATION, changed=1)
        run(bloom, 30, run_count=3, changed=4)
        run(bloom, 31, outcome="failed", error="VoiceDock is down.")
        for minute in range(32, 36):
            run(bloom, minute, kinds[minute % 3])
        run(bloom, 36, Kind.ORGANIZATION, changed=1)
    page = admin_browser.get(f"/connections/{bloom.connection.pk}/").content.decode()
    words = " ".join(re.sub("<[^>]+>", " ", page).split())
    assert re.search(r"5 runs from [^,]+, nothing changed but the credit", words)
    assert re.search(
        r"34 runs from [^,]+, live calls 5 changed , finished calls 9 changed , campaigns 5 changed Details", words
    )
    assert "VoiceDock is down." in words
    assert "Sync runs" in page and "looks" not in page.lower().replace("looks like", "")


def test_the_list_is_bounded_and_stands_below_what_matters_more(bloom, admin_browser):
    with scope.for_system("runs"):
        SyncRun.objects.filter(connection=bloom.connection).delete()
        for minute in range(80):
            run(bloom, minute, outcome=("done", "failed")[minute % 2], error=("", "down")[minute % 2])
    response = admin_browser.get(f"/connections/{bloom.connection.pk}/")
    page = response.content.decode()
    assert len(response.context["runs"]) == 60
    shown = page.split('id="runs"')[1].split('id="earlier-runs"')[0]
    assert shown.count('class="state') == 8
    places = [page.index(f'id="{part}"') for part in ("kinds", "minute", "hooks", "runs")]
    assert places == sorted(places)


def test_failures_are_folded_with_their_own_kind_only(bloom):
    with scope.for_system("runs"):
        SyncRun.objects.filter(connection=bloom.connection).delete()
        rows = [run(bloom, at, outcome="failed", error="down") for at in range(3)]
        rows.append(run(bloom, 4, Kind.CAMPAIGNS, outcome="failed", error="down"))
    found = folded_runs.fold(reversed(rows))
    assert [(line.first.kind, line.count) for line in found] == [(Kind.CAMPAIGNS, 1), (Kind.CALLS, 3)]
    assert not any(line.went_well for line in found)
    assert (found[1].began, found[1].ended) == (NOON, NOON + timedelta(minutes=2, seconds=2))
