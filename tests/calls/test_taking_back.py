"""A call that waits can be taken back: then it never leaves. One that was claimed first is going out."""

import pytest
from django.db import connection as database

from dashboard.calls.models import Call
from dashboard.calls.placing import claims, intents, sending, taking_back
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.fixtures.call_factories import make_call
from tests.fixtures.concurrency import at_once

WAITING = {"state": "queued", "remote_id": "", "sent_at": None, "placed_at": None, "ago": 2}


@pytest.fixture
def waiting(operator, monkeypatch):
    """A call that was placed and not sent yet."""
    monkeypatch.setattr(sending, "attempt", lambda call: call)
    call = operator.place()
    monkeypatch.undo()
    return call


def test_a_call_that_was_taken_back_is_never_sent(operator, waiting):
    assert taking_back.take_back(operator.reload(waiting), by=operator.user)

    assert intents.send(waiting.pk).state == "refused"
    operator.let_pass(waiting, 130)
    operator.run_due_work()
    call = operator.reload(waiting)
    assert operator.dial_requests() == []
    assert (call.state, call.finished, call.outcome, call.was_taken_back) == ("refused", True, "taken_back", True)
    assert call.error == "Ines Vale took it back before it was sent. Nothing was dialed."
    assert operator.audit_actions() == ["call.asked", "call.taken-back"]
    assert operator.place().state == "dialing"  # it blocks no other call to this person


def test_a_call_that_was_claimed_first_goes_out(operator, waiting):
    read_before = operator.reload(waiting)
    assert claims.claim(read_before).outcome == claims.Claim.WON

    assert not taking_back.take_back(read_before, by=operator.user)
    assert operator.reload(waiting).state == "sending"
    assert operator.audit_actions() == ["call.asked"]


def test_a_call_that_was_sent_is_not_taken_back(operator):
    call = operator.place()
    assert not taking_back.take_back(operator.reload(call), by=operator.user)
    assert (operator.reload(call).state, len(operator.dial_requests())) == ("dialing", 1)


def test_a_call_that_waits_again_can_be_taken_back(operator, monkeypatch):
    def unreachable(*args, **kwargs):
        raise sending.voicedock.NotSent("no route")

    monkeypatch.setattr(sending.voicedock.Client, "place_call", unreachable)
    call = operator.place()
    monkeypatch.undo()
    assert taking_back.take_back(operator.reload(call), by=operator.user)
    assert intents.send(call.pk).state == "refused" and operator.dial_requests() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_number", range(5))
def test_of_a_claim_and_a_taking_back_at_once_one_wins(operator, waiting, round_number):
    call, taken = operator.reload(waiting), []
    actions = [
        lambda: taken.append(taking_back.take_back(call, by=operator.user)),
        lambda: intents.send(waiting.pk),
    ]
    assert at_once(*actions[:: 1 if round_number % 2 else -1]) == [None, None]
    database.close()
    sent, now = len(operator.dial_requests()), operator.reload(waiting)
    assert (taken, sent) in (([True], 0), ([False], 1))
    assert (now.state == "refused") == taken[0]
    assert ("call.taken-back" in operator.audit_actions()) == taken[0]


def test_who_may_take_a_call_back(bloom, harbor, make_member, sign_in):
    placer, other = make_member(bloom, Role.OPERATOR), make_member(bloom, Role.OPERATOR)
    manager, viewer = make_member(bloom, Role.MANAGER), make_member(bloom, Role.VIEWER)
    stranger = make_member(harbor, Role.OWNER)
    for at, (person, status) in enumerate(
        [(stranger, 404), (viewer, 403), (other, 403), (manager, 303), (placer, 303)]
    ):
        call = make_call(bloom, by=placer, counterpart=f"+3161234567{at}", **WAITING)
        browser = sign_in(person)
        assert browser.post(f"/c/bloom-dental/calls/{call.pk}/take-back/").status_code == status, person
        if status != 404:
            page = browser.get(f"/c/bloom-dental/calls/{call.pk}/").content.decode()
            assert "Take it back" not in page
        with scope.for_tenant(bloom.tenant):
            call.refresh_from_db()
            assert (call.state == "refused") == (status == 303)
            written = AuditEntry.objects.filter(action="call.taken-back", subject=f"call:{call.pk}")
            assert [entry.actor_id for entry in written] == [person.pk] * (status == 303)


def test_it_is_offered_where_the_call_is_shown(bloom, make_member, sign_in):
    placer = make_member(bloom, Role.OPERATOR)
    call, browser = make_call(bloom, by=placer, **WAITING), sign_in(placer)
    address = f"/c/bloom-dental/calls/{call.pk}/take-back/"
    for page in ("/c/bloom-dental/call/", f"/c/bloom-dental/calls/{call.pk}/"):
        assert address in browser.get(page).content.decode(), page

    late = browser.post(address, follow=True)
    assert "You took it back before it was sent. Nothing was dialed." in late.content.decode()
    assert taking_back.TOO_LATE in browser.post(address, follow=True).content.decode()
    with scope.for_tenant(bloom.tenant):
        assert Call.objects.get(pk=call.pk).outcome == "taken_back"
