"""Calls that are ended together: one that waits to be sent is never dialed, and each tells what became of it."""

from __future__ import annotations

import html
import re
import uuid
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from dashboard import voicedock
from dashboard.calls.control import bulk_end, commands
from dashboard.calls.live import end_notes
from dashboard.calls.models import Call, State
from dashboard.calls.placing import intents, sending
from dashboard.calls.updates import apply
from dashboard.sync import text_lengths
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AuditEntry, Connection
from tests.fixtures.call_factories import make_call
from tests.fixtures.operator import PERSON


@pytest.fixture
def waiting(operator):
    """A call that waits to be sent."""
    call, _ = intents.request(
        operator.tenant,
        by=operator.user,
        number=operator.number.pk,
        assistant=operator.assistant.pk,
        destination=PERSON,
        token=uuid.uuid4(),
    )
    return call


def test_one_that_waits_is_taken_back_and_dials_nobody(operator, waiting):
    with scope.for_tenant(operator.tenant):
        assert bulk_end.request(Call.objects.filter(pk=waiting.pk), by=operator.user).count == 1
    sending.send(waiting.pk)
    (call,) = operator.calls()
    assert call.state == State.REFUSED and call.was_taken_back and operator.dial_requests() == []
    with scope.for_system("look"):
        assert AuditEntry.objects.filter(action="call.taken-back").count() == 1
    assert bulk_end.due() == []


def test_one_that_is_being_sent_is_ended_once_it_is_answered(operator, waiting):
    with scope.for_tenant(operator.tenant):
        sent = {"state": State.SENDING, "lease_until": timezone.now() + timedelta(seconds=45)}
        Call.objects.filter(pk=waiting.pk).update(**sent)
        assert bulk_end.request(Call.objects.filter(pk=waiting.pk), by=operator.user).count == 1
    (call,) = operator.calls()
    assert call.state == State.SENDING and call.end_due_at is not None


def ask_for_ends(operator, *calls):
    with scope.for_tenant(operator.tenant):
        bulk_end.request(Call.objects.filter(pk__in=[call.pk for call in calls]), by=operator.user)


def time_passes(call, seconds):
    with scope.for_system("time passes"):
        Call.objects.filter(pk=call.pk).update(end_due_at=F("end_due_at") - timedelta(seconds=seconds))


@pytest.fixture
def browser(operator, make_member, sign_in):
    return sign_in(make_member(operator.tenant, Role.OPERATOR, "Tom Bakker"))


def card(operator, browser, call):
    page = browser.get(f"/c/{operator.tenant.slug}/live/").content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition(f'id="card-{call.pk}"')[2].partition("</li>")[0]).split())


def test_an_end_is_sent_again_when_voicedock_asked_to_wait(operator, browser):
    """Refused with 429, twice, and then taken: the person who asked need not ask again."""
    call = operator.place_answered()
    operator.add_fault("429", "/calls/*/control", times=2)
    ask_for_ends(operator, call)
    for attempt in (1, 2):
        operator.run_due_work()
        assert len(operator.command_requests()) == attempt
        again = operator.reload(call).end_due_at - timezone.now()
        assert timedelta(seconds=16) < again <= timedelta(seconds=45), "as long as VoiceDock asked, and no longer"
        operator.run_due_work()
        assert len(operator.command_requests()) == attempt, "not before"
        words = card(operator, browser, call)
        assert "End call waits. Too much was asked of VoiceDock this minute." in words
        assert "We send it again by ourselves." in words and re.search(r"Next try in [1-4]\d s", words)
        assert "try again in" not in words
        time_passes(call, 46)
    operator.run_due_work()
    assert [receipt.outcome for receipt in operator.receipts(call)] == ["refused", "refused", "accepted"]
    assert operator.reload(call).end_due_at is None
    operator.sandbox.advance(5)
    operator.read_calls()
    assert operator.receipts(call)[-1].effect == "confirmed" and operator.reload(call).finished
    operator.run_due_work()
    assert len(operator.command_requests()) == 3


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("400", "VoiceDock refused End call. VoiceDock says that this call is no longer in progress."),
        ("409", "VoiceDock refused End call. VoiceDock says that this call is no longer in progress."),
        ("404", "VoiceDock refused End call. VoiceDock does not know this call any more."),
        ("401", "VoiceDock refused End call. VoiceDock does not accept this connection’s API key."),
    ],
)
def test_the_board_says_of_each_call_that_voicedock_refused_to_end_it(operator, browser, fault, words):
    call, other = operator.place_answered(), operator.place_answered("+31612340043")
    operator.add_fault(fault, f"/calls/{call.remote_id}/control")
    ask_for_ends(operator, call, other)
    operator.run_due_work()
    assert operator.reload(call).end_due_at is None
    assert words in card(operator, browser, call)
    assert "refused" not in card(operator, browser, other)
    panel = browser.get(f"/c/{operator.tenant.slug}/calls/{call.pk}/").content.decode()
    assert words in html.unescape(panel)
    with scope.for_system("the end is late"):
        Call.objects.filter(pk=call.pk).update(end_asked_at=timezone.now() - timedelta(seconds=12))
    assert words in card(operator, browser, call), "also where the call needs a person"
    operator.run_due_work()
    assert len(operator.command_requests()) == 2, "what was refused is not sent again"


