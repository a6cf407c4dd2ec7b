"""The shown effect of a command is true: by cause and by time, whatever comes first, and the same on every screen."""

from __future__ import annotations

import itertools
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dashboard.calls import labels, queries
from dashboard.calls.control import commands, effects, end_causes, measured
from dashboard.calls.models import Call, CallReport, Receipt
from dashboard.calls.updates import apply
from tenants.access.permissions import Role
from tenants.isolation import scope
from tests.fixtures.call_factories import make_call, make_receipt, make_report

MESSAGE = {"role": "assistant", "content": "One moment, please."}
PERSON = {"role": "user", "content": "Who is this?"}
SAY = {"type": "say", "content": "One moment please", "end_after": False}


def ended(setup: Any, **more: Any) -> Call:
    return make_call(setup, state="ended", **{"ended_at": timezone.now(), "end_reason": "assistant_ended"} | more)


def judged(setup: Any, call: Call, *receipts: Receipt) -> list[str]:
    """The effects once they were judged; the objects are read again."""
    with scope.for_tenant(setup.tenant):
        effects.confirm(Call.objects.get(pk=call.pk))
        for receipt in receipts:
            receipt.refresh_from_db()
    return [receipt.effect for receipt in receipts]


def end_call(setup: Any, call: Call, outcome: str = "accepted", before: float = 2, **more: Any) -> Receipt:
    at = call.ended_at - timedelta(seconds=before)
    return make_receipt(setup, call, "end-call", payload={}, outcome=outcome, asked_at=at, sent_at=at, **more)


def test_an_end_after_an_accepted_command_is_its_work(bloom):
    for reason in ("", "assistant_ended", "assistant_hangup", "hangup"):
        call = ended(bloom, end_reason=reason)
        assert judged(bloom, call, end_call(bloom, call)) == ["confirmed"], reason


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"end_reason": "user_hangup"}, "person hung up"),
        ({"end_reason": "customer-ended-call"}, "customer ended call"),
        ({"end_reason": "max_duration"}, "longest time reached"),
        ({"end_reason": "silenceTimedOut"}, "silenceTimedOut"),
        ({"end_reason": "voicemail_detected"}, "voicemail detected"),
        ({"end_reason": "pipeline_error"}, "pipeline error"),
        ({"error": "STT connection failed"}, "an error"),
        ({"state": "ended-with-error", "end_reason": ""}, "an error"),
        ({"state": "transferred", "end_reason": ""}, "it was transferred"),
        ({"state": "failed", "end_reason": ""}, "not reached"),
        ({"machine_source": "summary"}, "Voicemail or a machine took it"),
    ],
)
@pytest.mark.parametrize("outcome", ["accepted", "unknown"])
def test_an_end_with_another_cause_is_nobodys_work(bloom, facts, words, outcome):
    call = make_call(bloom, **{"state": "ended", "ended_at": timezone.now(), "end_reason": "assistant_ended"} | facts)
    receipt = end_call(bloom, call, outcome)
    assert judged(bloom, call, receipt) == ["not-known"]
    assert receipt.note.startswith("The call has ended.") and "not known" in receipt.note
    assert words in receipt.note or (outcome == "unknown" and "machine_source" in facts)
    with scope.for_tenant(bloom.tenant):
        assert not labels.ending(queries.of_tenant(bloom.tenant).get(pk=call.pk)).startswith("ended by")


@pytest.mark.parametrize("reason", ["", "assistant_ended", "assistant_hangup", "user_hangup"])
def test_without_an_answer_an_end_confirms_nothing(bloom, reason):
    call = ended(bloom, end_reason=reason)
    receipt = end_call(bloom, call, "unknown")
    assert judged(bloom, call, receipt) == ["not-known"]
    assert receipt.note.startswith("The call has ended.") and "not known" in receipt.note


