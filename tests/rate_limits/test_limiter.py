"""One budget in PostgreSQL: what the rules allow, kept across threads, clients and calls."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError

import pytest
import stamina
from django.db import connection as database
from django.db import transaction
from django.utils import timezone
from httpx import ConnectError, MockTransport, Response

from dashboard.calls.models import Call
from dashboard.rate_limits import limiter
from dashboard.rate_limits.models import Priority, SentRequest
from tenants.isolation import scope
from tenants.models import Connection
from tests.patience import PATIENCE


def quota(call):
    return limiter.command_quota(call.connection_id, call.pk)


@pytest.fixture
def ask(settings):
    """Ask VoiceDock something in a priority; it has no campaigns, what counts is whether the question may leave."""
    settings.VOICEDOCK_TRANSPORT = MockTransport(lambda request: Response(200, json={"campaigns": []}))

    def go(setup, priority, call=None, **whose):
        if call:
            whose |= {"tenant": call.tenant_id, "call_id": call.pk}
        with limiter.client_for(setup.connection, priority, **whose) as vendor:
            return vendor.campaigns()

    return go


@pytest.fixture
def clock(monkeypatch):
    """Time that passes when the test says so."""
    now = {"at": limiter.clock()}
    monkeypatch.setattr(limiter, "clock", lambda: now["at"])

    def wait(seconds):
        now["at"] += timedelta(seconds=seconds)

    return wait


def flood(ask, setup, priority, **whose):
    for count in range(200):
        try:
            ask(setup, priority, **whose)
        except limiter.RateLimitExceeded:
            return count


def placed(setup):
    with scope.for_tenant(setup.tenant):
        return Call.objects.create(
            tenant=setup.tenant,
            connection=setup.connection,
            number_dedication=setup.number,
            assistant_dedication=setup.assistant,
            origin="placed",
            counterpart="+31612345678",
            client_token=uuid.uuid4(),
        )


def test_background_cannot_use_up_the_share_of_people(bloom, ask, clock):
    assert flood(ask, bloom, Priority.REST) == 60
    assert flood(ask, bloom, Priority.PLACE, tenant=bloom.tenant) == 24
    with pytest.raises(limiter.RateLimitExceeded) as error:
        ask(bloom, Priority.REST)
    assert error.value.retry_after == pytest.approx(60.5)
    assert error.value.message == "Background work has used its share of this minute; the rest is kept for people."
    clock(60.5)
    ask(bloom, Priority.REST)


def test_two_connections_have_two_budgets(bloom, harbor, ask, clock):
    flood(ask, bloom, Priority.END)
    assert flood(ask, harbor, Priority.END) == 96


def test_the_cells_of_a_call_are_seen_in_its_clients_scope(bloom, harbor, ask, clock):
    call = placed(bloom)
    assert flood(ask, bloom, Priority.CONTROL, call=call) == 8
    with scope.for_tenant(bloom.tenant):
        assert quota(call) == limiter.CommandQuota(used=8, limit=10, kept=2, free=0, back_in=61)
    with scope.for_tenant(harbor.tenant):
        assert quota(call).used == 0
    clock(60.5)
    with scope.for_tenant(bloom.tenant):
        assert quota(call) == limiter.CommandQuota(used=0, limit=10, kept=2, free=8, back_in=0)


def test_what_was_spent_is_reported_by_lane_and_old_rows_go(bloom, ask, clock):
    flood(ask, bloom, Priority.LIVE)
    ask(bloom, Priority.END)
    with scope.for_system("look"):
        assert limiter.used(bloom.connection) == 67
        assert limiter.used_by_priority(bloom.connection)[Priority.LIVE] == 66
    clock(200)
    ask(bloom, Priority.END)
    with scope.for_system("look"):
        assert SentRequest.objects.count() == 1


def test_nobody_speaks_while_a_transaction_is_open(bloom):
    with (
        pytest.raises(limiter.OpenTransaction),
        transaction.atomic(),
        limiter.client_for(bloom.connection, Priority.REST),
    ):
        pass
    with (
        limiter.client_for(bloom.connection, Priority.REST) as vendor,
        pytest.raises(limiter.OpenTransaction),
        scope.for_tenant(bloom.tenant),
    ):
        vendor.campaigns()


def too_many(request):
    return Response(429, json={"error": "Rate limit exceeded"}, headers={"Retry-After": "45"})


def test_a_429_makes_background_rest_and_is_reported(bloom, ask, clock, settings):
    transport, settings.VOICEDOCK_TRANSPORT = settings.VOICEDOCK_TRANSPORT, MockTransport(too_many)
    with pytest.raises(limiter.voicedock.RateLimited):
        ask(bloom, Priority.REST)
    settings.VOICEDOCK_TRANSPORT = transport
    with scope.for_system("look"):
        bloom.connection.refresh_from_db()
    assert bloom.connection.last_error == "Rate limit exceeded"
    assert bloom.connection.resting_until > timezone.now() + timedelta(seconds=40)
    with pytest.raises(limiter.RateLimitExceeded):
        ask(bloom, Priority.LIVE)
    ask(bloom, Priority.PLACE, tenant=bloom.tenant)
    with scope.for_system("look"):
        assert Connection.objects.get(pk=bloom.connection.pk).last_error == ""


def test_a_shorter_wait_does_not_shorten_the_one_that_was_asked_before(bloom, ask, settings):
    waits = iter(("300", "5"))
    settings.VOICEDOCK_TRANSPORT = MockTransport(lambda request: Response(429, headers={"Retry-After": next(waits)}))
    for priority in (Priority.REST, Priority.PLACE):
        with pytest.raises(limiter.voicedock.RateLimited):
            ask(bloom, priority, tenant=bloom.tenant)
    with scope.for_system("look"):
        bloom.connection.refresh_from_db()
    assert bloom.connection.resting_until > timezone.now() + timedelta(seconds=290)


def test_a_call_at_its_own_limit_does_not_make_background_rest(bloom, ask, settings):
    call, settings.VOICEDOCK_TRANSPORT = placed(bloom), MockTransport(too_many)
    with pytest.raises(limiter.voicedock.RateLimited):
        ask(bloom, Priority.CONTROL, call=call)
    with scope.for_system("look"):
        bloom.connection.refresh_from_db()
    assert (bloom.connection.resting_until, bloom.connection.last_error) == (None, "")


def test_a_key_that_is_not_accepted_and_a_silence_are_reported(bloom, ask, settings):
    before = bloom.connection.last_contact_at
    settings.VOICEDOCK_TRANSPORT = MockTransport(silence)
    with stamina.set_testing(True, attempts=3), pytest.raises(limiter.voicedock.Unreachable):
        ask(bloom, Priority.REST)
    with scope.for_system("look"):
        bloom.connection.refresh_from_db()
    assert bloom.connection.last_error.startswith("VoiceDock could not be reached")
    assert bloom.connection.last_contact_at == before
    settings.VOICEDOCK_TRANSPORT = MockTransport(lambda request: Response(401, json={"error": "Unauthorized"}))
    with pytest.raises(limiter.voicedock.BadKey):
        ask(bloom, Priority.REST)
    with scope.for_system("look"):
        bloom.connection.refresh_from_db()
    assert bloom.connection.last_error == "Unauthorized"
    assert bloom.connection.last_contact_at > before
    with scope.for_system("look"):
        assert limiter.used(bloom.connection) == 4  # a read is asked three times when nobody answers


def silence(request):
    raise ConnectError("refused")


@pytest.mark.django_db(transaction=True)
def test_threads_together_never_spend_more(bloom, ask):
    def work(_):
        try:
            return sum(_try(ask, bloom) for _ in range(25))
        finally:
            database.close()

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(work, range(6))) == 96


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("locked", "left"), [(True, 96), (False, 97)])
def test_the_last_request_is_spent_once(bloom, ask, monkeypatch, locked, left):
    """Two at once for one place; without the lock both get it, so the test can see."""
    for _ in range(95):
        ask(bloom, Priority.END)
    together, judge = Barrier(2), limiter.shares.decide

    def judge_together(*args, **kwargs):
        verdict = judge(*args, **kwargs)
        with suppress(BrokenBarrierError):
            together.wait(timeout=0.3 if locked else PATIENCE)
        return verdict

    monkeypatch.setattr(limiter.shares, "decide", judge_together)
    if not locked:
        monkeypatch.setattr(limiter, "_lock", lambda connection: None)

    def work(_):
        try:
            _try(ask, bloom)
        finally:
            database.close()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(work, range(2)))
    with scope.for_system("look"):
        assert limiter.used(bloom.connection) == left


def _try(ask, setup):
    try:
        ask(setup, Priority.END)
    except limiter.RateLimitExceeded:
        return False
    return True
