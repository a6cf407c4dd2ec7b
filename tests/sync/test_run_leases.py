"""A sync run holds its lease for as long as it makes requests; a killed one holds up the next for seconds."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from dashboard.calls.updates import sync as calls
from dashboard.campaigns import sync as campaigns
from dashboard.rate_limits import limiter
from dashboard.rate_limits.models import Priority
from dashboard.sync import due, runs
from dashboard.sync import tasks as sync_tasks
from dashboard.sync.models import Kind, SyncRun, SyncState
from tenants.isolation import scope


class Killed(BaseException):
    """The worker is gone in this moment, with nothing tidied up."""


def state(office, kind=Kind.CAMPAIGNS):
    return SyncState.objects.get(connection=office.connection, kind=kind)


def expire(kind=Kind.CAMPAIGNS):
    SyncState.objects.filter(kind=kind).update(lease_until=Now() - timedelta(seconds=1))


def test_a_killed_run_is_due_again_within_half_a_minute(agency, monkeypatch):
    """Killed while its request is under way: `_close` never ran."""
    monkeypatch.setattr(runs, "_close", lambda *args, **more: None)
    due.due()

    def dies(*args, **more):
        raise Killed

    monkeypatch.setattr("dashboard.sandbox.inprocess.Transport.handle_request", dies)
    with pytest.raises(Killed):
        campaigns.campaigns(agency.connection)
    soon = Now() + timedelta(seconds=25)
    assert SyncState.objects.filter(kind=Kind.CAMPAIGNS, lease_until__lt=soon, due_at__lt=soon).exists()
    assert timedelta(seconds=20) >= runs.LEASE


def test_each_request_renews_the_lease(agency):
    with runs.run_sync(agency.connection, Kind.CAMPAIGNS) as run:
        before = state(agency).lease_until
        with run.client_for(Priority.REST) as vendor:
            vendor.campaigns()
        assert state(agency).lease_until > before
        with pytest.raises(runs.Busy), runs.run_sync(agency.connection, Kind.CAMPAIGNS):
            pass
    assert state(agency).lease_until is None


def test_a_lease_lasts_longer_than_an_answer_may_take():
    assert runs.LEASE.total_seconds() > limiter.TIMEOUT / 2


def test_a_run_that_was_taken_over_neither_ends_the_other_nor_writes_its_mark(agency):
    with runs.run_sync(agency.connection, Kind.CAMPAIGNS) as slow:
        expire()
        with runs.run_sync(agency.connection, Kind.CAMPAIGNS) as other:
            slow.cursor["by"] = "slow"
            slow.lease.renew()
            slow.lease.release(cursor=slow.cursor)
            assert state(agency).lease_until == other.lease.until
            other.cursor["by"] = "other"
    assert state(agency).cursor == {"by": "other"}
    with scope.for_system("look"):
        assert SyncRun.objects.filter(kind=Kind.CAMPAIGNS).exists()


def test_a_run_that_was_taken_over_sends_no_further_request(agency, new_requests):
    """It writes nothing either: how the kind fares is the other run's to say."""
    asked = []
    new_requests()

    def sync_slowly():
        with runs.run_sync(agency.connection, Kind.CAMPAIGNS) as slow, slow.client_for(Priority.REST) as vendor:
            vendor.campaigns()
            expire()
            with runs.run_sync(agency.connection, Kind.CAMPAIGNS):
                pass
            asked.extend(new_requests())
            vendor.campaigns()

    with pytest.raises(runs.LeaseLost):
        sync_slowly()
    assert len(asked) == 1 and new_requests() == []
    now = state(agency)
    assert (now.failures, now.lease_until) == (0, None)
    with scope.for_system("look"):
        assert SyncRun.objects.get(kind=Kind.CAMPAIGNS).outcome == SyncRun.Outcome.DONE


def test_a_task_whose_run_was_taken_over_ends_quietly(agency, monkeypatch):
    def taken_over(connection, kind):
        raise runs.LeaseLost

    monkeypatch.setattr("dashboard.sync.registry.run", taken_over)
    sync_tasks.run_due(agency.connection.pk, Kind.CAMPAIGNS.value)


def test_one_deadline_for_all_requests_of_a_run(agency, monkeypatch):
    monkeypatch.setattr(runs, "MAX_SECONDS_LIVE", 0.0)
    with runs.run_sync(agency.connection, Kind.LIVE_CALLS) as run:
        assert run.is_over
        with pytest.raises(Exception, match="used up"), run.client_for(Priority.LIVE) as vendor:
            vendor.numbers()
    assert run.requests == 0


def test_what_a_run_had_no_time_for_is_read_by_the_next(agency, sandbox, monkeypatch):
    """Calls of older pages are not forgotten because the newest page holds nothing new any more."""
    SyncState.objects.update_or_create(
        connection=agency.connection, kind=Kind.CALLS, defaults={"cursor": {"history": {"offset": 0, "done": True}}}
    )
    asked = []
    answers = {0: (3, True), 50: (3, True), 100: (2, True), 150: (0, True)}

    def page(run, limit, offset):
        asked.append(offset)
        if len(asked) == 2:
            run.until = 0.0
        return answers[offset]

    monkeypatch.setattr(calls, "_page", page)
    monkeypatch.setattr(calls, "_deep_is_due", lambda run: False)
    calls.finished(agency.connection)
    assert asked == [0, 50]
    asked[:] = [0] * 5
    answers |= {0: (0, True), 50: (0, True)}
    calls.finished(agency.connection)
    assert asked[5:] == [0, 50, 100, 150]
    assert "unread" not in state(agency, Kind.CALLS).cursor