def test_without_an_answer_a_reason_that_names_a_command_confirms(bloom, monkeypatch):
    """VoiceDock documents none; this is for the day on which it does."""
    monkeypatch.setattr(end_causes, "BY_COMMAND", frozenset({"ended_by_api"}))
    call = ended(bloom, end_reason="ended_by_api")
    assert judged(bloom, call, end_call(bloom, call, "unknown")) == ["confirmed"]


def test_a_command_that_was_sent_after_the_end_is_the_cause_of_nothing(bloom):
    call = ended(bloom)
    late, never = end_call(bloom, call, before=-31), end_call(bloom, call, "unknown", before=-1)
    first = end_call(bloom, call, before=3)
    assert judged(bloom, call, late, never, first) == ["not-known", "not-known", "confirmed"]
    assert late.note == never.note == end_causes.BEFORE
    moved = make_call(bloom, state="transferred", ended_at=timezone.now() - timedelta(seconds=31))
    after = make_receipt(bloom, moved, "transfer", asked_at=timezone.now(), sent_at=timezone.now())
    assert judged(bloom, moved, after) == ["not-known"]


@pytest.mark.parametrize(
    ("reason", "seconds", "effect"),
    [
        ("assistant_ended", 70, "confirmed"),  # after a long goodbye
        ("assistant_ended", 121, "not-confirmed"),
        ("user_hangup", 5, "not-known"),
        ("user_hangup", 30, "not-confirmed"),
    ],
)
def test_an_end_that_comes_long_after_is_another_one(bloom, reason, seconds, effect):
    call = ended(bloom, end_reason=reason, ago=300, end_late_at=timezone.now() if seconds > 11 else None)
    assert judged(bloom, call, end_call(bloom, call, before=seconds)) == [effect]


def test_where_the_clock_of_voicedock_is_ahead_an_end_in_time_is_not_late(bloom):
    call = ended(bloom, ended_at=timezone.now() + timedelta(hours=1))
    assert judged(bloom, call, end_call(bloom, call, before=3600)) == ["confirmed"]


def test_an_accepted_command_may_have_ended_the_call_by_a_clock_that_differs_a_little(bloom):
    call = ended(bloom)
    assert judged(bloom, call, end_call(bloom, call, before=-5)) == ["confirmed"]


def report_of(operator: Any, call: Call, seconds: float, reason: str = "", **report: Any) -> apply.CallUpdate:
    at = timezone.now() + timedelta(seconds=seconds)
    fields = {"ended_at": timezone.now() + timedelta(seconds=2)} | ({"end_reason": reason} if reason else {})
    return apply.CallUpdate(at=at, status="ended", remote_id=call.remote_id, fields=fields, report=report)


ORDERS = list(itertools.permutations(["answer", "status", "report", "again"]))


@pytest.mark.parametrize("order", ORDERS, ids=["-".join(order) for order in ORDERS])
@pytest.mark.parametrize(
    ("outcome", "reason", "effect"),
    [
        ("accepted", "assistant_ended", "confirmed"),
        ("accepted", "user_hangup", "not-known"),
        ("unknown", "assistant_ended", "not-known"),
        ("refused", "assistant_ended", ""),
    ],
)
def test_in_any_order_updates_and_the_answer_lead_to_the_same(operator, order, outcome, reason, effect):
    call = operator.place_answered()
    facts = {"tenant": operator.tenant, "call": call, "command": "end-call", "asked_by": operator.user}
    with scope.for_tenant(operator.tenant):
        receipt = Receipt.objects.create(token=uuid.uuid4(), **facts)
    status, report = report_of(operator, call, 3), report_of(operator, call, 6, reason, summary="She will call back.")
    for step in order:
        if step == "answer":
            commands._settle(receipt, outcome, "Note of the answer.", timezone.now())
            commands.record(receipt)
        else:
            apply.apply_update_in_transaction(operator.connection, status if step == "status" else report)
    (now,) = operator.receipts(call)
    assert (now.outcome, now.effect) == (outcome, effect)
    with scope.for_tenant(operator.tenant):
        words = labels.ending(queries.of_tenant(operator.tenant).get(pk=call.pk))
    assert words.startswith("ended by") is (effect == "confirmed")