def test_what_could_not_reach_voicedock_is_sent_again_and_says_so(operator, browser, monkeypatch):
    call = operator.place_answered()
    ask_for_ends(operator, call)
    with monkeypatch.context() as patched:

        def unreachable(*args, **kwargs):
            raise voicedock.NotSent("no route")

        patched.setattr(voicedock.Client, "control_call", unreachable)
        operator.run_due_work()
    words = card(operator, browser, call)
    assert "VoiceDock could not be reached. Nothing was done. We send it again by ourselves." in words
    assert re.search(r"Next try in 1?\d s", words)
    time_passes(call, 16)
    operator.run_due_work()
    assert operator.receipts(call)[-1].outcome == "accepted"
    assert [receipt.note for receipt in operator.receipts(call)] == [
        "VoiceDock could not be reached. Nothing was done.",
        "",
    ], "a receipt promises nothing that a call which ends by itself would make untrue"


def test_without_an_answer_it_is_not_sent_again(operator):
    call = operator.place_answered()
    operator.add_fault("lost", "/calls/*/control")
    ask_for_ends(operator, call)
    operator.run_due_work()
    assert operator.reload(call).end_due_at is None and operator.receipts(call)[0].outcome == "unknown"


def test_a_call_that_is_not_answered_says_that_it_is_ended_then(operator, browser):
    call = operator.place()
    ask_for_ends(operator, call)
    assert "It is ended once it is answered." in card(operator, browser, call)


def test_a_command_sent_by_hand_is_not_sent_again_by_ourselves(operator):
    call = operator.place_answered()
    operator.add_fault("429", "/calls/*/control")
    receipt = commands.send(call, {"type": "end-call"}, by=operator.user, token=uuid.uuid4())
    assert "try again in 45 seconds" in receipt.note and "by ourselves" not in receipt.note


def test_the_board_and_the_panel_say_that_voicedock_asked_to_wait_and_until_when(operator, browser):
    """Answered by a webhook, of which no list has shown yet: it is in progress, and nothing says that it is not."""
    call = operator.place()
    update = apply.CallUpdate(at=timezone.now(), status="in-progress", remote_id=call.remote_id)
    apply.apply_update_in_transaction(operator.connection, update)
    assert operator.reload(call).started_at is None
    words = card(operator, browser, call)
    assert "In progress" in words and "not answered yet" not in words
    until = timezone.now() + timedelta(minutes=10)
    pages = (f"/c/{operator.tenant.slug}/live/", f"/c/{operator.tenant.slug}/calls/{call.pk}/")
    sentence = f"VoiceDock asked us to wait until {until.astimezone(operator.tenant.zone):%H:%M}"
    for resting_until, is_shown in ((None, False), (until, True), (timezone.now(), False)):
        with scope.for_system("VoiceDock asked to wait"):
            Connection.objects.filter(pk=operator.connection.pk).update(resting_until=resting_until)
        for page in pages:
            text = " ".join(re.sub(r"<[^>]+>", "", browser.get(page).content.decode()).split())
            assert (sentence in text) is is_shown, page
    with scope.for_system("VoiceDock asked to wait"):
        Connection.objects.filter(pk=operator.connection.pk).update(resting_until=until)
    assert re.search(r'id="live-board"\s+data-redraw-in="[56]\d\d"', browser.get(pages[0]).content.decode())


