"""P7: people come before machines, and no client uses up the share of another; seen from VoiceDock's side."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection as database

from dashboard import voicedock
from dashboard.rate_limits import limiter, shares
from dashboard.rate_limits.models import Priority


def ask(connection, priority, tenant=None):
    """One request; whether it left."""
    try:
        with limiter.client_for(connection, priority, tenant=tenant) as vendor:
            vendor.campaigns()
    except limiter.RateLimitExceeded:
        return False
    return True


def flood(connection, priority, tenant=None):
    count = 0
    while ask(connection, priority, tenant):
        count += 1
    return count


def statuses(sandbox):
    return [entry["status"] for entry in sandbox.log.since()]


@pytest.mark.smoke
@pytest.mark.django_db(transaction=True)
def test_window_invariant(agency, make_sandbox_tenant, sandbox):
    """Processes that all want more than there is: VoiceDock never has to refuse one of them."""
    tenant = make_sandbox_tenant(agency, "harbor", numbers=("+31105550161",))

    def work(priority):
        try:
            return sum(ask(agency.connection, priority, tenant) for _ in range(40))
        finally:
            database.close()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(work, Priority))
    assert 429 not in statuses(sandbox)
    assert len(statuses(sandbox)) <= 100
    assert flood(agency.connection, Priority.END, tenant) + len(statuses(sandbox)) >= 90


def test_knock_out_without_the_rules_voicedock_refuses(agency, sandbox, monkeypatch):
    monkeypatch.setattr(shares, "decide", lambda *args, **kwargs: None)
    with pytest.raises(voicedock.RateLimited):
        flood(agency.connection, Priority.REST)
    assert 429 in statuses(sandbox)


def test_machines_never_use_up_the_share_of_people(agency, make_sandbox_tenant):
    tenant = make_sandbox_tenant(agency, "harbor", numbers=("+31105550161",))
    for priority in (Priority.REST, Priority.LIVE, Priority.RECONCILE):
        flood(agency.connection, priority)
    assert flood(agency.connection, Priority.PLACE, tenant) >= 12
    assert flood(agency.connection, Priority.CONTROL, tenant) >= 6
    assert flood(agency.connection, Priority.END, tenant) >= 6


@pytest.mark.parametrize("loud", [Priority.PLACE, Priority.CONTROL])
def test_noisy_neighbour(agency, make_sandbox_tenant, loud):
    """Machines and one client ask for all there is; the other still places, steers and ends at once."""
    noisy = make_sandbox_tenant(agency, "noisy", numbers=("+31105550161",))
    quiet = make_sandbox_tenant(agency, "quiet", numbers=("+31505550112",))
    for priority in (Priority.REST, Priority.LIVE, Priority.RECONCILE):
        flood(agency.connection, priority)
    flood(agency.connection, loud, noisy)
    assert ask(agency.connection, loud, quiet)
    assert ask(agency.connection, Priority.CONTROL, quiet)
    assert ask(agency.connection, Priority.END, quiet)


def test_knock_out_without_shares_the_neighbour_waits(agency, make_sandbox_tenant, monkeypatch):
    """The test above can see."""
    monkeypatch.setattr(shares, "_held_for_others", lambda *args: 0)
    with pytest.raises(AssertionError):
        test_noisy_neighbour(agency, make_sandbox_tenant, Priority.CONTROL)