def test_two_people_who_ended_it_are_both_named_and_who_had_no_answer_is_not(bloom, make_member):
    sanne, dora = make_member(bloom, Role.OPERATOR, "Sanne Visser"), make_member(bloom, Role.OWNER, "Dora Bloom")
    tom = make_member(bloom, Role.MANAGER, "Tom Bakker")
    call = ended(bloom)
    end_call(bloom, call, before=5, asked_by=sanne), end_call(bloom, call, before=4, asked_by=dora)
    end_call(bloom, call, before=3, asked_by=sanne), end_call(bloom, call, "unknown", before=6, asked_by=tom)
    judged(bloom, call)
    with scope.for_tenant(bloom.tenant):
        read = queries.of_tenant(bloom.tenant).get(pk=call.pk)
    assert labels.ending(read) == "ended by Sanne Visser and Dora Bloom"
    assert labels.ending(read, dora) == "ended by Sanne Visser and you"


def test_every_screen_says_the_same_of_an_end_that_nobody_is_known_to_have_made(bloom, make_member, sign_in, auditor):
    sanne = make_member(bloom, Role.MANAGER, "Sanne Visser")
    call = ended(bloom, end_reason="user_hangup")
    receipt = end_call(bloom, call, "unknown", asked_by=sanne)
    judged(bloom, call)
    browser = sign_in(sanne)
    page = browser.get(f"/c/{bloom.slug}/calls/{call.pk}/").content.decode()
    assert "Ended by" not in page and "ended by" not in page and "Confirmed" not in page
    assert "Not known whether it worked" in page and "VoiceDock gives another cause: person hung up" in page
    for address in (f"/c/{bloom.slug}/calls/", f"/c/{bloom.slug}/calls/export.csv"):
        answer = browser.get(address)
        text = b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()
        assert "person hung up" in text and "nded by Sanne" not in text and "nded by you" not in text
    with scope.for_tenant(bloom.tenant):
        figures = measured.of_client(bloom.tenant, [call.family])[call.family]["end-call"]
    assert (figures.confirmed, figures.failed, figures.open) == (0, 0, 1)
    console = sign_in(auditor).get(f"/admin/calls/receipt/{receipt.pk}/change/").content.decode()
    assert "Not known" in console and ">Confirmed<" not in console


def say(setup: Any, call: Call, content: str = "One moment please", before: int | None = 0, **more: Any) -> Receipt:
    facts = {"payload": {"content": content}, "messages_before": before, "asked_at": timezone.now()}
    return make_receipt(setup, call, "say", **facts | more)


def test_what_was_spoken_before_does_not_confirm_a_say(bloom):
    call = ended(bloom)
    make_report(bloom, call, messages=[MESSAGE, PERSON])
    receipt = say(bloom, call, before=1)
    assert judged(bloom, call, receipt) == ["not-confirmed"]
    with scope.for_tenant(bloom.tenant):
        CallReport.objects.filter(call=call).update(messages=[MESSAGE, PERSON, MESSAGE])
    assert judged(bloom, call, receipt) == ["confirmed"]


def test_a_say_that_was_never_spoken_is_not_confirmed_by_the_same_sentence_before_it(operator):
    call = operator.place_answered()
    earlier = apply.CallUpdate(
        at=timezone.now(), status="in-progress", remote_id=call.remote_id, report={"messages": [PERSON, MESSAGE]}
    )
    apply.apply_update_in_transaction(operator.connection, earlier)
    operator.add_fault("hang", "/calls/*/control")
    receipt = commands.send(call, SAY, by=operator.user, token=uuid.uuid4())
    assert (receipt.outcome, receipt.messages_before) == ("unknown", 2)
    over = report_of(operator, call, 5, messages=[PERSON, MESSAGE, PERSON])
    apply.apply_update_in_transaction(operator.connection, over)
    assert operator.receipts(call)[0].effect == "not-confirmed"


