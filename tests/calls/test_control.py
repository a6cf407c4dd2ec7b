"""Steering: one receipt for each command, sent once, telling the truth; what later news settles."""

import uuid
from contextlib import suppress

import pytest

from dashboard.budget import spending as budget
from dashboard.calls.control import commands
from dashboard.calls.models import CallReport, Receipt
from tenants.isolation import scope

SAY = {"type": "say", "content": "One moment, I am checking that.", "end_after": False}
END = {"type": "end-call"}
TO = {"type": "transfer", "destination": "+31612340099", "message": "One moment."}
CONTEXT = {"type": "inject-context", "content": "Order 4417 is confirmed.", "trigger_response": True}


def send(desk, call, command, token=None):
    return commands.send(call, command, by=desk.user, token=token or uuid.uuid4())


@pytest.mark.parametrize("command", [SAY, TO, CONTEXT, END])
def test_a_command_is_sent_once_and_accepted(desk, command):
    call, token = desk.talking(), uuid.uuid4()
    receipt = send(desk, call, command, token)
    assert (receipt.outcome, receipt.effect, receipt.note) == ("accepted", "", "")
    assert receipt.sent_at <= receipt.answered_at
    assert send(desk, call, command, token).pk == receipt.pk
    (sent,) = desk.commands()
    assert sent["body"] == command
    assert desk.actions()[-2:] == ["call.command-asked", "call.command-accepted"]


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
def test_what_cannot_be_meant_is_refused_and_not_sent(desk, command, words):
    receipt = send(desk, desk.talking(), command)
    assert (receipt.outcome, receipt.sent_at) == ("refused", None)
    assert words in receipt.note
    assert desk.commands() == []


def test_a_call_that_is_not_answered_yet_or_is_over_takes_no_command(desk):
    call = desk.place()
    assert "once the call has been answered" in send(desk, call, SAY).note
    desk.lever(f"calls/{call.remote_id}/force", status="ended")
    desk.look()
    receipt = send(desk, call, END)
    assert (receipt.outcome, receipt.sent_at) == ("refused", None)
    assert "is over" in receipt.note
    assert desk.commands() == []


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
def test_what_goes_wrong_at_voicedock_is_on_the_receipt(desk, fault, outcome, sent, words):
    call = desk.talking()
    desk.fault(fault, "/calls/*/control")
    receipt = send(desk, call, SAY)
    assert receipt.outcome == outcome
    assert words in receipt.note
    assert bool(receipt.sent_at) is sent
    assert len(desk.commands()) == 1


def test_the_last_two_commands_are_kept_for_ending(desk):
    call = desk.talking()
    outcomes = [send(desk, call, CONTEXT).outcome for _ in range(9)]
    assert outcomes == ["accepted"] * 8 + ["refused"]
    assert "kept for ending it" in desk.receipts(call)[-1].note
    assert send(desk, call, END).outcome == "accepted"
    assert len(desk.commands()) == 9


def test_ending_is_confirmed_by_the_call_itself_and_may_be_repeated(desk):
    call = desk.talking()
    first, second = send(desk, call, END), send(desk, call, END)
    assert (first.outcome, second.outcome) == ("accepted", "accepted")
    assert desk.again(call).end_asked_at is not None
    assert not desk.again(call).finished
    desk.sandbox.advance(5)
    desk.look()
    assert desk.again(call).finished
    assert {receipt.effect for receipt in desk.receipts(call)} == {"confirmed"}


def test_a_transfer_is_confirmed_or_told_not_to_be(desk):
    moved, dropped = desk.talking("+31612340043"), desk.talking("+31612340044")
    for call in (moved, dropped):
        send(desk, call, TO)
    desk.lever(f"calls/{dropped.remote_id}/force", status="ended")
    desk.sandbox.advance(5)
    desk.look()
    assert [receipt.effect for receipt in desk.receipts(moved)] == ["confirmed"]
    (receipt,) = desk.receipts(dropped)
    assert (receipt.effect, receipt.note) == ("not-confirmed", "The call ended without having been transferred.")


def test_words_are_confirmed_by_the_transcript_and_context_stays_open(desk):
    call = desk.talking()
    send(desk, call, SAY), send(desk, call, CONTEXT)
    desk.sandbox.advance(30)
    desk.lever(f"calls/{call.remote_id}/force", status="ended")
    desk.sandbox.advance(10)
    desk.look()
    assert {receipt.command: receipt.effect for receipt in desk.receipts(call)} == {
        "say": "confirmed",
        "inject-context": "",
    }


def test_words_that_were_never_spoken_are_not_confirmed(desk):
    call = desk.talking()
    desk.fault("hang", "/calls/*/control")
    send(desk, call, SAY)
    desk.sandbox.advance(30)
    desk.lever(f"calls/{call.remote_id}/force", status="ended")
    desk.sandbox.advance(10)
    desk.look()
    (receipt,) = desk.receipts(call)
    assert (receipt.outcome, receipt.effect) == ("unknown", "not-confirmed")


def test_a_receipt_is_there_before_the_request_leaves(desk, monkeypatch):
    """Killed in the moment of sending: the command is on record."""
    call = desk.talking()

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(budget.voicedock.Client, "control_call", killed)
    with suppress(KeyboardInterrupt):
        send(desk, call, SAY)
    (receipt,) = desk.receipts(call)
    assert receipt.outcome == Receipt.Outcome.WAITING


def test_somebody_of_another_client_cannot_be_reached_by_id(desk, agency, client_of):
    """The verb asks through the call's own tenant only."""
    call = desk.talking()
    call.tenant_id = client_of(agency, "noord").pk
    with pytest.raises(type(call).DoesNotExist):
        send(desk, call, SAY)


def test_a_receipt_remembers_how_much_was_said_before(desk):
    call = desk.talking()
    early = commands.send(call, {"type": "say", "content": "Hello."}, by=None, token=uuid.uuid4())
    with scope.of(desk.tenant):
        CallReport.objects.update_or_create(
            call=call, defaults={"tenant": desk.tenant, "messages": [{"role": "user", "content": "Hi"}] * 3}
        )
    late = commands.send(call, {"type": "say", "content": "Bye."}, by=None, token=uuid.uuid4())
    assert (early.said_before, late.said_before) == (None, 3)
