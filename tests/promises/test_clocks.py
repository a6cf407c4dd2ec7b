"""The clocks of our machines may be wrong: what is late is decided by the database's clock alone.

The application's clock is ten minutes ahead or behind here, the database's and VoiceDock's are right.
"""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from dashboard.calls import sweep
from dashboard.calls.control import commands
from dashboard.calls.models import Call, Receipt
from dashboard.calls.placing import sending
from dashboard.connections import organizations, vendor_requests
from dashboard.connections import tasks as connection_tasks
from dashboard.connections.models import OrganizationRequest, VendorRequest
from dashboard.rate_limits import limiter
from dashboard.sync import due
from dashboard.sync import tasks as sync_tasks
from dashboard.sync.models import SyncState
from dashboard.voicedock import webhooks
from dashboard.webhooks import deliveries
from dashboard.webhooks.models import Delivery
from tenants.isolation import scope
from tenants.models import ConnectionSecret

OFF = [timedelta(minutes=10), timedelta(minutes=-10)]


class Killed(BaseException):
    """The process is gone in this moment."""


@pytest.fixture(params=OFF, ids=["ahead", "behind"])
def wrong_clock(operator, request):
    """Everything was set up before the clock went wrong."""
    with time_machine.travel(timezone.now() + request.param, tick=True):
        yield request.param


def near(moment):
    return abs(moment - limiter.clock()) < timedelta(minutes=1)


def test_a_call_that_waits_is_neither_refused_at_once_nor_forgotten(operator, wrong_clock, monkeypatch):
    monkeypatch.setattr(sending, "attempt", lambda call: call)
    call = operator.place()
    monkeypatch.undo()
    assert near(call.created_at)
    assert sweep.run() == []
    assert operator.reload(call).state == "queued"
    operator.let_pass(call, 5)
    assert sweep.run() == [call.pk]


@pytest.mark.smoke
def test_a_lost_answer_is_looked_for_as_long_as_ever(operator, wrong_clock):
    operator.add_fault("500")
    call = operator.place()
    assert call.state == "unknown"
    for _ in range(4):
        with scope.for_system("it is due"):
            Call.objects.filter(pk=call.pk).update(lease_until=limiter.clock() - timedelta(seconds=1))
        operator.run_due_work()
    assert operator.reload(call).state == "unknown", "two minutes have not passed"


def test_a_command_on_its_way_is_not_given_up_at_once(operator, wrong_clock, monkeypatch):
    call = operator.place_answered()

    def dies(*args, **kwargs):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(commands.limiter, "client_for", dies)
        with pytest.raises(Killed):
            commands.send(call, {"type": "end-call"}, by=operator.user, token=uuid.uuid4())
    operator.run_due_work()
    (receipt,) = operator.receipts(call)
    assert near(receipt.asked_at) and receipt.outcome == "waiting"
    assert operator.reload(call).alarm == "", "eleven seconds have not passed"
    operator.let_pass(call, 70)
    operator.run_due_work()
    assert operator.receipts(call)[0].outcome == "unknown" and operator.reload(call).alarm == "end-not-confirmed"


def test_an_organization_asked_for_is_not_given_up_at_once(operator, wrong_clock, monkeypatch):
    def dies(*args, **kwargs):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(organizations.limiter, "client_for", dies)
        with pytest.raises(Killed):
            organizations.create(operator.connection, "New one", by=operator.user)
    connection_tasks.finish_connections()
    with scope.for_system("look"):
        asked = OrganizationRequest.objects.get()
        assert near(asked.asked_at) and asked.outcome == "waiting"


def test_a_request_is_not_given_up_at_once(operator, wrong_clock):
    with scope.for_system("on its way"):
        VendorRequest.objects.create(connection=operator.connection, tenant=operator.tenant, subject="campaign:1")
    assert vendor_requests.give_up_lost() == 0


def test_webhooks_left_behind_are_not_left_for_longer(operator, wrong_clock):
    with scope.for_system("a secret"):
        secret = ConnectionSecret.objects.get(connection=operator.connection)
        token = secret.new_webhook_secret()
        secret.save()
        operator.connection.refresh_from_db()
    raw, stamp = b'{"message": {"type": "status-update", "call": {"id": "x"}}}', str(int(timezone.now().timestamp()))
    deliveries.record(operator.connection.webhook_token, raw, "sha256=" + webhooks.sign(token, stamp, raw), stamp)
    with scope.for_system("look"):
        assert near(Delivery.objects.get().received_at)


def test_syncs_stay_due(operator, wrong_clock):
    SyncState.objects.all().delete()
    assert due.due()
    sync_tasks.run_due(operator.connection.pk, "campaigns")
    state = SyncState.objects.get(kind="campaigns")
    assert near(state.fresh_at) and near(state.due_at)


def test_knock_out_with_the_application_s_clock_it_is_given_up(operator, monkeypatch):
    """The tests above can see: with the moment of asking by another clock the command is given up at once."""
    monkeypatch.setattr(limiter, "clock", timezone.now)
    call = operator.place_answered()
    with time_machine.travel(timezone.now() - timedelta(minutes=10), tick=True), monkeypatch.context() as patch:
        patch.setattr(commands.limiter, "client_for", lambda *args, **more: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            commands.send(call, {"type": "end-call"}, by=operator.user, token=uuid.uuid4())
    sweep.run()
    with scope.for_system("look"):
        assert Receipt.objects.get().outcome == "unknown"
