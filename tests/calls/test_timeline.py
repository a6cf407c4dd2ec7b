"""The timeline of a call tells what happened in the order in which it happened, each row with its time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from dashboard.calls import call_times, manual_resolution, queries
from dashboard.calls.history import recorded_steps, timeline
from dashboard.calls.models import Alarm, Call, Receipt
from dashboard.calls.placing import sending, taking_back
from dashboard.calls.updates import message_times
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import Membership
from tests.fixtures.call_factories import make_call, make_receipt, make_report

UTC = ZoneInfo("UTC")
TALK = [
    {"role": "assistant", "content": "Good day."},
    {"role": "user", "content": "Who is this?"},
    {"role": "assistant", "content": "One moment."},
    {"role": "user", "content": "Fine."},
]


def ended(setup: Any, **more: Any) -> Call:
    """A call of a minute that was answered four seconds after it was placed."""
    facts = {"ago": 100, "ended_at": timezone.now() - timedelta(seconds=30)} | more
    return make_call(setup, state="ended", **facts)


def shown(setup: Any, call: Call, report: Any = None, me: Any = None) -> list[timeline.Entry]:
    with scope.for_tenant(setup.tenant):
        receipts = list(Receipt.objects.select_related("asked_by").filter(call=call))
        recorded = recorded_steps.of(call)
        return timeline.entries(call, receipts, report, me=me, zone=UTC, recorded=recorded)


def words(rows: list[timeline.Entry]) -> list[str]:
    return [row.words if row.kind != "command" else row.title for row in rows]


def after(call: Call, seconds: float) -> Any:
    return call.started_at + timedelta(seconds=seconds)


def test_sentences_heard_after_the_call_stand_between_the_answer_and_the_end(bloom):
    call = ended(bloom)
    report = make_report(bloom, call, messages=TALK, message_times=[None] * 4)
    rows = shown(bloom, call, report)
    texts = words(rows)
    assert texts.index("Answered") < texts.index("Good day.") < texts.index("Fine.") < texts.index("Ended")
    assert [row.clock for row in rows if row.kind == "message"] == [""] * 4
    assert all(row.clock for row in rows if row.kind == "step")


def test_sentences_that_were_heard_have_their_time_and_commands_stand_between(bloom):
    call = ended(bloom)
    times = [after(call, seconds).isoformat() for seconds in (1, 5, 20, 25)]
    report = make_report(bloom, call, messages=TALK, message_times=times)
    make_receipt(bloom, call, "say", payload={"content": "One moment."}, asked_at=after(call, 18), messages_before=2)
    rows = shown(bloom, call, report)
    assert words(rows)[2:7] == ["Good day.", "Who is this?", "Say", "One moment.", "Fine."]
    clocks = [row.clock for row in rows]
    assert clocks == sorted(clocks)


def test_a_reply_never_stands_before_its_cause(bloom):
    """Of a realtime model no sentence is known while it talks; what a command may have caused stands behind it."""
    call = ended(bloom, family="xai_realtime")
    report = make_report(bloom, call, messages=TALK, message_times=[None] * 4)
    for command, content in (("inject-context", "She moved."), ("say", "One moment.")):
        make_receipt(bloom, call, command, payload={"content": content}, asked_at=after(call, 10))
    make_receipt(bloom, call, "end-call", payload={}, asked_at=after(call, 60), effect="confirmed")
    texts = words(shown(bloom, call, report))
    assert texts.index("Context") < texts.index("Good day.")
    assert texts.index("Say") < texts.index("One moment.")
    assert texts.index("Fine.") < texts.index("End call") < texts.index("Ended")


def test_an_end_that_was_asked_for_stands_behind_its_command_by_either_clock(bloom):
    call = ended(bloom)
    make_receipt(bloom, call, "end-call", payload={}, asked_at=call.ended_at + timedelta(seconds=1), effect="confirmed")
    texts = words(shown(bloom, call))
    assert texts.index("End call") < texts.index("Ended")


def test_an_answer_stands_behind_the_placing_by_either_clock(bloom):
    call = ended(bloom)
    call.created_at = call.started_at + timedelta(seconds=7)
    texts = words(shown(bloom, call, make_report(bloom, call, messages=TALK)))
    assert texts[0].startswith("Placed") and texts[2] == "Good day."
    assert texts[1] == f"Answered; {call.started_at:%H:%M:%S} by VoiceDock’s clock"


def test_no_time_is_shown_that_lies_before_that_of_its_cause(bloom):
    call = ended(bloom)
    asked_at = call.ended_at + timedelta(seconds=8)
    make_receipt(bloom, call, "end-call", payload={}, asked_at=asked_at, effect="confirmed")
    call.created_at = call.started_at + timedelta(seconds=7)
    rows = shown(bloom, call)
    clocks = [row.clock for row in rows]
    assert clocks == sorted(clocks) and clocks[0] == clocks[1] == f"{call.created_at:%H:%M:%S}"
    assert clocks[-1] == f"{asked_at:%H:%M:%S}"
    assert words(rows)[-1].endswith(f"; {call.ended_at:%H:%M:%S} by VoiceDock’s clock")
    assert call_times.answered_at(call) == call.created_at and call_times.ended_at(call, [asked_at]) == asked_at


@pytest.mark.parametrize("is_mine", [True, False])
def test_whoever_ended_the_call_is_named(bloom, make_member, sign_in, is_mine):
    sanne, dora = make_member(bloom, Role.OPERATOR, "Sanne Visser"), make_member(bloom, Role.OWNER, "Dora Bloom")
    call = ended(bloom, end_reason="assistant_ended")
    make_receipt(bloom, call, "end-call", payload={}, asked_by=sanne, effect="confirmed")
    page = sign_in(sanne if is_mine else dora).get(f"/c/bloom-dental/calls/{call.pk}/").content.decode()
    assert ("Ended by you" in page) is is_mine
    assert ("Ended by Sanne Visser" in page) is not is_mine
    assert "assistant_ended" not in page


def test_what_was_not_known_for_a_while_stays(operator):
    """No answer, and then found: both stand there, with their times."""
    operator.add_fault("lost")
    call = operator.place()
    operator.let_pass(call, 5)
    operator.run_due_work()
    call = operator.reload(call)
    assert call.state != "unknown"
    with scope.for_tenant(operator.tenant):
        rows = timeline.entries(
            Call.objects.with_end_age().get(pk=call.pk), [], None, me=None, zone=UTC, recorded=recorded_steps.of(call)
        )
    texts = words(rows)
    assert texts.index("No answer from VoiceDock: not known whether it was placed") < texts.index(
        "Found at VoiceDock: it was placed"
    )
    assert all(row.clock for row in rows)


@pytest.fixture
def refused_for_now(operator, monkeypatch):
    """Places a call that VoiceDock takes after so many seconds at the earliest."""

    def place(seconds: float) -> Call:
        def refuse(*args: Any, **kwargs: Any) -> Any:
            raise sending.voicedock.RateLimited("slow down", retry_after=seconds)

        with monkeypatch.context() as patched:
            patched.setattr(sending.voicedock.Client, "place_call", refuse)
            return operator.place()

    return place


@pytest.mark.parametrize(
    ("seconds", "then"),
    [(45, "We try again by ourselves."), (130, "It cannot be sent within two minutes and is given up then.")],
)
def test_a_call_that_waits_says_once_what_happens_next(operator, sign_in, refused_for_now, seconds, then):
    """No "try again in 45 seconds" beside "we try again by ourselves", and not "on its way" beside "not sent"."""
    call = operator.reload(refused_for_now(seconds))
    with scope.for_tenant(operator.tenant):
        Membership.objects.create(tenant=operator.tenant, user=operator.user, role=Role.OPERATOR)
    page = " ".join(sign_in(operator.user).get(f"/c/{operator.tenant.slug}/calls/{call.pk}/").content.decode().split())
    shown = page[page.index('id="call-timeline"') :].split("</ol>")[0]
    assert shown.count("Nothing was dialed.") == shown.count(then) == 1
    assert f"Too much was asked of VoiceDock this minute. Nothing was dialed. {then}" in shown
    assert ("Next attempt in <time data-until=" in shown) is (call.next_attempt_at is not None) is (seconds < 120)
    for other in ("ry again in", "on its way to VoiceDock", "is not sent yet", "waits to be sent again"):
        assert other not in page, other
    assert page.count("This call waits to be sent.") == 1


@pytest.mark.parametrize("is_mine", [True, False])
def test_taking_a_call_back_stands_there_once(operator, refused_for_now, is_mine):
    call = operator.reload(refused_for_now(45))
    assert taking_back.take_back(call, by=operator.user)
    with scope.for_tenant(operator.tenant):
        call = queries.of_tenant(operator.tenant).get(pk=call.pk)
        me = operator.user if is_mine else None
        rows = timeline.entries(call, [], None, me=me, zone=UTC, recorded=recorded_steps.of(call))
    who = "You" if is_mine else operator.user.name
    assert words(rows)[-1] == f"{who} took it back before it was sent. Nothing was dialed."
    assert sum("ook it back" in text or "aken back" in text for text in words(rows)) == 1


@pytest.mark.parametrize(
    ("state", "choice"), [("needs-person", manual_resolution.NOT_PLACED), ("lost", manual_resolution.IS_OVER)]
)
def test_what_a_person_decided_stands_there_once(operator, state, choice):
    call = operator.place()
    with scope.for_system("a call that a person has to decide"):
        Call.objects.filter(pk=call.pk).update(state=state, placed_at=None, alarm=Alarm.LOST)
    call = operator.reload(call)
    assert manual_resolution.decide(call, choice, by=operator.user)
    with scope.for_tenant(operator.tenant):
        call = queries.of_tenant(operator.tenant).get(pk=call.pk)
        rows = timeline.entries(call, [], None, me=None, zone=UTC, recorded=recorded_steps.of(call))
    assert call.finished and sum("decided that it" in text for text in words(rows)) == 1
    assert "decided that it" in words(rows)[-1]


def test_a_call_of_nobody_here_says_by_whom_as_far_as_is_known(bloom):
    call = make_call(bloom, origin="adopted", requested_by=None)
    with scope.for_tenant(bloom.tenant):
        call = Call.objects.with_end_age().get(pk=call.pk)
    assert "VoiceDock’s dashboard or API" in words(shown(bloom, call))[0]


@pytest.mark.parametrize(
    ("before", "after_it", "now", "times"),
    [
        ([], TALK[:1], "now", ["now"]),
        (TALK[:1], TALK[:2], "now", ["t0", "now"]),
        (TALK[:2], TALK, None, ["t0", "t1", None, None]),
        ([{"role": "user", "content": "Who is"}], TALK[1:2], "now", ["t0"]),
        (TALK[:2], [TALK[1]], "now", ["now"]),
    ],
)
def test_a_sentence_keeps_the_time_at_which_it_was_first_heard(before, after_it, now, times):
    moment = timezone.now() if now else None
    known = [f"t{index}" for index in range(len(before))]
    found = message_times.merged(before, known, after_it, moment)
    assert found == [moment.isoformat() if time == "now" else time for time in times]


def test_sentences_of_a_live_call_are_stored_with_their_time(operator):
    call = operator.place_answered()
    operator.control_sandbox("clock", advance=15)
    operator.read_calls()
    with scope.for_system("look"):
        report = Call.objects.select_related("report").get(pk=call.pk).report
    assert report.messages and len(report.message_times) == len(report.messages) and all(report.message_times)
