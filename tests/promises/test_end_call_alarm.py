"""P4: an end-call that is not confirmed is an alarm within 15 s, whatever lists, workers and beat are doing."""

import re
import uuid

import pytest
from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now

from dashboard.beat_schedule import SCHEDULE
from dashboard.calls import sweep
from dashboard.calls.control import commands
from dashboard.calls.models import END_IS_LATE, Call
from dashboard.celery import app as celery
from dashboard.rate_limits import limiter
from tenants.access.permissions import Role
from tenants.isolation import scope

END = {"type": "end-call"}
PROMISED = 15.0  # seconds


def end(operator, call):
    return commands.send(call, END, by=operator.user, token=uuid.uuid4())


def ended_ago(call, seconds):
    """As if the end had been asked for so long ago, by the database's clock."""
    with scope.for_system("let time pass"):
        Call.objects.filter(pk=call.pk).update(end_asked_at=Now() - END_IS_LATE * (seconds / 11.0))


def interactive():
    """What beat starts for the worker that serves the queue `interactive`."""
    celery.loader.import_default_modules()
    return [entry for entry in SCHEDULE.values() if entry["options"]["queue"] == "interactive"]


@pytest.fixture
def asked_of_voicedock(monkeypatch):
    """Which code asked VoiceDock for anything."""
    asked = []
    real = limiter.client_for

    def client_for(*args, **kwargs):
        asked.append(args)
        return real(*args, **kwargs)

    monkeypatch.setattr(limiter, "client_for", client_for)
    return asked


@pytest.mark.parametrize("fault", ["hang", "503", "cut"])
def test_while_lists_hang_the_alarm_is_there_in_time(operator, fake_clock, monkeypatch, fault):
    """Two workers: while one waits for VoiceDock, whose every list hangs, the interactive one goes on."""
    call = operator.place_answered()

    def wait(seconds):
        fake_clock.wait(seconds)
        for entry in interactive():
            celery.tasks[entry["task"]].run()

    monkeypatch.setattr("time.sleep", wait)
    operator.add_fault("500", "/calls/*/control", times=0)
    for route in ("/calls", "/calls/*", "/campaigns", "/organizations", "/numbers", "/assistants"):
        operator.add_fault(fault, route, method="GET", times=0, seconds=60 if fault == "hang" else None)
    end(operator, call)
    fake_clock.steps(20)
    now = operator.reload(call)
    assert now.alarm == "end-not-confirmed"
    assert (now.alarm_at - now.end_asked_at).total_seconds() <= PROMISED


@pytest.mark.smoke
def test_with_every_other_queue_stuck_the_interactive_worker_alone_raises_it(operator, asked_of_voicedock):
    """What runs in `interactive` asks VoiceDock for nothing, so nothing that hangs there can hold it up."""
    call = operator.place_answered()
    operator.add_fault("500", "/calls/*/control")
    end(operator, call)
    ended_ago(call, 11.5)
    asked_of_voicedock.clear()
    assert "dashboard.calls.tasks.sweep_calls" in {entry["task"] for entry in interactive()}
    for entry in interactive():
        celery.tasks[entry["task"]].run()
    assert asked_of_voicedock == []
    assert operator.reload(call).alarm == "end-not-confirmed"


