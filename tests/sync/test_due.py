"""Who is looked at next: what beat rings for."""

import io
import uuid
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection as database
from django.utils import timezone

from dashboard.calls.models import Call, State
from dashboard.rate_limits import limiter
from dashboard.rate_limits.models import Priority
from dashboard.sync import due as rounds
from dashboard.sync import runs, tasks
from dashboard.sync.models import Kind, SyncRun, SyncState
from tenants.isolation import scope
from tests.patience import PATIENCE


def everything_seen(ago=0):
    SyncState.objects.update(
        due_at=timezone.now() + timedelta(seconds=9), fresh_at=timezone.now() - timedelta(seconds=ago)
    )


def test_a_new_connection_is_due_for_everything_live_calls_first(agency):
    due = rounds.due()
    assert {kind for _, kind in due} == set(Kind) - {Kind.INVENTORY}
    assert due[0] == (agency.connection.pk, Kind.LIVE_CALLS)


def test_what_was_rung_for_is_booked_and_due_again_if_nobody_came(agency):
    rounds.due()
    assert rounds.due() == []
    SyncState.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert len(rounds.due()) == 6


def test_while_anything_is_live_it_is_looked_at_every_three_seconds(agency):
    rounds.due()
    everything_seen(ago=4)
    assert rounds.due() == []
    with scope.for_system("somebody calls"):
        Call.objects.create(
            connection=agency.connection, origin="adopted", state=State.IN_PROGRESS, remote_id=str(uuid.uuid4())
        )
    assert rounds.due() == [(agency.connection.pk, Kind.LIVE_CALLS)]
    assert rounds.due() == []
    everything_seen(ago=2)
    assert rounds.due() == []


def test_what_is_being_looked_at_is_not_rung_for(agency):
    rounds.due()
    SyncState.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    SyncState.objects.filter(kind=Kind.CALLS).update(lease_until=timezone.now() + timedelta(minutes=1))
    assert Kind.CALLS not in {kind for _, kind in rounds.due()}


def test_one_tick_at_a_time(agency, transactional_db):
    import threading

    holding, done = threading.Event(), threading.Event()

    def hold():
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [rounds.LOCK])
            holding.set()
            done.wait(PATIENCE)
            cursor.execute("SELECT pg_advisory_unlock(%s)", [rounds.LOCK])
        database.close()

    other = threading.Thread(target=hold)
    other.start()
    holding.wait(PATIENCE)
    assert rounds.due() == []
    done.set()
    other.join()
    assert rounds.due()


def test_a_failing_connection_does_not_hold_up_the_others(agency, bloom_organization, sandbox):
    sandbox.faults.add({"fault": "503", "route": "/campaigns", "key": "sandbox-agency", "times": None})
    for connection, kind in rounds.due():
        tasks.run_due(connection, kind.value)
    with scope.for_system("look"):
        outcomes = dict(SyncRun.objects.filter(kind=Kind.CAMPAIGNS).values_list("connection__name", "outcome"))
    assert outcomes == {"Kabelhuis": "failed", "Bloom": "done"}


def test_a_look_that_is_hurried_is_due_at_once(agency):
    rounds.due()
    runs.mark_due(agency.connection, Kind.CAMPAIGNS)
    assert rounds.due() == [(agency.connection.pk, Kind.CAMPAIGNS)]


def test_the_command_brings_everything_and_waits_for_its_share_in_words(agency, monkeypatch):
    waited = []
    monkeypatch.setitem(limiter.shares.CEILING, Priority.REST, 3)

    def sleep(seconds):
        waited.append(seconds)
        monkeypatch.setitem(limiter.shares.CEILING, Priority.REST, 60)

    monkeypatch.setattr("dashboard.overview.management.commands.sync.time.sleep", sleep)
    output = io.StringIO()
    call_command("sync", stdout=output)
    assert len(waited) == 1
    assert "Background work has used its share of this minute; the rest is kept for people. Going on in" in (
        output.getvalue()
    )
    assert {state.kind for state in SyncState.objects.exclude(fresh_at=None)} == set(Kind) - {Kind.LEADS}


def test_the_command_says_what_it_could_not_bring(agency, sandbox):
    sandbox.faults.add({"fault": "503", "route": "/campaigns", "times": None})
    with pytest.raises(CommandError, match="Not everything could be synced: Kabelhuis"):
        call_command("sync", stdout=io.StringIO(), stderr=io.StringIO())
    with pytest.raises(CommandError, match="No connection is called Nobody"):
        call_command("sync", "Nobody")


@pytest.fixture
def queue(monkeypatch):
    """The messages that beat's task sends, while no worker takes any."""
    sent = []
    monkeypatch.setattr(tasks.run_due, "apply_async", lambda args, **options: sent.append((args, options)))
    return sent


def test_when_workers_cannot_keep_up_runs_get_rarer_and_none_is_lost(agency, queue, new_requests):
    """Three rounds are sent before a worker takes the first message: each kind runs once, and no message expires."""
    for _ in range(3):
        tasks.enqueue_due()
        SyncState.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert [options for _, options in queue] == [{}] * len(queue)
    assert len(queue) == 17, "six kinds three times; the numbers had been read"
    new_requests()
    for args, _ in queue:
        tasks.run_due(*args)
    asked = new_requests()
    assert asked.count("GET /campaigns") == 1 and asked.count("GET /numbers") == 1
    assert set(SyncState.objects.exclude(begun_at=None).values_list("kind", flat=True)) == {kind.value for kind in Kind}


def test_a_kind_that_became_due_after_its_run_is_run_again(agency, queue, new_requests):
    for _ in range(2):
        tasks.enqueue_due()
        for args, _ in queue:
            tasks.run_due(*args)
        queue.clear()
        runs.mark_due(agency.connection, Kind.CAMPAIGNS)
    assert new_requests().count("GET /campaigns") == 2
