"""P1 of calls with a one-time assistant: the line is as strict as in every call, and in place of the assistant's
assignment stands a right in two steps: staff allow it to the client, its owner gives it to the person."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from dashboard.calls.models import Call
from dashboard.calls.placing import claims, intents
from dashboard.calls.transient import rights
from dashboard.calls.updates import apply
from tenants import dedications
from tenants.access import support_access
from tenants.access.permissions import Role, StaffRole
from tenants.accounts import members
from tenants.isolation import scope
from tenants.models import (
    Assistant,
    Connection,
    Membership,
    Number,
    NumberDedication,
    StaffGrant,
    StaffMember,
    Tenant,
    User,
)
from tests.fixtures.backdating import backdating
from tests.fixtures.concurrency import at_once
from tests.promises import scale

CONFIGURATION = {
    "llm_config": {"provider": "openai", "model": "gpt-5.4", "messages": [{"role": "system", "content": "Be kind."}]},
    "stt_config": {"provider": "deepgram", "model": "nova-3", "language": "nl"},
    "tts_config": {"provider": "elevenlabs", "voice_id": "v1"},
}
NL = {"destination_country": "NL", "destination_kind": "mobile"}
MEMBERS = [Role.OWNER, Role.MANAGER, Role.OPERATOR, Role.VIEWER]


def transient(
    tenant: Tenant, of_connection: Connection, number: NumberDedication, by: User | None, **more: Any
) -> Call:
    return Call(
        tenant=tenant,
        connection=of_connection,
        number_dedication=number,
        requested_by=by,
        mode="transient",
        assistant_configuration=CONFIGURATION,
        origin="placed",
        client_token=uuid.uuid4(),
        **{"counterpart": "+31612345678"} | NL | more,
    )


def allow(tenant: Tenant, allowed: bool = True) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(transient_calls=allowed)


class World:
    """Clients with and without one-time assistants, their lines in and out of their time, and people of all kinds."""

    def __init__(self, homes: list[Connection]) -> None:
        self.tenants: list[Tenant] = []
        self.numbers: list[NumberDedication] = []
        self.people: list[User] = []
        self.allowed: set[tuple[int, int]] = set()  # client and person
        for at, home in enumerate([*homes, *homes]):
            tenant = dedications.open_tenant(name=f"Client {at}", slug=f"client-{at}", home_connection=home, by=None)
            allow(tenant, at != 1)
            tenant.refresh_from_db()
            self.tenants.append(tenant)
            self._lines(tenant, at)
            for role in MEMBERS:
                for given in (True, False):
                    self._member(tenant, role, given)
        for tenant in self.tenants[::3]:
            support_access.grant(tenant, 8, by=self.people[0])
        for role, sees_all in [("admin", True), ("support", True), ("support", False), ("finance", True)]:
            self._staff(StaffRole(role), sees_all)

    def _lines(self, tenant: Tenant, at: int) -> None:
        now, home = timezone.now(), tenant.home_connection
        assert home is not None
        for p, (begins, ends) in enumerate(((-9, None), (-9, -1), (9, None))):
            period = DateTimeTZRange(*(now + timedelta(days=days) if days else None for days in (begins, ends)))
            number = Number.objects.create(connection=home, remote_id=f"n-{at}-{p}", e164=f"+3120666{at}{p}00")
            self.numbers.append(
                NumberDedication.objects.create(
                    number=number, e164=number.e164, tenant=tenant, connection=home, period=period
                )
            )

    def _member(self, tenant: Tenant, role: Role, given: bool) -> None:
        user = User.objects.create(name=f"{tenant} {role}", email=f"{role}-{given}-{tenant.slug}@people.test")
        Membership.objects.create(tenant=tenant, user=user, role=role, places_transient_calls=given)
        self.people.append(user)
        if given and role != Role.VIEWER and tenant.transient_calls:
            self.allowed.add((tenant.pk, user.pk))

    def _staff(self, role: StaffRole, sees_all: bool) -> None:
        user = User.objects.create(name=f"{role} {sees_all}", email=f"{role}-{sees_all}@reseller.test")
        staff = StaffMember.objects.create(user=user, role=role, sees_all=sees_all)
        self.people.append(user)
        granted = self.tenants if sees_all else self.tenants[:1]
        if not sees_all:
            StaffGrant.objects.create(staff=staff, tenant=self.tenants[0])
        for tenant in granted if role != StaffRole.FINANCE else []:
            if tenant.transient_calls and (role == StaffRole.ADMIN or tenant in self.tenants[::3]):
                self.allowed.add((tenant.pk, user.pk))


@pytest.fixture
def world(bloom: Any, harbor: Any) -> World:
    with scope.for_system("many clients"), backdating():
        return World([bloom.connection, harbor.connection])


INSERT = (
    "INSERT INTO calls_call (id, tenant_id, connection_id, number_dedication_id, requested_by_id, mode, "
    "assistant_configuration, origin, direction, counterpart, destination_country, destination_kind, line, overrides, "
    "client_token, state, rank, finished, state_at, attempts, remote_id, webhook_call_id, provider, family, "
    "assistant_name, assistant_remote_id, number_remote_id, reported_line, end_reason, error, alarm, machine_source, "
    "created_at, seen_at, field_versions, search_count, version) "
    "VALUES (%s, %s, %s, %s, %s, 'transient', '{\"llm_config\": {}}', 'placed', 'outbound', %s, 'NL', 'mobile', '', "
    "'{}', %s, %s, 0, false, now(), 0, '', '', '', '', '', '', '', '', '', '', '', '', now(), now(), '{}', 0, 1)"
)


def _insert_sql(chance: random.Random, state: str, *what: Any) -> None:
    person = f"+3161{chance.randrange(10**7):07}"
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [uuid.uuid4(), *(one.pk for one in what), person, uuid.uuid4(), state])


def _insert_orm(chance: random.Random, state: str, *what: Any) -> None:
    call = transient(*what, state=state, counterpart=f"+3161{chance.randrange(10**7):07}")
    if chance.random() < 0.5:
        Call.objects.bulk_create([call])
    else:
        call.save(force_insert=True)


def _move(chance: random.Random, state: str, *what: Any) -> None:
    """A call that waits is turned into this one; whoever asked for it stays."""
    tenant, of_connection, number, _ = what
    Call.objects.filter(counterpart="+31600000000").update(
        tenant=tenant, connection=of_connection, number_dedication=number, state=state, client_token=uuid.uuid4()
    )


@pytest.mark.smoke
def test_random_triples_of_client_line_and_person_only_get_in_where_they_belong(world: World) -> None:
    """By row and by SQL, made new and moved, with every check of the application left out."""
    chance, outcomes = random.Random(20263), Counter[tuple[str, bool, bool]]()
    with scope.for_system("try everything"):
        first = world.people[0]
        home = world.numbers[0]
        transient(world.tenants[0], home.connection, home, first, counterpart="+31600000000").save(force_insert=True)
        for _ in range(scale.TRANSIENT_TRIPLES):
            tenant, mine = chance.choice(world.tenants), chance.random() < 0.5
            number = chance.choice([one for one in world.numbers if not mine or one.tenant == tenant])
            of_connection = number.connection if mine else chance.choice([one.connection for one in world.numbers])
            entry_point = chance.choice([_insert_orm, _insert_sql, _move])
            rightful = [one for one in world.people if (tenant.pk, one.pk) in world.allowed]
            person = chance.choice(rightful if rightful and chance.random() < 0.5 else world.people)
            person = first if entry_point is _move else person
            state = chance.choice(["queued", "sending"])
            belongs = number.tenant == tenant and number.connection_id == of_connection.pk
            may = (tenant.pk, person.pk) in world.allowed
            expected = belongs and (state == "queued" or (number.is_open and may))
            try:
                with transaction.atomic():
                    entry_point(chance, state, tenant, of_connection, number, person)
                    got_in = True
                    transaction.set_rollback(True)
            except IntegrityError:
                got_in = False
            assert got_in == expected, (entry_point.__name__, state, tenant, of_connection, number, person)
            outcomes[entry_point.__name__, got_in, may] += 1
    for entry_point in (_insert_orm, _insert_sql, _move):
        name = entry_point.__name__
        assert outcomes[name, True, True] and outcomes[name, False, True] and outcomes[name, False, False], outcomes


@pytest.fixture
def caller(operator: Any, make_member: Any) -> Any:
    """The operator's client may use one-time assistants, and so may its person."""
    operator.user = make_member(operator.tenant, Role.OPERATOR, places_transient_calls=True)
    with scope.for_tenant(operator.tenant):
        allow(operator.tenant)
        operator.tenant.refresh_from_db()
    return operator