def test_with_beat_and_all_workers_gone_the_pages_raise_it_themselves(operator, make_member, sign_in):
    call = operator.place_answered()
    operator.add_fault("500", "/calls/*/control")
    end(operator, call)
    person = sign_in(make_member(operator.tenant, Role.OPERATOR))
    ended_ago(call, 5)
    before = person.get(f"/c/harbor/calls/{call.pk}/").content.decode()
    assert "End call is not confirmed" not in before
    planned = int(re.search(r'id="call-timeline" data-redraw-in="(\d+)"', before)[1])
    assert 5 <= planned <= 7, "the page draws itself again when the alarm is due"
    assert re.search(r'id="live-board" data-redraw-in="\d+"', person.get("/c/harbor/live/").content.decode())
    ended_ago(call, 11.1)
    assert operator.reload(call).alarm == "", "nothing has written it down"
    for address in (f"/c/harbor/calls/{call.pk}/", "/c/harbor/live/", "/c/harbor/"):
        page = person.get(address).content.decode()
        assert re.search("End call is not confirmed|we have not heard that it ended", page), address
    panel = person.get(f"/c/harbor/calls/{call.pk}/").content.decode()
    assert "End again" in panel and "data-redraw-in" not in panel
    assert "1 needs you" in person.get("/c/harbor/live/").content.decode()


def test_the_script_of_every_page_draws_again_what_says_when():
    """The browser has to read what the pages say, or an open one stays as it is while no worker runs."""
    script = (settings.BASE_DIR / "static/js/live_updates.js").read_text()
    assert "[data-redraw-in]" in script and "dataset.redrawIn" in script and 'fire("changed:all")' in script


def test_an_end_that_came_is_no_alarm(operator, make_member, sign_in):
    call = operator.place_answered()
    end(operator, call)
    operator.sandbox.advance(10)
    operator.read_calls()
    ended_ago(call, 30)
    sweep.run()
    assert operator.reload(call).alarm == ""
    page = sign_in(make_member(operator.tenant, Role.OPERATOR)).get(f"/c/harbor/calls/{call.pk}/").content.decode()
    assert "End call is not confirmed" not in page


def test_another_alarm_does_not_hide_it(operator, make_member, sign_in):
    call = operator.place_answered()
    operator.add_fault("500", "/calls/*/control")
    end(operator, call)
    ended_ago(call, 12)
    with scope.for_system("a wrong line too"):
        Call.objects.filter(pk=call.pk).update(alarm="wrong-number", alarm_at=Now(), version=F("version") + 1)
    page = sign_in(make_member(operator.tenant, Role.OPERATOR)).get(f"/c/harbor/calls/{call.pk}/").content.decode()
    assert "End call is not confirmed" in page


def test_a_late_end_is_recorded_and_drawn_beside_another_alarm(operator, make_member, sign_in):
    call = operator.place_answered()
    with scope.for_system("a wrong line"):
        Call.objects.filter(pk=call.pk).update(alarm="wrong-number", alarm_at=Now(), version=F("version") + 1)
    operator.add_fault("500", "/calls/*/control")
    end(operator, call)
    browser = sign_in(make_member(operator.tenant, Role.OPERATOR))
    assert "data-redraw-in" in browser.get(f"/c/harbor/calls/{call.pk}/?part=timeline").content.decode()
    ended_ago(call, 12)
    before = operator.reload(call).version
    sweep.run()
    sweep.run()
    after = operator.reload(call)
    assert (after.alarm, after.version) == ("wrong-number", before + 1)
    assert operator.audit_actions().count("call.end-not-confirmed") == 1


def test_an_end_call_that_is_not_valid_says_so(operator, make_member, sign_in):
    call = operator.place_answered()
    browser = sign_in(make_member(operator.tenant, Role.OPERATOR))
    form = {"type": "end-call", "token": str(uuid.uuid4()), "goodbye": "x" * 2000}
    answer = browser.post(f"/c/harbor/calls/{call.pk}/command/", form, headers={"HX-Request": "true"})
    assert answer.status_code == 422 and "The call was not ended." in answer.content.decode()
    assert operator.command_requests() == []


def test_the_alarm_comes_before_the_promised_time_ends():
    """The threshold, the next sweep, and a worker that begins it."""
    sweeping = SCHEDULE["sweep calls"]
    assert END_IS_LATE.total_seconds() + sweeping["schedule"].total_seconds() <= PROMISED - 2
    assert sweeping["options"]["expires"] >= 10, "a busy worker or another clock must not skip it"
