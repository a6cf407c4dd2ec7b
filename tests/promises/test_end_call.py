"""P4: a command never vanishes, and an end-call is confirmed by the call itself or asks for a person within 15 s."""

import uuid

import pytest

from dashboard.budget.models import Lane
from dashboard.calls.control import commands
from tests.promises.test_budget import flood

END = {"type": "end-call", "message": "Goodbye."}


class Killed(BaseException):
    """The process is gone in this moment."""


def end(desk, call):
    return commands.send(call, END, by=desk.user, token=uuid.uuid4())


@pytest.mark.parametrize(
    ("fault", "reaches"),
    [
        ("", True),
        ("429", False),
        ("500", False),
        ("504", False),
        ("html502", False),
        ("cut", False),
        ("hang", False),
        ("lost", True),
        ("truncated", True),
        ("slow", True),
        ("409", False),
        ("404", False),
        ("end_on_command", True),
    ],
)
def test_end_call_never_silent(desk, fault, reaches):
    """Whatever breaks: after 15 s it is confirmed, or a person is asked; then ending again works and settles all."""
    call = desk.talking()
    if fault:
        desk.fault(fault, "/calls/*/control", seconds=60 if fault in ("slow", "hang") else None)
    assert end(desk, call).outcome != "waiting"
    desk.sandbox.advance(10)
    desk.look()
    desk.later(call, 16)
    desk.sweep()
    now = desk.again(call)
    assert now.finished is reaches
    assert now.alarm == ("" if reaches else "end-not-confirmed")
    if not reaches:
        assert "call.end-not-confirmed" in desk.actions()
        assert end(desk, call).outcome == "accepted"
        desk.sandbox.advance(10)
        desk.look()
        assert desk.again(call).finished and desk.again(call).alarm == ""
    assert desk.receipts(call)[-1].effect in ("confirmed", "")


@pytest.mark.parametrize("owner", ["_settle", "speak"])
def test_killed_while_ending(desk, monkeypatch, owner):
    """Before the request leaves or after it was answered: the receipt is there and says that nobody knows."""
    call = desk.talking()

    def dies(*args, **kwargs):
        raise Killed

    monkeypatch.setattr(*((commands, "_settle", dies) if owner == "_settle" else (commands.budget, "speak", dies)))
    with pytest.raises(Killed):
        end(desk, call)
    monkeypatch.undo()
    assert desk.receipts(call)[0].outcome == "waiting"
    desk.later(call, 70)
    desk.sweep()
    (receipt,) = desk.receipts(call)
    assert (receipt.outcome, receipt.effect) == ("unknown", "")
    assert desk.again(call).alarm == "end-not-confirmed"
    desk.sandbox.advance(10)
    desk.look()
    assert desk.again(call).finished is (owner == "_settle")
    assert {one.effect for one in desk.receipts(call)} == ({"confirmed"} if owner == "_settle" else {""})


def test_a_minute_that_is_used_up_still_ends_a_call(desk):
    call = desk.talking()
    for lane in (Lane.REST, Lane.LIVE, Lane.RECONCILE, Lane.PLACE, Lane.CONTROL):
        flood(desk.connection, lane)
    assert end(desk, call).outcome == "accepted"


def test_a_minute_with_nothing_left_at_all_says_so_and_asks_for_a_person(desk):
    call = desk.talking()
    flood(desk.connection, Lane.END)
    receipt = end(desk, call)
    assert (receipt.outcome, receipt.sent_at) == ("refused", None)
    assert "Not sent; try again in" in receipt.note
    desk.later(call, 16)
    desk.sweep()
    assert desk.again(call).alarm == "end-not-confirmed"


def test_a_transfer_that_does_not_come_is_told_and_may_come_late(desk):
    call = desk.talking()
    command = {"type": "transfer", "destination": "+31612340099"}
    commands.send(call, command, by=desk.user, token=uuid.uuid4())
    desk.later(call, 31)
    desk.sweep()
    assert desk.receipts(call)[0].effect == "not-confirmed"
    desk.sandbox.advance(5)
    desk.look()
    (receipt,) = desk.receipts(call)
    assert (receipt.effect, receipt.note) == ("confirmed", "")


def test_knock_out_without_the_sweep_it_would_be_silent(desk, monkeypatch):
    monkeypatch.setattr("dashboard.calls.sweep.ends_not_confirmed", lambda: None)
    with pytest.raises(AssertionError):
        test_end_call_never_silent(desk, "cut", False)
