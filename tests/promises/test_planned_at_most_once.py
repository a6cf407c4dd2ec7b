"""P3 for planned calls: each is placed at most once and in its time, whatever breaks; and no limit is exceeded."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection as database
from django.utils import timezone

from dashboard.calls.models import Call, PlannedCall
from dashboard.calls.placing import claims, intents, sending
from dashboard.calls.planned import due, planning, rights, run
from dashboard.rate_limits.models import SentRequest
from tenants.isolation import scope
from tenants.models import Tenant
from tests.promises import scale
from tests.promises.test_at_most_once import LIVE, Killed, kill

DAY = 12  # calls that the client may place a day
AT_ONCE = 4

POINTS = [
    (due, "_capacity", "before"),
    (due, "_capacity", "after"),
    (run, "_take", "before"),
    (run, "_take", "after"),
    (rights, "refusal", "before"),
    (rights, "refusal", "after"),
    (run, "_place", "before"),
    (run, "_place", "after"),
    (intents, "request", "before"),
    (intents, "request", "after"),
    (sending, "attempt", "before"),
    (sending, "attempt", "after"),
    (claims, "claim", "before"),
    (claims, "claim", "after"),
    (sending, "_post", "before"),
    (sending.voicedock.Client, "place_call", "before"),
    (sending.voicedock.Client, "place_call", "after"),
    (sending, "_placed", "before"),
    (run, "settle", "before"),
    (run, "settle", "after"),
    (planning, "move", "before"),
    (planning, "move", "after"),
    (planning, "record", "before"),
    (planning, "record", "after"),
]
NOT_SENT = {  # dead between the claim and the request: whether it was sent is not certain, and a person is asked
    ("claim", "after"),
    ("_post", "before"),
    ("place_call", "before"),
}


@pytest.mark.parametrize(("owner", "name", "when"), POINTS)
def test_kill_anywhere(operator, planner, monkeypatch, owner, name, when):
    """Dead at every step: never two requests, and in the end it is placed, or its call asks for a person."""
    planned = planner.due_now(window=120)
    kill(monkeypatch, owner, name, when)
    with pytest.raises(Killed):
        planner.run_due()
    monkeypatch.undo()
    for _ in range(5):
        planner.move(planned, 2)
        for call in operator.calls():
            if not call.finished:
                operator.let_pass(call, 40)
        planner.run_due()
        operator.run_due_work()
    now = planner.reload(planned)
    assert now.state == "placed"
    assert len(operator.dial_requests()) == (0 if (name, when) in NOT_SENT else 1)
    assert now.call.state in LIVE if operator.dial_requests() else now.call.state == "needs-person"
    assert planner.actions() == ["call.planned", "call.plan-placed"]


@pytest.mark.parametrize(("owner", "name", "when"), POINTS)
def test_kill_anywhere_and_never_come_back_in_time(operator, planner, monkeypatch, owner, name, when):
    """Nothing is placed after the window; what did not leave in it waits for a person."""
    planned = planner.due_now(window=15)
    kill(monkeypatch, owner, name, when)
    with pytest.raises(Killed):
        planner.run_due()
    monkeypatch.undo()
    asked = len(operator.dial_requests())
    planner.move(planned, 20)
    with scope.for_system("the window of its call ends too"):
        Call.objects.update(not_after=timezone.now())
    for _ in range(5):
        planner.move(planned, 2)
        for call in operator.calls():
            if not call.finished:
                operator.let_pass(call, 40)
        planner.run_due()
        operator.run_due_work()
    assert len(operator.dial_requests()) == asked
    now = planner.reload(planned)
    assert now.state in ("placed", "missed") and (now.state == "placed" or asked == 0)
    assert now.state == "placed" or now.reason


@pytest.mark.django_db(transaction=True)
def test_many_planned_for_the_same_second_keep_every_limit(operator, planner):
    """Calls at once, calls a day and the budget; nobody is called twice, and what is left waits for a person."""
    with scope.for_system("limits"):
        Tenant.objects.filter(pk=operator.tenant.pk).update(max_concurrent_calls=AT_ONCE, max_calls_per_day=DAY)
    moment = planner.wish().due_at
    window = {"due_at": moment, "latest_at": moment + timedelta(minutes=15)}
    planned = [planner.plan(destination=f"+3161234{nth:04}", **window) for nth in range(scale.PLANNED)]
    for row in planned:
        planner.move(row, 31)

    most_at_once = 0
    for _ in range(3 * DAY):
        with ThreadPoolExecutor(8) as threads:  # two schedulers, and workers that get each task twice
            handed_out = [planned_id for found in threads.map(_due, range(2)) for planned_id in found]
            list(threads.map(_run, handed_out * 2))
        most_at_once = max(most_at_once, _live(operator))
        for call in [call for call in operator.calls() if not call.finished and call.remote_id][:2]:
            operator.control_sandbox(f"calls/{call.remote_id}/force", status="ended")
        operator.read_calls()
        if len(operator.dial_requests()) == DAY and _tried_in_vain():
            break
        _hand_out_again()

    dialed = [entry["body"]["destination"] for entry in operator.dial_requests()]
    assert len(dialed) == len(set(dialed)) == DAY
    assert most_at_once <= AT_ONCE
    with scope.for_system("look"):
        assert SentRequest.objects.count() >= DAY  # each took its share of the budget
        states = dict.fromkeys(PlannedCall.State.values, 0)
        for state in PlannedCall.objects.values_list("state", flat=True):
            states[state] += 1
    assert states["placed"] == DAY and states["planned"] + states["placing"] == scale.PLANNED - DAY

    for row in planned:
        planner.move(row, 15)
    for _ in range(scale.PLANNED // due.MOST + 1):
        planner.run_due()
    with scope.for_system("look"):
        missed = PlannedCall.objects.filter(state="missed")
        assert missed.count() == scale.PLANNED - DAY
        assert all("calls" in reason for reason in missed.values_list("reason", flat=True))
    assert len(operator.dial_requests()) == DAY


def _due(_):
    try:
        return due.due()
    finally:
        database.close()


def _run(planned_id):
    try:
        with suppress(intents.CallRefused):
            run.run(planned_id)
    finally:
        database.close()


def _live(operator):
    return sum(not call.finished and call.state != "queued" for call in operator.calls())


def _tried_in_vain():
    """Whether one of them has met the limit of the day."""
    with scope.for_system("look"):
        return PlannedCall.objects.filter(reason__contains="calls a day").exists()


def _hand_out_again():
    with scope.for_system("let time pass"):
        PlannedCall.objects.open().update(try_at=timezone.now())
