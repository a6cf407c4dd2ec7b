"""P11: without a single webhook the copies follow reality within one round, and say how old they are."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard.calls.models import Call
from dashboard.live_updates.models import Change
from dashboard.sync import due, freshness, tasks
from dashboard.sync.models import Kind, SyncState
from tenants.isolation import scope


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
