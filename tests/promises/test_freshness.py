"""P11: without a single webhook the copies follow reality within one round, and say how old they are."""

import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard.calls.models import Call
from dashboard.calls.updates import sync
from dashboard.campaigns import lead_reads
from dashboard.live_updates.models import Change
from dashboard.rate_limits import shares
from dashboard.rate_limits.models import Priority
from dashboard.sync import due, freshness, runs, tasks
from dashboard.sync.models import Kind, SyncState
from tenants.isolation import scope
from tests.promises import scale
from tests.promises.simulated_day import Day, Recorder


def one_round(*, later=0):
    """What beat and the workers do `later` seconds from now."""
    ago = timedelta(seconds=later)
    for state in SyncState.objects.all():
        state.due_at, state.fresh_at = state.due_at - ago, state.fresh_at and state.fresh_at - ago
        state.save(update_fields=["due_at", "fresh_at"])
    for connection, kind in due.due():
        tasks.run_due(connection, kind.value)


@pytest.mark.smoke
def test_freshness(agency, make_sandbox_tenant, receive_call, end_remote_call):
    tenant = make_sandbox_tenant(agency, "harbor", numbers=("+31105550161",), assistants=("Dispatch desk",))
    one_round()
    with scope.for_tenant(tenant):
        assert freshness.freshness_of(tenant).age < timedelta(seconds=5)

    remote_id = receive_call()
    one_round(later=15)
    with scope.for_tenant(tenant):
        call = Call.objects.get(remote_id=remote_id)
        assert call.state == "in-progress"
        assert Change.objects.filter(kind="call", ref=str(call.pk)).exists()

    end_remote_call(remote_id)
    one_round(later=3)
    with scope.for_tenant(tenant):
        assert Call.objects.get().state == "ended"
        assert freshness.freshness_of(tenant).age < timedelta(seconds=20)


def test_when_nobody_looks_the_age_grows_and_is_reported(agency, make_sandbox_tenant):
    tenant = make_sandbox_tenant(agency, "harbor", numbers=("+31105550161",))
    one_round()
    SyncState.objects.filter(kind=Kind.LIVE_CALLS).update(fresh_at=timezone.now() - timedelta(minutes=9))
    with scope.for_tenant(tenant):
        assert freshness.freshness_of(tenant).age > timedelta(minutes=8)


# The clock of this test has one worker: a round of lists may wait for its reads of people once. `up` has two.
ROUNDS = 2


@pytest.fixture
def day(agency, make_sandbox_tenant, sandbox, fake_clock, receive_call, settings):
    """VoiceDock with many started campaigns, all of which have been read once."""
    make_sandbox_tenant(agency, "harbor", numbers=("+31105550161",), assistants=("Dispatch desk",))
    agent_id = next(one.id for one in sandbox.state.assistants.values() if one.name == "Dispatch desk")
    settings.VOICEDOCK_TRANSPORT = recorder = Recorder(sandbox)
    hours = (8, 18) if scale.WHOLE else (0, 24)
    made = Day(sandbox, fake_clock, recorder, agent_id, receive_call, hours)
    made.fill(scale.FOLLOWED)
    while not made.is_read:
        made.run(60)
    made.begin()
    return made


@pytest.mark.django_db(transaction=True)
def test_for_a_day_within_the_share_of_background_work(day):
    """T = 60·(⌈N/P⌉ + k)/B seconds, by the plan: N campaigns, of which one answer brings all (P = N); k other lists
    that are read meanwhile; B requests a minute, which calls that are live leave to lists."""
    day.run(scale.HOURS * 3600)
    asked, minutes = day.requests, scale.HOURS * 60

    live = 2 * 60 / sync.WHILE_LIVE
    budget = shares.ceiling(Priority.REST) - live
    interval = runs.INTERVALS[Kind.CAMPAIGNS]
    others = interval * (1 / runs.INTERVALS[Kind.CALLS] + 1 / runs.INTERVALS[Kind.ORGANIZATION])
    bound = max(interval, 60 * (1 + others) / budget)
    sys.stdout.write(f"{day.in_words(minutes)}; T {bound:.1f} s\n")  # shown by `pytest -s`

    assert set(day.recorder.statuses) == {200}
    assert day.recorder.most_in_a_minute <= 100
    assert asked["/campaigns"] >= int(60 * minutes / (1.1 * bound)) and 1.1 * bound <= 30
    assert day.calls.worst <= 1.1 * runs.INTERVALS[Kind.LIVE_CALLS]
    assert len(day.counters.found) >= 10 and day.counters.worst <= ROUNDS * 1.1 * bound
    assert len(day.leads.found) >= 5 and day.leads.worst <= 2 * lead_reads.LATEST.total_seconds()
    assert day.left <= 2 * lead_reads.LATEST.total_seconds()
