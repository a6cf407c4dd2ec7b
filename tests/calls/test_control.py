"""Steering: one receipt for each command, sent once, telling the truth; what later news settles."""

import uuid
from contextlib import suppress

import pytest

from dashboard.calls.control import commands, handover
from dashboard.calls.models import TRANSFER_IS_LATE, CallReport, Receipt
from dashboard.rate_limits import limiter
from tenants.isolation import scope

SAY = {"type": "say", "content": "One moment, I am checking that.", "end_after": False}
END = {"type": "end-call"}
TO = {"type": "transfer", "destination": "+31612340099", "message": "One moment."}
CONTEXT = {"type": "inject-context", "content": "Order 4417 is confirmed.", "trigger_response": True}


def send(operator, call, command, token=None):
    return commands.send(call, command, by=operator.user, token=token or uuid.uuid4())


@pytest.mark.parametrize("command", [SAY, TO, CONTEXT, END])
def test_a_command_is_sent_once_and_accepted(operator, command):
    call, token = operator.place_answered(), uuid.uuid4()
    receipt = send(operator, call, command, token)
    assert (receipt.outcome, receipt.effect, receipt.note) == ("accepted", "", "")
    assert receipt.sent_at <= receipt.answered_at
    assert send(operator, call, command, token).pk == receipt.pk
    (sent,) = operator.command_requests()
    assert sent["body"] == command
    assert operator.audit_actions()[-2:] == ["call.command-asked", "call.command-accepted"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ({"type": "say", "content": "  "}, "Write what the assistant should say."),
        ({"type": "inject-context", "content": ""}, "Write what the assistant should know."),
        ({"type": "say", "content": "a" * 1001}, "Keep it below 1000 characters: these are 1001."),
        ({"type": "transfer", "destination": "0612345678"}, "country code"),
        ({"type": "transfer", "destination": "sip:nowhere"}, "like sip:desk@example.com"),
        ({"type": "dance"}, "no such command"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_not_sent(operator, command, words):
    receipt = send(operator, operator.place_answered(), command)
    assert (receipt.outcome, receipt.sent_at) == ("refused", None)
    assert words in receipt.note
    assert operator.command_requests() == []


def test_a_call_that_is_not_answered_yet_or_is_over_takes_no_command(operator):
    call = operator.place()
    assert "once the call has been answered" in send(operator, call, SAY).note
    operator.control_sandbox(f"calls/{call.remote_id}/force", status="ended")
    operator.read_calls()
    receipt = send(operator, call, END)
    assert (receipt.outcome, receipt.sent_at) == ("refused", None)
    assert "is over" in receipt.note
    assert operator.command_requests() == []


@pytest.mark.parametrize(
    ("fault", "outcome", "sent", "words"),
    [
        ("400", "refused", True, "no longer in progress"),
        ("409", "refused", True, "no longer in progress"),
        ("404", "refused", True, "does not know this call"),
        ("429", "refused", True, "try again in 45 seconds"),
        ("500", "unknown", True, "may have been done or not"),
        ("504", "unknown", True, "may have been done or not"),
        ("html502", "unknown", True, "may have been done or not"),
        ("cut", "unknown", True, "did not answer"),
        ("lost", "unknown", True, "did not answer"),
        ("truncated", "unknown", True, "cannot read"),
        ("hang", "unknown", True, "did not answer"),
    ],
)
def test_what_goes_wrong_at_voicedock_is_on_the_receipt(operator, fault, outcome, sent, words):
    call = operator.place_answered()
    operator.add_fault(fault, "/calls/*/control")
    receipt = send(operator, call, SAY)
    assert receipt.outcome == outcome
    assert words in receipt.note
    assert bool(receipt.sent_at) is sent
    assert len(operator.command_requests()) == 1


def test_the_last_two_commands_are_kept_for_ending(operator):
    call = operator.place_answered()
    outcomes = [send(operator, call, CONTEXT).outcome for _ in range(9)]
    assert outcomes == ["accepted"] * 8 + ["refused"]
    assert "kept for ending it" in operator.receipts(call)[-1].note
    assert send(operator, call, END).outcome == "accepted"
    assert len(operator.command_requests()) == 9


def test_ending_is_confirmed_by_the_call_itself_and_may_be_repeated(operator):
    call = operator.place_answered()
    first, second = send(operator, call, END), send(operator, call, END)
    assert (first.outcome, second.outcome) == ("accepted", "accepted")
    assert operator.reload(call).end_asked_at is not None
    assert not operator.reload(call).finished
    operator.sandbox.advance(5)
    operator.read_calls()
    assert operator.reload(call).finished
    assert {receipt.effect for receipt in operator.receipts(call)} == {"confirmed"}


def test_a_transfer_is_confirmed_or_reported_not_to_be(operator):
    moved, dropped = operator.place_answered("+31612340043"), operator.place_answered("+31612340044")
    for call in (moved, dropped):
        send(operator, call, TO)
    operator.control_sandbox(f"calls/{dropped.remote_id}/force", status="ended")
    operator.sandbox.advance(5)
    operator.read_calls()
    assert [receipt.effect for receipt in operator.receipts(moved)] == ["confirmed"]
    (receipt,) = operator.receipts(dropped)
    assert (receipt.effect, receipt.note) == ("not-confirmed", "The call ended without having been transferred.")


def test_one_transfer_is_under_way_at_a_time(operator):
    """Another one leaves once the first was not seen in time."""
    call, elsewhere = operator.place_answered(), TO | {"destination": "+31612340098"}
    first = send(operator, call, TO)
    refused = send(operator, call, elsewhere)
    assert (refused.outcome, refused.note, refused.sent_at) == ("refused", handover.ONE_AT_A_TIME, None)
    with scope.for_system("the first was not seen"):
        Receipt.objects.filter(pk=first.pk).update(answered_at=first.answered_at - TRANSFER_IS_LATE)
    assert send(operator, call, elsewhere).outcome == "accepted"
    assert [sent["body"]["destination"] for sent in operator.command_requests()] == [TO["destination"], "+31612340098"]


def test_a_transfer_that_was_not_done_leaves_the_way_free(operator):
    call = operator.place_answered()
    operator.add_fault("404", "/calls/*/control")
    assert send(operator, call, TO).outcome == "refused"
    assert send(operator, call, TO).outcome == "accepted"


def test_words_are_confirmed_by_the_transcript_and_context_stays_open(operator):
    call = operator.place_answered()
    send(operator, call, SAY), send(operator, call, CONTEXT)
    operator.sandbox.advance(30)
    operator.control_sandbox(f"calls/{call.remote_id}/force", status="ended")
    operator.sandbox.advance(10)
    operator.read_calls()
    assert {receipt.command: receipt.effect for receipt in operator.receipts(call)} == {
        "say": "confirmed",
        "inject-context": "",
    }


def test_words_that_were_never_spoken_are_not_confirmed(operator):
    call = operator.place_answered()
    operator.add_fault("hang", "/calls/*/control")
    send(operator, call, SAY)
    operator.sandbox.advance(30)
    operator.control_sandbox(f"calls/{call.remote_id}/force", status="ended")
    operator.sandbox.advance(10)
    operator.read_calls()
    (receipt,) = operator.receipts(call)
    assert (receipt.outcome, receipt.effect) == ("unknown", "not-confirmed")


def test_a_receipt_is_there_before_the_request_leaves(operator, monkeypatch):
    """Killed in the moment of sending: the command is on record."""
    call = operator.place_answered()

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(limiter.voicedock.Client, "control_call", killed)
    with suppress(KeyboardInterrupt):
        send(operator, call, SAY)
    (receipt,) = operator.receipts(call)
    assert receipt.outcome == Receipt.Outcome.WAITING


def test_somebody_of_another_client_cannot_be_reached_by_id(operator, agency, make_sandbox_tenant):
    """The verb asks through the call's own tenant only."""
    call = operator.place_answered()
    call.tenant_id = make_sandbox_tenant(agency, "noord").pk
    with pytest.raises(type(call).DoesNotExist):
        send(operator, call, SAY)


def test_a_receipt_remembers_how_many_messages_were_before(operator):
    call = operator.place_answered()
    early = commands.send(call, {"type": "say", "content": "Hello."}, by=None, token=uuid.uuid4())
    with scope.for_tenant(operator.tenant):
        CallReport.objects.update_or_create(
            call=call, defaults={"tenant": operator.tenant, "messages": [{"role": "user", "content": "Hi"}] * 3}
        )
    late = commands.send(call, {"type": "say", "content": "Bye."}, by=None, token=uuid.uuid4())
    assert (early.messages_before, late.messages_before) == (None, 3)
