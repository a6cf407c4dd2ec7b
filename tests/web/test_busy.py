"""What a person is shown, and what is written down, when no thread may wait for VoiceDock."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from django.db import connections

from dashboard.rate_limits import limiter, waiting
from dashboard.rate_limits.models import Priority
from tests.calls.test_control import END, SAY, send

WORDS = "Too many requests wait for VoiceDock's answer at this moment."


@contextmanager
def no_thread():
    with waiting.use_slot(waiting.RequestSlot(may_wait=False)):
        yield


@pytest.mark.parametrize("command", [SAY, END])
def test_a_command_has_its_receipt_and_was_not_sent(operator, command):
    call = operator.place_answered()
    with no_thread():
        receipt = send(operator, call, command)
    assert (receipt.outcome, receipt.sent_at) == ("refused", None)
    assert receipt.note == f"{WORDS} Not sent; try again in 3 seconds."
    assert operator.command_requests() == []
    assert operator.audit_actions()[-2:] == ["call.command-asked", "call.command-refused"]


def test_a_call_is_kept_and_sent_later_by_itself(operator):
    with no_thread():
        call = operator.place()
    assert (call.state, operator.dial_requests()) == ("queued", [])
    assert WORDS in call.error and "We try again by ourselves" in call.error


def test_while_voicedock_is_asked_the_place_at_work_and_the_connection_are_free(operator, monkeypatch):
    """By the order of what happens, without timing: given back before the request leaves, taken again after it."""
    call, seen = operator.place_answered(), []
    turn = waiting.RequestSlot()

    def control_call(client, remote_id, command):
        client._exchange._permit("POST", "calls")
        seen.append(turn._working)

    monkeypatch.setattr("dashboard.voicedock.Client.control_call", control_call)
    with waiting.use_slot(turn):
        send(operator, call, SAY)
        seen.append(turn._working)
    assert [*seen, turn._working] == [False, True, False]


@pytest.mark.parametrize(("pool", "closed"), [(object(), ["default"]), (None, [])])
def test_a_pooled_connection_goes_back_into_the_pool_and_a_workers_own_stays(monkeypatch, pool, closed):
    seen = []
    connection = SimpleNamespace(pool=pool, close=lambda: seen.append("default"))
    monkeypatch.setattr(connections, "all", lambda initialized_only: [connection])
    waiting.begin()
    assert seen == closed


def test_each_lane_that_asks_is_held_to_it(operator):
    for priority in Priority:
        with (
            no_thread(),
            pytest.raises(limiter.RateLimitExceeded),
            limiter.client_for(operator.connection, priority) as vendor,
        ):
            vendor.numbers()