def test_a_call_that_waits_to_be_sent_says_why_and_when(operator, browser):
    operator.add_fault("429")
    call = operator.place()
    assert call.state == State.QUEUED
    words = card(operator, browser, call)
    assert "Too much was asked of VoiceDock this minute. Nothing was dialed." in words
    assert re.search(r"Next try in [1-4]\d s", words) and "not answered yet" not in words


def test_a_second_person_does_not_shorten_the_wait_that_voicedock_asked_for(operator, make_user):
    call = operator.place_answered()
    operator.add_fault("429", "/calls/*/control")
    ask_for_ends(operator, call)
    operator.run_due_work()
    due_at = operator.reload(call).end_due_at
    with scope.for_tenant(operator.tenant):
        bulk_end.request(Call.objects.filter(pk=call.pk), by=make_user("Dora Bloom"))
    operator.run_due_work()
    assert operator.reload(call).end_due_at == due_at and len(operator.command_requests()) == 1
    time_passes(call, 46)
    operator.run_due_work()
    assert [receipt.asked_by for receipt in operator.receipts(call)] == [operator.user] * 2
    with scope.for_tenant(operator.tenant):
        bulk_end.request(Call.objects.filter(pk=call.pk), by=operator.user)
    operator.run_due_work()
    assert len(operator.command_requests()) == 3, "one that was sent may be asked for again"


def end_by(browser, operator, call):
    """Select the call on the board and confirm; the words of the messages on the page that follows."""
    board = f"/c/{operator.tenant.slug}/live/"
    data = {"call": str(call.pk)}
    asked = browser.post(f"{board}end/", data)["Location"]
    page = browser.get(asked).content.decode()
    answer = browser.post(asked, data | {"confirm": "1"}, follow=True).content.decode()
    return page, answer.partition('id="toasts"')[2].partition("<template")[0]


def timeline(operator, browser, call):
    page = browser.get(f"/c/{operator.tenant.slug}/calls/{call.pk}/").content.decode()
    shown = re.sub(r"<[^>]+>", " ", page.partition('id="call-timeline"')[2].partition("</ol>")[0])
    return " ".join(html.unescape(shown).split())


def test_a_second_person_reads_who_is_ending_the_call_and_where_its_receipt_is(operator, browser, make_member, sign_in):
    dora = sign_in(make_member(operator.tenant, Role.OPERATOR, "Dora Bloom"))
    call = operator.place_answered()
    page, toast = end_by(browser, operator, call)
    assert "Already being ended" not in page and "1 call is being ended. It shows its receipt on the board." in toast
    page, toast = end_by(dora, operator, call)
    assert "Already being ended, asked by Tom Bakker" in page
    assert "Already being ended, so no second command is sent; its timeline shows what becomes of it" in toast
    address = f"/c/{operator.tenant.slug}/calls/{call.pk}/#call-timeline"
    assert f'<a href="{address}">' in toast and "asked by Tom Bakker" in toast
    assert "1 call is being ended" not in toast
    operator.run_due_work()
    (receipt,) = operator.receipts(call)
    assert receipt.asked_by.name == "Tom Bakker" and len(operator.command_requests()) == 1
    assert "You asked to end it too: it is already being ended by Tom Bakker" in timeline(operator, dora, call)
    assert "Dora Bloom asked to end it too: it is already being ended by Tom Bakker" in timeline(
        operator, browser, call
    )