def waiting(caller: Any, **more: Any) -> Call:
    with scope.for_tenant(caller.tenant):
        call = transient(caller.tenant, caller.connection, caller.number, caller.user, **more)
        call.save(force_insert=True)
    return call


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
def test_a_line_that_moves_in_mid_flight_stops_a_one_time_call_too(
    caller: Any, make_sandbox_tenant: Any, agency: Any, monkeypatch: Any
) -> None:
    call = waiting(caller)
    other = make_sandbox_tenant(agency, "noord")
    with scope.for_system("it changes hands"):
        dedications.end_number(caller.number, by=None)
        dedications.dedicate_number(other, caller.number.number, by=None)
    assert intents.send(call.pk).error == claims.NOT_THEIRS
    assert caller.dial_requests() == []


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


def test_what_a_one_time_call_sends_is_in_its_row_and_arrives(caller: Any) -> None:
    call = intents.send(waiting(caller).pk)
    (sent,) = caller.dial_requests()
    assert sent["body"] == {
        "destination": call.counterpart,
        "number_id": caller.number.number.remote_id,
        "assistant": CONFIGURATION,
    }
    assert (call.state, call.asked_line, call.asked_assistant_remote_id) == ("dialing", caller.number.e164, "")


@pytest.mark.parametrize(
    "change",
    [
        "mode = 'reference'",
        "mode = 'reference', assistant_dedication_id = {assistant}, assistant_configuration = '{{}}'",
        "assistant_configuration = '{{\"llm_config\": 1}}'",
        "assistant_dedication_id = {assistant}",
        "requested_by_id = NULL",
        "asked_assistant_remote_id = 'a-1'",
    ],
)
@pytest.mark.parametrize("state", ["queued", "sending", "dialing"])
def test_what_speaks_in_a_one_time_call_is_written_once(caller: Any, change: str, state: str) -> None:
    call = waiting(caller)
    sql = f"UPDATE calls_call SET {change.format(assistant=caller.assistant.pk)} WHERE id = %s"
    with scope.for_tenant(caller.tenant):
        if state != "queued":
            Call.objects.filter(pk=call.pk).update(state="sending")
        if state == "dialing":
            Call.objects.filter(pk=call.pk).update(state="dialing", remote_id="call-outbound-1")
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [call.pk])


