"""P4: a command never vanishes, and an end-call is confirmed by the call itself or asks for a person within 15 s."""

import uuid

import pytest

from dashboard.calls.control import commands
from dashboard.rate_limits.models import Priority
from tests.promises.test_budget import flood

END = {"type": "end-call", "message": "Goodbye."}


class Killed(BaseException):
    """The process is gone in this moment."""


def end(operator, call):
    return commands.send(call, END, by=operator.user, token=uuid.uuid4())


@pytest.mark.smoke
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
def test_end_call_never_silent(operator, fault, reaches):
    """Whatever breaks: after 15 s it is confirmed, or a person is asked; then ending again works and settles all."""
    call = operator.place_answered()
    if fault:
        operator.add_fault(fault, "/calls/*/control", seconds=60 if fault in ("slow", "hang") else None)
    assert end(operator, call).outcome != "waiting"
    operator.sandbox.advance(10)
    operator.read_calls()
    operator.let_pass(call, 16)
    operator.run_due_work()
    now = operator.reload(call)
    assert now.finished is reaches
    assert now.alarm == ("" if reaches else "end-not-confirmed")
    if not reaches:
        assert "call.end-not-confirmed" in operator.audit_actions()
        assert end(operator, call).outcome == "accepted"
        operator.sandbox.advance(10)
        operator.read_calls()
        assert operator.reload(call).finished and operator.reload(call).alarm == ""
    last = operator.receipts(call)[-1]
    is_known = last.outcome == "accepted"  # where no answer came, an end may have been the call's own
    assert last.effect == ("confirmed" if is_known else "not-known" if last.outcome == "unknown" else "")


@pytest.mark.parametrize("owner", ["_settle", "client_for"])
def test_killed_while_ending(operator, monkeypatch, owner):
    """Before the request leaves or after it was answered: the receipt is there and says that nobody knows."""
    call = operator.place_answered()

    def dies(*args, **kwargs):
        raise Killed

    monkeypatch.setattr(
        *((commands, "_settle", dies) if owner == "_settle" else (commands.limiter, "client_for", dies))
    )
    with pytest.raises(Killed):
        end(operator, call)
    monkeypatch.undo()
    assert operator.receipts(call)[0].outcome == "waiting"
    operator.let_pass(call, 70)
    operator.run_due_work()
    (receipt,) = operator.receipts(call)
    assert (receipt.outcome, receipt.effect) == ("unknown", "")
    assert operator.reload(call).alarm == "end-not-confirmed"
    operator.sandbox.advance(10)
    operator.read_calls()
    assert operator.reload(call).finished is (owner == "_settle")
    assert {one.effect for one in operator.receipts(call)} == ({"not-known"} if owner == "_settle" else {""})


def test_a_minute_that_is_used_up_still_ends_a_call(operator):
    call = operator.place_answered()
    for priority in (Priority.REST, Priority.LIVE, Priority.RECONCILE, Priority.PLACE, Priority.CONTROL):
        flood(operator.connection, priority)
    assert end(operator, call).outcome == "accepted"


def test_a_minute_with_nothing_left_at_all_says_so_and_asks_for_a_person(operator):
    call = operator.place_answered()
    flood(operator.connection, Priority.END)
    receipt = end(operator, call)
    assert (receipt.outcome, receipt.sent_at) == ("refused", None)
    assert "Not sent; try again in" in receipt.note
    operator.let_pass(call, 16)
    operator.run_due_work()
    assert operator.reload(call).alarm == "end-not-confirmed"


def test_a_transfer_that_does_not_come_is_reported_and_may_come_late(operator):
    call = operator.place_answered()
    command = {"type": "transfer", "destination": "+31612340099"}
    commands.send(call, command, by=operator.user, token=uuid.uuid4())
    operator.let_pass(call, 31)
    operator.run_due_work()
    assert operator.receipts(call)[0].effect == "not-confirmed"
    operator.sandbox.advance(5)
    operator.read_calls()
    (receipt,) = operator.receipts(call)
    assert (receipt.effect, receipt.note) == ("confirmed", "")


def test_knock_out_without_the_sweep_it_would_be_silent(operator, monkeypatch):
    monkeypatch.setattr("dashboard.calls.sweep.ends_not_confirmed", lambda: None)
    with pytest.raises(AssertionError):
        test_end_call_never_silent(operator, "cut", False)
