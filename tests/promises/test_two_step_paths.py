"""P1 and P3 against several statements in a row: no detour through another state makes a call's proof or its one
sending open again. Everything is tried by the application's log-in, with every check of the application left out."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from dashboard import voicedock
from dashboard.calls.models import Call
from dashboard.calls.placing import claims, intents
from dashboard.calls.updates import apply
from tenants import audit, dedications
from tenants.isolation import scope
from tenants.models import Assistant, Number, Tenant
from tests.fixtures.backdating import backdating
from tests.fixtures.call_factories import make_call
from tests.fixtures.operator import PERSON

LIVE = ("dialing", "connecting", "ringing", "in-progress", "on-hold", "unknown", "needs-person")
OVER = ("ended", "ended-with-error", "transferred", "failed", "rejected", "insufficient-credits", "refused")
UNSENT = {"state": "queued", "sent_at": None, "remote_id": "", "placed_at": None}


def refused(call: Call, change: str, match: str) -> None:
    def run() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE calls_call SET {change} WHERE id = %s", [call.pk])

    with scope.for_system("try"), pytest.raises(DatabaseError, match=match):
        run()


@pytest.mark.parametrize("state", [*LIVE, *OVER])
@pytest.mark.parametrize("ids", ["with an id", "without"])
def test_no_state_leads_back_into_the_queue(bloom, state, ids):
    """Once back there, line, client and dedications could be rewritten, and the person dialed a second time."""
    call = make_call(bloom, state=state, **({} if ids == "with an id" else {"remote_id": "", "placed_at": None}))
    refused(call, "state = 'queued', sent_at = NULL", "a call is sent once")
    refused(call, "state = 'queued', sent_at = NULL, asked_line = ''", "a call is sent once")


@pytest.mark.parametrize("known", ["remote_id = 'call-_1'", "webhook_call_id = 'h1'", "answered_at = now()"])
def test_a_call_that_voicedock_knows_is_not_unsent(bloom, known):
    call = make_call(bloom, state="sending", remote_id="", placed_at=None)
    with scope.for_system("VoiceDock told of it"), connection.cursor() as cursor:
        cursor.execute(f"UPDATE calls_call SET {known} WHERE id = %s", [call.pk])
    refused(call, "state = 'queued', sent_at = NULL", "a call is sent once")


def test_a_call_that_is_proven_unsent_goes_back(bloom):
    call = make_call(bloom, state="sending", remote_id="", placed_at=None)
    with scope.for_system("it never left"):
        assert Call.objects.filter(pk=call.pk).update(state="queued", sent_at=None) == 1
        assert Call.objects.get(pk=call.pk).asked_line == ""


@pytest.mark.smoke
def test_a_call_keeps_its_id(bloom):
    refused(make_call(bloom, state="ended"), "id = gen_random_uuid()", "not rewritten: id")


def test_the_id_in_webhooks_of_a_call_that_was_placed_is_written_once(bloom):
    call = make_call(bloom, webhook_call_id="h1")
    refused(call, "webhook_call_id = ''", "not rewritten: webhook_call_id")
    refused(call, "webhook_call_id = 'h2'", "not rewritten: webhook_call_id")


@pytest.mark.parametrize("state", ["refused", "ended", "dialing"])
def test_what_was_asked_is_not_written_by_anything_but_the_claim(bloom, state):
    call = make_call(bloom, **UNSENT)
    refused(call, f"state = '{state}', remote_id = 'call-_9', asked_line = '+31505550112'", "what was asked")


@pytest.mark.parametrize("state", LIVE)
@pytest.mark.parametrize("by_way_of", OVER)
@pytest.mark.parametrize("made", ["queued", "over"])
def test_no_live_state_is_reached_by_way_of_one_that_is_over(bloom, state, by_way_of, made):
    call = _over(bloom, by_way_of, made)
    with scope.for_system("the right ends"):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(status="suspended")
    refused(call, f"state = '{state}', finished = false", "may not dial")


def test_no_live_state_without_a_dedication_by_way_of_one_that_is_over(bloom):
    call = _over(bloom, "refused", "queued")
    with scope.for_system("the right ends"):
        dedications.end_number(bloom.number, by=None)
    refused(call, "state = 'dialing', finished = false", "not dedicated now")


def _over(setup, state: str, made: str) -> Call:
    if made == "over":
        return make_call(setup, state=state, remote_id="", sent_at=None, placed_at=None)
    call = make_call(setup, **UNSENT)
    with scope.for_system("it comes to nothing"), backdating():  # the database lets it be refused alone
        Call.objects.filter(pk=call.pk).update(state=state, finished=True)
    return call


def test_news_from_voicedock_is_written_down_after_all(bloom):
    """What VoiceDock shows under an id of its own is a fact, whatever was thought of the call before."""
    call = make_call(bloom, state="refused", remote_id="", placed_at=None)
    with scope.for_system("a list shows it"):
        assert Call.objects.filter(pk=call.pk).update(state="in-progress", remote_id="call-_7", finished=False) == 1


@pytest.mark.smoke
def test_two_requests_that_did_not_see_each_other_dial_the_person_once(operator, monkeypatch):
    """Both looked before either had written its intent; the second is sent when the first rings already."""
    monkeypatch.setattr(intents, "_blocking_reason", lambda tenant, counterpart: None)
    first = operator.place(PERSON, token=uuid.uuid4())
    second = operator.place(PERSON, token=uuid.uuid4())
    assert first.state == "dialing"
    assert (second.state, len(operator.dial_requests())) == ("refused", 1)
    assert claims.ALREADY in second.error
    with scope.for_system("the first is over"):
        Call.objects.filter(pk=first.pk).update(state="ended", finished=True, ended_at=timezone.now())
    assert operator.place(PERSON, token=uuid.uuid4()).state == "dialing"


def test_a_dedication_that_was_withdrawn_makes_no_call_its_clients(bloom, harbor, admin):
    """Its row keeps the first instant of its period, and VoiceDock tells moments in whole seconds."""
    begins = (timezone.now() + timedelta(hours=2)).replace(microsecond=0)
    with scope.for_system("withdrawn from one client, dedicated to another from the same moment"):
        number = Number.objects.create(connection=bloom.connection, remote_id="n7", e164="+31205550777")
        assistant = Assistant.objects.create(connection=bloom.connection, remote_id="a7", name="Second")
        withdrawn = [
            dedications.dedicate_number(bloom.tenant, number, by=admin, start=begins),
            dedications.dedicate_assistant(bloom.tenant, assistant, by=admin, start=begins),
        ]
        dedications.end_number(withdrawn[0], by=admin)
        dedications.end_assistant(withdrawn[1], by=admin)
        dedications.dedicate_number(harbor.tenant, number, by=admin, start=begins)
        dedications.dedicate_assistant(harbor.tenant, assistant, by=admin, start=begins)
    remote = {"id": "call-_77", "status": "ended", "caller_phone": PERSON, "assistant_phone": number.e164}
    remote |= {"number_id": "n7", "assistant_id": "a7", "created_at": begins.isoformat()}
    for direction in ("inbound", "outbound"):
        remote_call = remote | {"direction": direction, "id": f"call-_{direction}"}
        call = apply.apply_update_in_transaction(
            bloom.connection, apply.CallUpdate.of_remote(voicedock.RemoteCall.read(remote_call))
        )
        assert call.tenant_id == harbor.tenant.pk
        ended_number, ended_assistant = withdrawn
        assert call.number_dedication_id != ended_number.pk
        assert call.assistant_dedication_id != ended_assistant.pk


def test_a_report_does_not_go_by_way_of_a_client_that_only_looks_closed(bloom, admin):
    call = make_call(bloom, state="ended")
    with scope.for_system("by SQL"):
        old = timezone.now() - timedelta(days=4000)
        Tenant.objects.filter(pk=bloom.tenant.pk).update(status="closed", closed_at=old, retention_days=0)
    refused(call, "data_removed_at = now()", "retention of this call has not ended")
    with scope.for_system("the trail tells it"):
        audit.record(admin, bloom.tenant, "tenant.closed", bloom.tenant, name="Bloom", why="Gone")
        assert Call.objects.filter(pk=call.pk).update(counterpart="", data_removed_at=timezone.now()) == 1


def test_a_request_that_waited_does_not_dial_after_another_that_is_over(operator, monkeypatch):
    """The first waits after a 429 while the second, on another line, is sent and ends."""
    monkeypatch.setattr(intents, "_blocking_reason", lambda tenant, counterpart: None)
    operator.add_fault("429", retry_after=60)
    waiting = operator.place(PERSON, token=uuid.uuid4())
    assert waiting.state == "queued"
    other = make_call(operator, state="ended", counterpart=waiting.counterpart, remote_id="call-_other")
    with scope.for_system("it left after the first was requested"), backdating():
        Call.objects.filter(pk=other.pk).update(sent_at=timezone.now())
        Call.objects.filter(pk=waiting.pk).update(lease_until=timezone.now())
    before = len(operator.dial_requests())
    sent = intents.send(waiting.pk)
    assert (sent.state, len(operator.dial_requests())) == ("refused", before)
    assert claims.CALLED_MEANWHILE in sent.error