def test_a_call_with_a_saved_assistant_is_not_turned_into_one_without(caller: Any) -> None:
    call = caller.place()
    with scope.for_tenant(caller.tenant):
        for change in (
            {"mode": "transient"},
            {"mode": "transient", "assistant_dedication": None, "assistant_configuration": CONFIGURATION},
            {"assistant_dedication": None},
            {"assistant_configuration": CONFIGURATION},
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                Call.objects.filter(pk=call.pk).update(**change)
        for wrong in ({"mode": "reference"}, {"assistant_dedication": caller.assistant}, {"mode": "other"}):
            made = transient(caller.tenant, caller.connection, caller.number, caller.user)
            for name, value in wrong.items():
                setattr(made, name, value)
            with pytest.raises(DatabaseError), transaction.atomic():
                made.save(force_insert=True)


def reported(caller: Any, call: Call, assistant_remote_id: str) -> Call:
    """Hear that VoiceDock made the call with this assistant."""
    facts = apply.CallUpdate(
        at=timezone.now(),
        status="in-progress",
        remote_id=call.remote_id,
        direction="outbound",
        assistant_remote_id=assistant_remote_id,
        fields={"assistant_remote_id": assistant_remote_id},
    )
    apply.apply_update_in_transaction(caller.connection, facts)
    return caller.reload(call)


def test_a_reported_assistant_raises_the_alarm_only_if_it_is_saved_and_of_another_client(
    caller: Any, make_sandbox_tenant: Any, agency: Any
) -> None:
    """What VoiceDock reports as the assistant of such a call is not documented."""
    own, unknown, foreign = (intents.send(waiting(caller, counterpart=f"+3161234567{n}").pk) for n in range(3))
    other = make_sandbox_tenant(agency, "noord", assistants=("Tariff advisor",))
    with scope.for_system("look"):
        theirs = Assistant.objects.get(dedications__tenant=other)
    assert reported(caller, own, caller.assistant.assistant.remote_id).alarm == ""
    assert reported(caller, unknown, "one-time-17").alarm == ""
    assert reported(caller, foreign, theirs.remote_id).alarm == "wrong-assistant"


def test_a_lost_one_time_call_is_found_by_person_and_line(caller: Any) -> None:
    caller.add_fault("lost")
    call = intents.send(waiting(caller).pk)
    assert call.state == "unknown" and len(caller.dial_requests()) == 1
    caller.let_pass(call, 3)
    caller.run_due_work()
    found = caller.reload(call)
    assert found.state not in ("unknown", "needs-person") and found.remote_id and len(caller.calls()) == 1


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
