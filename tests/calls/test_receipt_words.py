"""What a page and the audit trail say of a command is true for every combination of answer, effect and alarm."""

import itertools
import re
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.db.models.functions import Now
from django.utils import timezone

from dashboard.calls import labels, sweep
from dashboard.calls.control import commands, effects
from dashboard.calls.history import timeline
from dashboard.calls.models import TRANSFER_IS_LATE, Alarm, Call, Receipt
from dashboard.rate_limits import limiter
from tenants.access.permissions import Role
from tenants.audit.messages import SENTENCES
from tenants.isolation import scope
from tests.fixtures.call_factories import make_call, make_receipt

Outcome, Effect = Receipt.Outcome, Receipt.Effect
ANSWERS = {  # what may be read beside a command if and only if VoiceDock answered so
    "Accepted": Outcome.ACCEPTED,
    "No answer": Outcome.UNKNOWN,
    "Refused": Outcome.REFUSED,
}
COMMANDS = ["inject-context", "say", "transfer", "end-call"]


@pytest.mark.parametrize("outcome", Outcome)
def test_every_combination_tells_what_is_so(bloom, make_member, sign_in, outcome):
    operator = sign_in(make_member(bloom, Role.OPERATOR))
    for command, effect, alarm, finished in itertools.product(COMMANDS, Effect, Alarm, (False, True)):
        call = make_call(bloom, state="ended" if finished else "in-progress", alarm=alarm)
        facts = {"outcome": outcome, "effect": effect, "effect_at": Now() if effect else None}
        if outcome == Outcome.REFUSED and effect:
            with pytest.raises(IntegrityError, match="refused_has_no_effect"):
                make_receipt(bloom, call, command, **facts)
            continue
        receipt = make_receipt(bloom, call, command, **facts)
        with scope.for_tenant(bloom.tenant):
            receipt.refresh_from_db()
        at = (command, outcome, effect, alarm, finished)
        command_entry = timeline.command_entry(call, receipt, me=None, zone=bloom.tenant.zone)
        marks = [mark.words for mark in command_entry.marks]
        for words, answer in ANSWERS.items():
            assert any(mark.startswith(words) for mark in marks) is (outcome == answer), at
        assert any(mark.startswith("Confirmed") for mark in marks) is (effect == Effect.CONFIRMED), at
        assert not (any("Refused" in mark for mark in marks) and any("Confirmed" in mark for mark in marks)), at
        why = labels.why(call)
        assert not re.search("accepted|took|refused|did not answer.*end", why), "an alarm claims no answer of VoiceDock"
        assert not (finished and "not heard that it ended" in why), at
        if command == "end-call":
            page = operator.get(f"/c/{bloom.slug}/calls/{call.pk}/").content.decode()
            assert "VoiceDock took the command" not in page and "End call was accepted" not in page, at
            assert ("End call is not confirmed" in page) is (alarm == Alarm.END_NOT_CONFIRMED and not finished), at
            assert ("<span>Accepted" in page) is (outcome == Outcome.ACCEPTED), at


def end(operator, call):
    return commands.send(call, {"type": "end-call"}, by=operator.user, token=uuid.uuid4())


@pytest.mark.parametrize(
    ("fault", "outcome", "effect"),
    [("409", "refused", ""), ("500", "unknown", "not-known"), ("", "accepted", "confirmed")],
)
def test_an_answer_that_comes_after_the_call_has_ended(operator, monkeypatch, fault, outcome, effect):
    """The call ends by itself while the command is on its way; the news of that come first."""
    call = operator.place_answered()
    if fault:
        operator.add_fault(fault, "/calls/*/control")
    real = commands._settle

    def late(receipt, *args, **more):
        with scope.for_tenant(operator.tenant):
            Call.objects.filter(pk=call.pk).update(state="ended", finished=True, ended_at=Now())
            effects.confirm(Call.objects.get(pk=call.pk), None)
        assert operator.receipts(call)[0].effect == ""
        return real(receipt, *args, **more)

    monkeypatch.setattr(commands, "_settle", late)
    end(operator, call)
    (receipt,) = operator.receipts(call)
    assert (receipt.outcome, receipt.effect) == (outcome, effect)
    assert not (receipt.effect and "If the call goes on" in receipt.note)


def test_given_up_after_the_call_has_ended_it_is_not_known_whether_it_did_that(bloom):
    call = make_call(bloom, state="ended", ended_at=timezone.now())
    receipt = make_receipt(bloom, call, "end-call", outcome="waiting", answered_at=None)
    with scope.for_tenant(bloom.tenant):
        Receipt.objects.filter(pk=receipt.pk).update(asked_at=Now() - sweep.NO_ANSWER_TO_COMMAND * 2)
    sweep.commands_lost()
    with scope.for_tenant(bloom.tenant):
        receipt.refresh_from_db()
    assert (receipt.outcome, receipt.effect) == ("unknown", "not-known")
    assert "whether it ended the call is not known" in receipt.note


def test_what_was_never_sent_is_not_reported_as_sent(operator):
    call = operator.place()  # it still rings, so nothing can be sent into it
    assert end(operator, call).outcome == "refused"
    assert operator.command_requests() == []
    assert operator.audit_actions()[-1] == "call.command-not-sent"
    for action in ("call.command-asked", "call.command-refused", "call.command-not-sent"):
        assert not re.search(r"\bsent (\{command\}|by)", SENTENCES[action]), action


@pytest.mark.parametrize(
    ("command", "outcome", "limit"),
    [
        ("say", "unknown", "Known limit of xAI Realtime: Say is unreliable here"),
        ("say", "accepted", "Known limit of xAI Realtime: Say is unreliable here"),
        ("inject-context", "accepted", "Known limit of xAI Realtime: context may not change what it says"),
    ],
)
def test_a_receipt_names_the_known_limit_of_the_model_and_no_fault_of_the_moment(bloom, command, outcome, limit):
    note = "VoiceDock did not answer in 30 seconds." if outcome == "unknown" else ""
    for family, is_limited in (("xai_realtime", True), ("pipeline", False)):
        call = make_call(bloom, family=family)
        receipt = make_receipt(bloom, call, command, outcome=outcome, note=note)
        entry = timeline.command_entry(call, receipt, me=None, zone=bloom.tenant.zone)
        assert (limit in entry.why) is is_limited
        assert ("did not answer in 30 seconds" in entry.why) is (bool(note) and not is_limited)
        assert ("We will not send it again" in entry.why) is (outcome == "unknown" and is_limited)
        no_answer = [mark.words for mark in entry.marks if mark.words.startswith("No answer")]
        assert [("known limit" in words, " until " in words) for words in no_answer] == (
            [(is_limited, False)] if outcome == "unknown" else []
        )
        open_mark = "cannot be confirmed on this model"
        assert any(mark.words == open_mark for mark in entry.marks) is (is_limited and outcome == "accepted")


def test_what_waits_says_when_the_screen_will_warn(bloom):
    call = make_call(bloom)
    transfer = make_receipt(bloom, call, "transfer", payload={"destination": "+31205550155"})
    waiting = make_receipt(bloom, call, "say", outcome="waiting", answered_at=None)
    for receipt, until in ((transfer, transfer.answered_at + TRANSFER_IS_LATE), (waiting, None)):
        entry = timeline.command_entry(call, receipt, me=None, zone=bloom.tenant.zone)
        assert entry.marks[-1].until == (until or receipt.asked_at + timedelta(seconds=limiter.TIMEOUT))
