"""What VoiceDock has answered is known, whatever fails afterwards: the answer is committed first, and alone.

A failure is put in at each place after a successful request: the note about the connection, the audit trail, the
screens, the row of the connection that somebody holds.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from django.db import DatabaseError, connection
from django.db.models import F

from dashboard.calls.control import commands
from dashboard.calls.models import Call
from dashboard.calls.placing import sending
from dashboard.campaigns import control as campaigns
from dashboard.campaigns import sync as campaign_sync
from dashboard.campaigns.models import Campaign
from dashboard.connections import connect, organizations, vendor_requests
from dashboard.connections.models import OrganizationRequest, VendorRequest
from dashboard.live_updates import publish
from dashboard.rate_limits import limiter
from dashboard.sync import runs
from tenants import audit
from tenants.isolation import scope
from tenants.models import Assistant, AuditEntry, Connection

LIVE = {"dialing", "connecting", "ringing", "in-progress"}


class Broken(Exception):
    """Something that follows the answer fails."""


def fails(*args: object, **kwargs: object) -> None:
    raise Broken


def note_fails(monkeypatch):
    def write(budget, error):
        raise DatabaseError("the row is locked")

    monkeypatch.setattr(limiter._RequestBudget, "_update_connection", write)


@contextmanager
def held(pk: int) -> Iterator[None]:
    """Somebody else holds the row of the connection, and does not let go."""
    with psycopg.connect(os.environ["PATCHBAY_TEST_SERVER"], dbname=connection.settings_dict["NAME"]) as other:
        other.execute("SELECT 1 FROM tenants_connection WHERE id = %s FOR NO KEY UPDATE", [pk])
        yield
        other.rollback()


def test_a_placed_call_is_known_when_the_note_about_its_connection_fails(operator, monkeypatch):
    note_fails(monkeypatch)
    assert operator.place().state == "dialing"
    assert operator.audit_actions() == ["call.asked", "call.placed"]


def test_a_placed_call_is_answered_for_when_the_next_look_cannot_be_hurried(operator, monkeypatch):
    def broken(*args, **kwargs):
        raise DatabaseError("the row is locked")

    monkeypatch.setattr(runs.SyncState.objects, "filter", broken)
    assert operator.place().state == "dialing"


@pytest.mark.django_db(transaction=True)
def test_a_locked_row_of_the_connection_holds_no_answer_up(operator):
    call = operator.place_answered()
    with held(operator.connection.pk):
        finished = threading.Event()

        def ask():
            try:
                assert operator.place("+31612340043").state == "dialing"
                receipt = commands.send(call, {"type": "end-call"}, by=operator.user, token=uuid.uuid4())
                assert receipt.outcome == "accepted"
                finished.set()
            finally:
                connection.close()

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join(20)
        assert finished.is_set()


PLACES = {
    "the audit trail": (audit, "record"),
    "the screens": (publish, "row_changed"),
    "the change of the call": (sending, "transition"),
    "the row that makes way": (sending, "_merge_duplicate"),
    "the next look": (sending.runs, "mark_due"),
}


@pytest.mark.smoke
@pytest.mark.parametrize("where", PLACES)
def test_a_call_that_was_placed_stays_placed_whatever_fails_after_the_answer(operator, monkeypatch, where):
    owner, name = PLACES[where]
    real = sending.voicedock.Client.place_call

    def placed(client, **what):
        answer = real(client, **what)
        monkeypatch.setattr(owner, name, fails)
        return answer

    monkeypatch.setattr(sending.voicedock.Client, "place_call", placed)
    with pytest.raises(Broken):
        operator.place()
    (call,) = operator.calls()
    assert call.answered_at and call.answered_remote_id
    monkeypatch.undo()
    operator.add_fault("hang", route="/calls", seconds=60)  # nothing is looked up: what was kept is enough
    operator.let_pass(call, 60)
    operator.run_due_work()
    call = operator.reload(call)
    assert call.state in LIVE and call.remote_id == call.answered_remote_id and call.placed_at
    assert operator.audit_actions() == ["call.asked", "call.placed"] and len(operator.dial_requests()) == 1


def test_a_refusal_that_is_known_stays_one(operator, monkeypatch):
    operator.add_fault("402")
    monkeypatch.setattr(sending, "refuse", fails)
    with pytest.raises(Broken):
        operator.place()
    monkeypatch.undo()
    (call,) = operator.calls()
    operator.let_pass(call, 60)
    operator.run_due_work()
    call = operator.reload(call)
    assert (call.state, call.alarm) == ("refused", "") and "Nothing was dialed" in call.error


@pytest.mark.parametrize("where", ["note", "record", "record_transition", "_mark"])
def test_a_command_that_was_accepted_stays_accepted(operator, monkeypatch, where):
    call = operator.place_answered()
    real = commands.voicedock.Client.control_call

    def sent(client, *what):
        real(client, *what)
        if where == "note":
            note_fails(monkeypatch)
        else:
            monkeypatch.setattr(commands, where, fails)

    monkeypatch.setattr(commands.voicedock.Client, "control_call", sent)
    if where == "note":
        assert commands.send(call, {"type": "end-call"}, by=operator.user, token=uuid.uuid4()).outcome == "accepted"
    else:
        with pytest.raises(Broken):
            commands.send(call, {"type": "end-call"}, by=operator.user, token=uuid.uuid4())
    monkeypatch.undo()
    (receipt,) = operator.receipts(call)
    assert receipt.outcome == "accepted"
    for _ in range(2):
        operator.let_pass(call, 10)
        operator.run_due_work()
    assert operator.audit_actions().count("call.command-accepted") == 1
    assert operator.receipts(call)[0].recorded_at and len(operator.command_requests()) == 1


def test_the_key_of_a_new_organization_is_kept_before_the_connection_is_noted(agency, monkeypatch):
    sealed = []

    def write(budget, error):
        sealed.append(OrganizationRequest.objects.get().sealed_api_key)
        raise DatabaseError("the row is locked")

    monkeypatch.setattr(limiter._RequestBudget, "_update_connection", write)
    assert organizations.create(agency.connection, "Newly made", by=None).outcome == "created"
    assert sealed and sealed[0]
    with scope.for_system("look"):
        assert Connection.objects.filter(name="Newly made").exists()


def test_each_assistant_that_reports_to_us_is_known_at_once(agency, monkeypatch):
    """The third one fails in a way that nobody foresaw: the first two are not updated again."""
    real, updated = connect.voicedock.Client.update_assistant, []

    def update(client, remote_id, **what):
        if len(updated) == 2:
            raise Broken
        updated.append(remote_id)
        return real(client, remote_id, **what)

    monkeypatch.setattr(connect.voicedock.Client, "update_assistant", update)
    note_fails(monkeypatch)
    with pytest.raises(Broken):
        connect.set_up_webhooks(agency.connection, take_over=True)
    with scope.for_system("look"):
        hooked = Assistant.objects.exclude(hooked_at=None)
        assert set(hooked.values_list("remote_id", flat=True)) == set(updated) and len(updated) == 2


def test_a_row_that_makes_way_is_reported_and_one_that_was_placed_never_does(operator, monkeypatch):
    """The list shows the call before its answer comes; and VoiceDock answers with an id that is another call's."""
    real = sending.voicedock.Client.place_call

    def listed_first(client, **what):
        answer = real(client, **what)
        with scope.for_system("a list came first, with nothing in it that is ours"):
            Call.objects.create(
                connection=operator.connection,
                tenant=operator.tenant,
                origin="adopted",
                counterpart="+31612340042",
                state="dialing",
                remote_id=answer.call_id,
            )
        return answer

    monkeypatch.setattr(sending.voicedock.Client, "place_call", listed_first)
    call = operator.place()
    monkeypatch.undo()
    assert operator.audit_actions() == ["call.asked", "call.made-way", "call.placed"]
    with scope.for_system("look"):
        twin = Call.objects.get(origin="adopted")
    assert (twin.finished, twin.remote_id, twin.version) == (True, "", 2)

    def same_id(client, **what):
        real(client, **what)
        return sending.voicedock.PlacedCall(call.remote_id, "dialing")

    monkeypatch.setattr(sending.voicedock.Client, "place_call", same_id)
    other = operator.place("+31612340043")
    assert operator.reload(call).state == "dialing" and operator.reload(call).remote_id == call.remote_id
    assert (other.state, other.alarm, other.remote_id) == ("needs-person", "not-certain", "")
    assert "the id of another one" in other.error and operator.audit_actions()[-1] == "call.id-repeated"


