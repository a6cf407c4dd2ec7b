"""P3: one intent is sent to VoiceDock at most once, whatever breaks; and P1 for what changes while it is under way."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection as database

from dashboard.calls import manual_resolution
from dashboard.calls.models import Call
from dashboard.calls.placing import claims, intents, sending
from dashboard.clients import dedicating
from tenants import dedications
from tenants.isolation import scope

LIVE = {"dialing", "connecting", "ringing", "in-progress"}


WON = claims.ClaimResult(claims.Claim.WON)


class Killed(BaseException):
    """The process is gone in this moment."""


def attempt(operator, **more):
    try:
        return operator.place(**more)
    except intents.CallRefused as no:
        return no.message
    finally:
        database.close()


@pytest.mark.smoke
@pytest.mark.django_db(transaction=True)
def test_double_submit_storm(operator):
    """The same form from fifty tabs at once, then fifty forms for the same person: two calls were meant at most."""
    token = uuid.uuid4()
    with ThreadPoolExecutor(12) as threads:
        same = list(threads.map(lambda _: attempt(operator, token=token), range(50)))
    assert {call.pk for call in same} == {same[0].pk}
    assert len(operator.dial_requests()) == 1
    with ThreadPoolExecutor(12) as threads:
        others = list(threads.map(lambda _: attempt(operator, destination="+31612340043"), range(50)))
    assert len([one for one in others if isinstance(one, Call)]) == 1
    assert len(operator.dial_requests()) == 2


@pytest.mark.django_db(transaction=True)
def test_many_workers_send_one_queued_call(operator, monkeypatch):
    """Redelivered tasks, two beats: one claim wins."""
    monkeypatch.setattr(sending, "attempt", lambda call: call)
    call = operator.place()
    monkeypatch.undo()

    def send(_):
        try:
            return intents.send(call.pk).state
        finally:
            database.close()

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(send, range(24)))
    assert len(operator.dial_requests()) == 1
    assert operator.reload(call).state in LIVE


@pytest.mark.django_db(transaction=True)
def test_limit_at_once_holds_in_a_storm(operator):
    with scope.for_tenant(operator.tenant):
        dedications.Tenant.objects.filter(pk=operator.tenant.pk).update(max_concurrent_calls=3)
    with ThreadPoolExecutor(10) as threads:
        list(threads.map(lambda n: attempt(operator, destination=f"+3161234{n:04}"), range(20)))
    assert len(operator.dial_requests()) == 3


@pytest.mark.django_db(transaction=True)
def test_knock_out_a_claim_through_a_join_or_without_a_look_at_the_state_dials_twice(operator, monkeypatch):
    """The storm above can see: with the claim left out every worker dials."""
    monkeypatch.setattr(sending, "attempt", lambda call: call)
    call = operator.place()
    monkeypatch.undo()
    assert claims.claim(call) == WON  # the database takes no answer of a call that was never claimed
    monkeypatch.setattr(claims, "claim", lambda call: WON)
    monkeypatch.setattr(claims, "confirm", lambda call: None)

    def send(_):
        try:
            return intents.send(call.pk)
        finally:
            database.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(send, range(4)))
    assert len(operator.dial_requests()) == 4


def kill(monkeypatch, owner, name, when):
    """The process dies as it enters or leaves this function, the first time."""
    real, state = getattr(owner, name), {"dead": False}

    def dies(*args, **kwargs):
        if state["dead"]:
            return real(*args, **kwargs)
        state["dead"] = True
        if when == "after":
            real(*args, **kwargs)
        raise Killed

    monkeypatch.setattr(owner, name, dies)


POINTS = [
    (intents, "request", "before", 0),
    (intents, "request", "after", 1),
    (claims, "claim", "before", 1),
    (claims, "claim", "after", 0),
    (claims, "_lock_tenant", "after", 1),
    (claims, "blocking_reason", "before", 0),
    (sending, "_post", "before", 0),
    (sending.voicedock.Client, "place_call", "before", 0),
    (sending.voicedock.Client, "place_call", "after", 1),
    (sending, "_placed", "before", 1),
    (sending, "_merge_duplicate", "before", 1),
    (sending, "transition", "before", 1),
    (sending, "transition", "after", 1),
    (sending.runs, "mark_due", "before", 1),
]


@pytest.mark.parametrize(("owner", "name", "when", "posts"), POINTS)
def test_kill_anywhere(operator, monkeypatch, owner, name, when, posts):
    """Dead at every step: never two requests, and in the end the call lives, or a person is asked, or it never was."""
    token = uuid.uuid4()
    kill(monkeypatch, owner, name, when)
    with pytest.raises(Killed):
        operator.place(token=token)
    monkeypatch.undo()
    for _ in range(4):
        for call in operator.calls():
            if not call.finished:
                operator.let_pass(call, 40)
        operator.run_due_work()
    assert len(operator.dial_requests()) == posts
    states = {call.state for call in operator.calls()}
    if posts:
        assert states <= LIVE and len(states) == 1
    else:
        assert states <= {"needs-person"}


FAULTS = [  # what goes wrong, what we say at once, whether VoiceDock dialed
    ("400", "refused", False),
    ("401", "refused", False),
    ("402", "refused", False),
    ("404", "refused", False),
    ("422", "refused", False),
    ("429", "queued", False),
    ("500", "unknown", False),
    ("502", "unknown", False),
    ("504", "unknown", False),
    ("html502", "unknown", False),
    ("cut", "unknown", False),
    ("hang", "unknown", False),
    ("lost", "unknown", True),
    ("truncated", "unknown", True),
    ("slow", "unknown", True),
]


@pytest.mark.parametrize(("fault", "state", "dialed"), FAULTS)
def test_upstream_faults(operator, fault, state, dialed):
    """What is not certain is looked for and found, or handed to a person; it is never sent again."""
    operator.add_fault(fault, seconds=60 if fault in ("slow", "hang") else None)
    call = operator.place()
    assert call.state == state
    if state == "refused":
        assert call.finished and call.error
        return
    if state == "queued":
        assert "Nothing was dialed" in call.error
        operator.let_pass(call, 5)
        operator.run_due_work()
        assert operator.reload(call).state == "dialing"
        return
    for _ in range(5):
        operator.let_pass(call, 30)
        operator.run_due_work()
    call = operator.reload(call)
    assert len(operator.dial_requests()) == 1
    if dialed:
        assert call.state in LIVE and call.remote_id and not call.alarm
        assert operator.audit_actions() == ["call.asked", "call.unknown", "call.found"]
    else:
        assert (call.state, call.alarm) == ("needs-person", "not-certain")
        assert operator.audit_actions() == ["call.asked", "call.unknown", "call.needs-person"]


def test_never_reached_is_tried_again_and_not_for_ever(operator, monkeypatch):
    def unreachable(*args, **kwargs):
        raise sending.voicedock.NotSent("no route")

    monkeypatch.setattr(sending.voicedock.Client, "place_call", unreachable)
    call = operator.place()
    assert (call.state, call.attempts, call.sent_at) == ("queued", 0, None)
    operator.let_pass(call, 130)
    operator.run_due_work()
    call = operator.reload(call)
    assert (call.state, call.finished) == ("refused", True)
    assert "two minutes" in call.error


def test_while_it_is_not_certain_nobody_calls_that_person_again(operator):
    operator.add_fault("500")
    call = operator.place()
    with pytest.raises(intents.CallRefused) as no:
        operator.place()
    assert no.value.message == intents.NOT_CERTAIN
    for _ in range(5):
        operator.let_pass(call, 30)
        operator.run_due_work()
    with pytest.raises(intents.CallRefused):
        operator.place()
    assert manual_resolution.decide(operator.reload(call), manual_resolution.NOT_PLACED, by=operator.user)
    assert operator.reload(call).state == "refused"
    assert operator.place().state == "dialing"
    assert "call.let-go" in operator.audit_actions()


def test_a_call_let_go_that_turns_up_after_all_is_linked(operator):
    operator.add_fault("lost")
    call = operator.place()
    with scope.for_system("as if nobody had found it"):
        Call.objects.filter(pk=call.pk).update(state="needs-person", alarm="not-certain")
    assert manual_resolution.decide(operator.reload(call), manual_resolution.KEEP_LOOKING, by=operator.user)
    assert not manual_resolution.decide(operator.reload(call), manual_resolution.NOT_PLACED, by=operator.user)
    operator.run_due_work()
    call = operator.reload(call)
    assert call.state in LIVE and call.alarm == ""
    assert len(operator.calls()) == 1


def test_a_line_that_moved_while_the_call_waited_dials_nothing(operator, agency, make_sandbox_tenant, monkeypatch):
    """P1, between the intent and the sending."""
    monkeypatch.setattr(sending, "attempt", lambda call: call)
    call = operator.place()
    monkeypatch.undo()
    with scope.for_tenant(operator.tenant):
        dedications.end_number(operator.number, by=None)
    make_sandbox_tenant(agency, "noord", numbers=("+31105550161",), since=None)
    sent = intents.send(call.pk)
    assert (sent.state, sent.error) == ("refused", claims.NOT_THEIRS)
    assert operator.dial_requests() == []


def test_a_right_is_not_ended_while_a_call_leaves_by_it(operator, monkeypatch):
    """P1, between the claim and the answer: whoever releases the line asks first."""
    refused = []

    def looks(*args, **kwargs):
        for right, release in (
            (operator.number, dedicating.release_number),
            (operator.assistant, dedicating.release_assistant),
        ):
            with scope.for_tenant(operator.tenant), pytest.raises(dedicating.InUse):
                release(right, by=None)
            refused.append(right)
        raise sending.voicedock.Refused("no", status=400)

    monkeypatch.setattr(sending.voicedock.Client, "place_call", looks)
    assert operator.place().state == "refused"
    assert refused == [operator.number, operator.assistant]
    with scope.for_tenant(operator.tenant):
        dedicating.release_number(operator.number, by=None)


def test_a_wrong_caller_id_raises_an_alarm_and_stops_dialing(operator, admin):
    """P1, afterwards: VoiceDock reports another number than the one that was meant."""
    call = operator.place()
    operator.sandbox.state.calls[call.remote_id].our_number = "+31505550112"
    operator.read_calls()
    call = operator.reload(call)
    assert (call.alarm, call.reported_line, call.line) == ("wrong-number", "+31505550112", "+31105550161")
    with pytest.raises(intents.CallRefused, match="not theirs"):
        operator.place("+31612340043")
    with pytest.raises(manual_resolution.DecisionRefused):
        manual_resolution.clear_alarm(call, by=operator.user, reason="It is fine.")
    with pytest.raises(manual_resolution.DecisionRefused):
        manual_resolution.clear_alarm(call, by=admin, reason=" ")
    with pytest.raises(manual_resolution.DecisionRefused, match="below 300 characters: these are 301"):
        manual_resolution.clear_alarm(call, by=admin, reason="x" * 301)
    assert manual_resolution.clear_alarm(call, by=admin, reason="VoiceDock says it was shown wrongly.")
    operator.read_calls()
    assert operator.reload(call).alarm == ""
    assert operator.place("+31612340043").state == "dialing"
    assert operator.audit_actions()[2:4] == ["call.wrong-number", "call.wrong-number-cleared"]
