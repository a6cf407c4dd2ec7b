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
from dashboard.calls.updates import apply
from tenants import dedications
from tenants.access import support_access
from tenants.access.permissions import Role, StaffRole
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
from tests.promises import scale
from tests.promises.transient_calls import CONFIGURATION, allow, transient, waiting

MEMBERS = [Role.OWNER, Role.MANAGER, Role.OPERATOR, Role.VIEWER]


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
def caller(transient_caller: Any) -> Any:
    return transient_caller


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
