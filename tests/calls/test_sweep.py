"""The sweep: what is due, each part by itself; and its schedule."""

import pytest
from django.db.models.functions import Now

from dashboard.beat_schedule import SCHEDULE
from dashboard.calls import sweep, tasks
from dashboard.calls.models import Call
from dashboard.calls.placing import sending
from dashboard.celery import app
from dashboard.hooks import tasks as hooks_tasks
from tenants.isolation import scope


def test_every_scheduled_task_is_registered():
    app.loader.import_default_modules()
    assert {entry["task"] for entry in SCHEDULE.values()} <= set(app.tasks)
    assert hooks_tasks.apply_waiting.name in app.tasks


def test_a_call_left_queued_by_a_crash_is_sent_by_a_task(desk, monkeypatch):
    monkeypatch.setattr(sending, "attempt", lambda call: call)
    call = desk.place()
    monkeypatch.undo()
    assert sweep.run() == [], "whoever pressed the button is still at it"
    desk.later(call, 5)
    (ready,) = sweep.run()
    tasks.send_call(str(ready))
    tasks.send_call(str(ready))
    assert desk.again(call).state == "dialing"
    assert len(desk.placed()) == 1


@pytest.mark.parametrize("fault", ["500", "cut"])
def test_a_list_that_cannot_be_read_hands_nothing_over(desk, fault):
    """Only lists that were seen whole say that a call is not there."""
    desk.fault(fault)
    call = desk.place()
    desk.fault("503", "/calls", times=0)
    for _ in range(4):
        desk.later(call, 60)
        desk.sweep()
    assert desk.again(call).state == "unknown"
    desk.sandbox.faults.clear()
    for _ in range(2):
        desk.later(call, 60)
        desk.sweep()
    assert desk.again(call).state == "needs-person"


def test_an_alarm_raised_meanwhile_is_not_covered_by_another(desk, monkeypatch):
    """A wrong number stops the client's dialing: an end that is not confirmed must not take its place."""
    call = desk.talking()
    stale = desk.again(call)
    with scope.system("a wrong number, just now"):
        Call.objects.filter(pk=call.pk).update(alarm="wrong-number", alarm_at=Now(), end_asked_at=Now())
    monkeypatch.setattr(sweep, "_calls", lambda which, live=True: [stale])
    sweep.ends_not_confirmed()
    assert desk.again(call).alarm == "wrong-number"
