"""The sweep: what is due, each part by itself; and its schedule."""

import pytest
from django.db.models.functions import Now

from dashboard.beat_schedule import SCHEDULE
from dashboard.calls import sweep, tasks
from dashboard.calls.models import Call
from dashboard.calls.placing import sending
from dashboard.celery import app
from dashboard.webhooks import tasks as hooks_tasks
from tenants.isolation import scope


def test_every_scheduled_task_is_registered():
    app.loader.import_default_modules()
    assert {entry["task"] for entry in SCHEDULE.values()} <= set(app.tasks)
    assert hooks_tasks.apply_waiting.name in app.tasks


def test_a_call_left_queued_by_a_crash_is_sent_by_a_task(operator, monkeypatch):
    monkeypatch.setattr(sending, "attempt", lambda call: call)
    call = operator.place()
    monkeypatch.undo()
    assert sweep.run() == [], "whoever pressed the button is still at it"
    operator.let_pass(call, 5)
    (ready,) = sweep.run()
    tasks.send_call(str(ready))
    tasks.send_call(str(ready))
    assert operator.reload(call).state == "dialing"
    assert len(operator.dial_requests()) == 1


@pytest.mark.parametrize("fault", ["500", "cut"])
def test_a_list_that_cannot_be_read_hands_nothing_over(operator, fault):
    """Only lists that were seen whole say that a call is not there."""
    operator.add_fault(fault)
    call = operator.place()
    operator.add_fault("503", "/calls", times=0)
    for _ in range(4):
        operator.let_pass(call, 60)
        operator.run_due_work()
    assert operator.reload(call).state == "unknown"
    operator.sandbox.faults.clear()
    for _ in range(2):
        operator.let_pass(call, 60)
        operator.run_due_work()
    assert operator.reload(call).state == "needs-person"


def test_an_alarm_raised_meanwhile_is_not_covered_by_another(operator, monkeypatch):
    """A wrong number stops the client's dialing: an end that is not confirmed must not take its place."""
    call = operator.place_answered()
    stale = operator.reload(call)
    with scope.for_system("a wrong number, just now"):
        Call.objects.filter(pk=call.pk).update(alarm="wrong-number", alarm_at=Now(), end_asked_at=Now())
    monkeypatch.setattr(sweep, "_calls", lambda which: [stale])
    sweep.ends_not_confirmed()
    assert operator.reload(call).alarm == "wrong-number"