@pytest.mark.parametrize("where", ["the audit trail", "what it is now"])
def test_a_campaign_that_was_paused_is_known_to_be(operator, make_remote_campaign, monkeypatch, where):
    remote = operator.sandbox.state.campaigns[make_remote_campaign("Recall", "Dispatch desk")]
    remote.status = "scheduled"
    campaign_sync.campaigns(operator.connection)
    with scope.for_system("look"):
        campaign = Campaign.objects.get()
    real = campaigns.voicedock.Client.update_campaign

    def paused(client, *what, **more):
        answer = real(client, *what, **more)
        owner, name = (audit, "record") if where == "the audit trail" else (campaign_sync, "store_campaigns")
        monkeypatch.setattr(owner, name, fails)
        return answer

    monkeypatch.setattr(campaigns.voicedock.Client, "update_campaign", paused)
    with pytest.raises(Broken):
        campaigns.pause(campaign, by=operator.user)
    monkeypatch.undo()
    with scope.for_system("time goes by"):
        assert VendorRequest.objects.get().outcome == "accepted"
        VendorRequest.objects.update(settled_at=F("settled_at") - timedelta(minutes=3))
    vendor_requests.give_up_lost()
    vendor_requests.give_up_lost()
    with scope.for_system("look"):
        entries = AuditEntry.objects.filter(action__startswith="campaign.pause").order_by("seq")
        assert list(entries.values_list("action", flat=True)) == ["campaign.pause-asked", "campaign.pause-accepted"]
