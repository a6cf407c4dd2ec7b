"""P1 of calls with a one-time assistant: the right to them is given in two steps; once withdrawn, it stops them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError

from dashboard.calls.models import Call
from dashboard.calls.placing import claims, intents
from dashboard.calls.transient import rights
from tenants.access.permissions import Role, StaffRole
from tenants.accounts import members
from tenants.isolation import scope
from tenants.models import (
    Membership,
    StaffMember,
    User,
)
from tests.fixtures.concurrency import at_once
from tests.promises.transient_calls import allow, waiting


@pytest.fixture
def caller(transient_caller: Any) -> Any:
    return transient_caller


def withdraw_from_client(caller: Any) -> None:
    allow(caller.tenant, False)


def withdraw_from_person(caller: Any) -> None:
    Membership.objects.filter(user=caller.user).update(places_transient_calls=False)


def make_viewer(caller: Any) -> None:
    Membership.objects.filter(user=caller.user).update(role=Role.VIEWER)


def remove_person(caller: Any) -> None:
    Membership.objects.filter(user=caller.user).delete()


def deactivate_person(caller: Any) -> None:
    User.objects.filter(pk=caller.user.pk).update(is_active=False)


def make_staff_and_deactivate(caller: Any) -> None:
    Membership.objects.filter(user=caller.user).delete()
    StaffMember.objects.create(user=caller.user, role=StaffRole.ADMIN)
    deactivate_person(caller)


WITHDRAWALS = [
    withdraw_from_client,
    withdraw_from_person,
    make_viewer,
    remove_person,
    deactivate_person,
    make_staff_and_deactivate,
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("withdraw", WITHDRAWALS)
def test_a_right_withdrawn_before_sending_refuses_the_call_in_words(caller: Any, withdraw: Any) -> None:
    call = waiting(caller)
    with scope.for_tenant(caller.tenant):
        withdraw(caller)
    sent = intents.send(call.pk)
    assert sent.state == "refused" and "one-time assistants" in sent.error
    assert caller.dial_requests() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("withdraw", WITHDRAWALS)
def test_a_right_withdrawn_in_mid_flight_stops_the_call_at_the_database(
    caller: Any, withdraw: Any, monkeypatch: Any
) -> None:
    """With the application's own look removed."""
    call = waiting(caller)
    with scope.for_tenant(caller.tenant):
        withdraw(caller)
    monkeypatch.setattr(rights, "refusal", lambda tenant, call: "")
    with pytest.raises(IntegrityError, match="may not use one-time assistants"):
        intents.send(call.pk)
    assert caller.dial_requests() == []


@pytest.mark.django_db(transaction=True)
def test_knock_out_without_the_trigger_a_withdrawn_right_dials(caller: Any, monkeypatch: Any, superuser: Any) -> None:
    call = waiting(caller)
    with scope.for_tenant(caller.tenant):
        withdraw_from_person(caller)
    monkeypatch.setattr(rights, "refusal", lambda tenant, call: "")
    triggers = ("call_leaves", "facts_follow_claim")
    superuser(*(f"ALTER TABLE calls_call DISABLE TRIGGER {name}" for name in triggers))
    try:
        assert intents.send(call.pk).state == "dialing"
    finally:
        superuser(*(f"ALTER TABLE calls_call ENABLE TRIGGER {name}" for name in triggers))
    assert len(caller.dial_requests()) == 1


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_comes_before_or_after_a_claim_and_never_in_between(caller: Any) -> None:
    """At the same moment: either the call was claimed first, or it is refused; the row is one or the other."""
    call = waiting(caller)

    def withdraw() -> None:
        with scope.for_tenant(caller.tenant):
            withdraw_from_person(caller)

    assert at_once(lambda: intents.send(call.pk), withdraw) == [None, None]
    state, dialed = caller.reload(call).state, len(caller.dial_requests())
    assert (state, dialed) in [("dialing", 1), ("refused", 0)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("withdraw", WITHDRAWALS[1:])  # the first waits for the claim, which locks the client
def test_a_right_withdrawn_while_the_claim_looks_refuses_the_call_in_words(
    caller: Any, withdraw: Any, monkeypatch: Any
) -> None:
    """Seen by the database alone, since it was withdrawn after the claim had looked."""
    call, looked = waiting(caller), claims._called_already
    withdrawn: list[object] = []

    def withdraw_now() -> None:
        with scope.for_tenant(caller.tenant):
            withdraw(caller)

    def withdrawn_behind_it(of: Call) -> str:
        if not withdrawn:
            withdrawn.extend(at_once(withdraw_now))
        return looked(of)

    monkeypatch.setattr(claims, "_called_already", withdrawn_behind_it)
    sent = intents.send(call.pk)
    assert withdrawn == [None] and sent.state == "refused" and "one-time assistants" in sent.error
    assert caller.dial_requests() == []


@pytest.mark.smoke
def test_the_right_is_given_in_two_steps_and_both_are_entries(
    bloom: Any, make_member: Any, admin: User, sign_in: Any
) -> None:
    owner, operator, viewer = (make_member(bloom, role) for role in (Role.OWNER, Role.OPERATOR, Role.VIEWER))
    with scope.for_tenant(bloom.tenant):
        of = {member.user_id: member.pk for member in Membership.objects.all()}
    browser, give = sign_in(owner), "/c/bloom-dental/team/{}/one-time-assistants/"
    assert browser.post(give.format(of[operator.pk]), {"given": "yes"}).status_code == 409
    assert "One-time" not in browser.get("/c/bloom-dental/team/").content.decode()
    assert sign_in(owner).post("/clients/bloom-dental/one-time-assistants/").status_code == 404
    allowed = sign_in(admin).post("/clients/bloom-dental/one-time-assistants/", {"transient_calls": "on"})
    assert allowed.status_code == 302
    browser = sign_in(owner)
    assert browser.post(give.format(of[operator.pk]), {"given": "yes"}).status_code == 302
    assert browser.post(give.format(of[owner.pk]), {"given": "yes"}).status_code == 302, "the last owner too"
    assert browser.post(give.format(of[viewer.pk]), {"given": "yes"}).status_code == 409
    with scope.for_tenant(bloom.tenant):
        assert sorted(Membership.objects.filter(places_transient_calls=True).values_list("user_id", flat=True)) == (
            sorted([operator.pk, owner.pk])
        )
    assert sign_in(operator).post(give.format(of[operator.pk])).status_code == 403
    page = sign_in(owner).get("/c/bloom-dental/activity/").content.decode()
    assert "place calls with one-time assistants" in page


def test_a_member_who_becomes_a_viewer_loses_the_right_for_good(bloom: Any, make_member: Any) -> None:
    user = make_member(bloom, Role.OPERATOR, places_transient_calls=True)
    with scope.for_tenant(bloom.tenant):
        member = Membership.objects.select_related("tenant").get(user=user)
        members.change_role(member, Role.VIEWER, by=user)
        members.change_role(member, Role.OPERATOR, by=user)
        assert not Membership.objects.get(user=user).places_transient_calls