def test_an_end_that_came_after_the_first_ones_says_that_it_was_not_sent(operator, browser, make_member, sign_in):
    dora = sign_in(make_member(operator.tenant, Role.OPERATOR, "Dora Bloom"))
    call = operator.place_answered()
    end_by(browser, operator, call)
    operator.run_due_work()
    _, toast = end_by(dora, operator, call)
    assert "1 call is being ended" in toast, "the first command was sent, so hers is one of its own"
    operator.sandbox.advance(5)
    operator.read_calls()
    assert operator.reload(call).finished
    operator.run_due_work()
    assert [receipt.asked_by.name for receipt in operator.receipts(call)] == ["Tom Bakker"]
    words = "End call, asked for by {}, was not sent any more: the call was over"
    assert words.format("you") in timeline(operator, dora, call)
    assert words.format("Dora Bloom") in timeline(operator, browser, call)


def test_an_end_that_is_confirmed_after_the_call_is_over_says_how_it_ended(operator, browser, make_member, sign_in):
    dora = sign_in(make_member(operator.tenant, Role.OPERATOR, "Dora Bloom"))
    call, board = operator.place_answered(), f"/c/{operator.tenant.slug}/live/"
    data = {"call": str(call.pk)}
    asked = dora.post(f"{board}end/", data)["Location"]
    end_by(browser, operator, call)
    operator.run_due_work()
    operator.sandbox.advance(5)
    operator.read_calls()
    toast = dora.post(asked, data | {"confirm": "1"}, follow=True).content.decode()
    assert "Over already: <a href=" in toast and "(Ended by Tom Bakker)" in toast and "No call was ended" not in toast


def test_a_call_that_was_just_taken_back_is_not_over_already(operator, waiting, browser):
    _, toast = end_by(browser, operator, waiting)
    assert "1 call is being ended" in toast and "Over already" not in toast


def test_one_that_is_over_between_the_look_and_the_lock_is_named(operator, browser, monkeypatch):
    call, requested = operator.place_answered(), bulk_end.request

    def late(calls, *, by):
        Call.objects.filter(pk=call.pk).update(finished=True, state=State.ENDED)
        return requested(calls, by=by)

    monkeypatch.setattr(bulk_end, "request", late)
    _, toast = end_by(browser, operator, call)
    assert "Over already" in toast and "being ended" not in toast


def test_asking_again_and_again_is_one_step_of_the_timeline(operator, browser, make_member, sign_in):
    dora = sign_in(make_member(operator.tenant, Role.OPERATOR, "Dora Bloom"))
    call = operator.place_answered()
    end_by(browser, operator, call)
    for _ in range(3):
        end_by(dora, operator, call)
    assert timeline(operator, dora, call).count("You asked to end it too") == 1


def test_an_end_that_was_sent_is_shown_as_sent(operator, browser):
    """VoiceDock's news of the end may come before its answer to the command."""
    call = operator.place_answered()
    end_by(browser, operator, call)
    operator.run_due_work()
    (receipt,) = operator.receipts(call)
    late = {"finished": True, "state": State.ENDED, "end_due_at": timezone.now(), "end_due_by": receipt.asked_by}
    with scope.for_system("the answer is late"):
        Call.objects.filter(pk=call.pk).update(**late)
    assert "was not sent any more" not in timeline(operator, browser, call)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"remote_id": ""}, "It is ended once VoiceDock has given its id of this call."),
        ({"remote_id": f"call-{text_lengths.MARK}0123"}, "End call cannot be sent: VoiceDock’s id"),
        ({"state": "lost"}, ""),
        ({"state": "ringing"}, "It is ended once it is answered."),
        ({}, "End call is being sent."),
    ],
)
def test_what_a_requested_end_waits_for(bloom, facts, words):
    call = make_call(bloom, **facts, end_due_at=timezone.now())
    note = end_notes.of(call, None)
    assert (note is None) if not words else (note is not None and note.words.startswith(words))