def test_equal_says_need_a_sentence_each(bloom):
    call = ended(bloom)
    make_report(bloom, call, messages=[PERSON, MESSAGE])
    first, second = say(bloom, call), say(bloom, call)
    assert judged(bloom, call, first, second) == ["confirmed", "not-confirmed"]
    with scope.for_tenant(bloom.tenant):
        CallReport.objects.filter(call=call).update(messages=[PERSON, {**MESSAGE, "content": "One moment. " * 2}])
    assert judged(bloom, call, first, second) == ["not-confirmed", "not-confirmed"], "these are other words"
    with scope.for_tenant(bloom.tenant):
        CallReport.objects.filter(call=call).update(messages=[{**MESSAGE, "content": "One moment please! " * 2}])
    assert judged(bloom, call, first, second) == ["confirmed", "confirmed"], "one message may hold both"


def test_of_equal_says_the_accepted_one_was_spoken(bloom):
    call = ended(bloom)
    make_report(bloom, call, messages=[PERSON, MESSAGE])
    lost, taken = say(bloom, call, outcome="unknown"), say(bloom, call)
    assert judged(bloom, call, lost, taken) == ["not-confirmed", "confirmed"]


def test_a_short_say_is_not_confirmed_by_the_sentence_of_a_longer_one(bloom):
    call = ended(bloom)
    make_report(bloom, call, messages=[PERSON, MESSAGE, {"role": "assistant", "content": "I know nothing of it."}])
    short, long, no = say(bloom, call, "One moment"), say(bloom, call), say(bloom, call, "No")
    assert judged(bloom, call, short, long, no) == ["not-confirmed", "confirmed", "not-confirmed"]


def test_scripts_without_spaces_are_found(bloom):
    call = ended(bloom)
    make_report(bloom, call, messages=[PERSON, {"role": "assistant", "content": "はい、少々お待ちください。"}])
    assert judged(bloom, call, say(bloom, call, "少々お待ちください")) == ["confirmed"]


def test_an_opening_with_the_same_words_confirms_no_say(bloom):
    """Where no transcript was known when it was sent, the opening was spoken before it in any case."""
    call = ended(bloom)
    make_report(bloom, call, messages=[MESSAGE, PERSON])
    receipt = say(bloom, call, before=None)
    assert judged(bloom, call, receipt) == ["not-known"]
    assert "opened the call with these words" in receipt.note
    with scope.for_tenant(bloom.tenant):
        CallReport.objects.filter(call=call).update(messages=[PERSON, MESSAGE])
    assert judged(bloom, call, receipt) == ["confirmed"]


def transfer(setup: Any, call: Call, to: str = "+31205550155", **more: Any) -> Receipt:
    return make_receipt(setup, call, "transfer", payload={"destination": to}, **more)


def test_a_transfer_without_an_answer_is_not_known_to_have_moved_the_call(bloom, make_member, sign_in):
    call = make_call(bloom, state="transferred", ended_at=timezone.now())
    receipt = transfer(bloom, call, outcome="unknown")
    assert judged(bloom, call, receipt) == ["not-known"]
    page = sign_in(make_member(bloom, Role.OPERATOR)).get(f"/c/{bloom.slug}/calls/{call.pk}/").content.decode()
    assert "Transferred to" not in page and "whether it did that is not known" in page


def test_of_transfers_to_several_destinations_none_is_known_to_have_moved_the_call(bloom):
    call = make_call(bloom, state="transferred", ended_at=timezone.now())
    one, other = transfer(bloom, call), transfer(bloom, call, "+31205550199")
    lost = transfer(bloom, call, outcome="unknown")
    assert judged(bloom, call, one, other, lost) == ["not-known"] * 3
    call = make_call(bloom, state="transferred", ended_at=timezone.now())
    once, twice = transfer(bloom, call), transfer(bloom, call)
    assert judged(bloom, call, once, twice) == ["confirmed"] * 2


def test_a_call_that_goes_on_settles_no_end(bloom):
    call = make_call(bloom)
    receipt = make_receipt(bloom, call, "end-call", payload={})
    assert judged(bloom, call, receipt) == [""]
