"""P1 at the foot: the database refuses a call from a number, or with an assistant, that is not its tenant's."""

import html
import itertools
import random
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q
from django.utils import timezone

from dashboard.calls import manual_resolution
from dashboard.calls.caller_id import alarms
from dashboard.calls.models import Call
from dashboard.calls.placing import claims, intents, sending
from dashboard.calls.updates import apply
from tenants import dedications
from tenants.access.permissions import Role, StaffRole
from tenants.isolation import scope
from tenants.models import Assistant, AssistantDedication, Connection, Number, NumberDedication, Tenant
from tests.fixtures.backdating import backdating
from tests.fixtures.call_factories import make_call
from tests.promises import scale


def _call(tenant, connection, number, assistant, **more):
    return Call(
        tenant=tenant,
        connection=connection,
        number_dedication=number,
        assistant_dedication=assistant,
        origin="placed",
        client_token=uuid.uuid4(),
        **{"counterpart": "+31612345678", "destination_country": "NL", "destination_kind": "mobile"} | more,
    )


@pytest.mark.smoke
def test_caller_id_never_crosses_tenants(bloom, harbor):
    """Every combination of tenant, connection, number and assistant, with all application checks left out."""
    setups = [bloom, harbor]
    passed = refused = 0
    for t, c, n, a in itertools.product(range(2), repeat=4):
        call = _call(setups[t].tenant, setups[c].connection, setups[n].number, setups[a].assistant)
        with scope.for_system("try every pair"):
            try:
                with transaction.atomic():
                    call.save(force_insert=True)
                    transaction.set_rollback(True)
                passed += 1
                assert t == c == n == a
            except IntegrityError:
                refused += 1
                assert not (t == c == n == a)
    assert (passed, refused) == (2, 14)


def test_an_existing_call_cannot_be_moved_to_a_foreign_number(bloom, harbor):
    with scope.for_system("place"):
        call = _call(bloom.tenant, bloom.connection, bloom.number, bloom.assistant)
        call.save(force_insert=True)
        for change in (
            {"number_dedication": harbor.number},
            {"assistant_dedication": harbor.assistant},
            {"tenant": harbor.tenant},
            {"connection": harbor.connection},
            {"tenant": None},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                Call.objects.filter(pk=call.pk).update(**change)


@pytest.mark.django_db(transaction=True)
def test_knock_out_without_the_keys_a_foreign_pair_goes_in(bloom, harbor, superuser):
    """The test above can see: with its keys taken away the foreign call is accepted."""
    superuser(
        "ALTER TABLE calls_call DROP CONSTRAINT call_number_dedication, DROP CONSTRAINT call_assistant_dedication"
    )
    try:
        with scope.for_system("a foreign call"):
            _call(bloom.tenant, bloom.connection, harbor.number, harbor.assistant).save(force_insert=True)
    finally:
        superuser(
            "TRUNCATE calls_call CASCADE",
            "ALTER TABLE calls_call ADD CONSTRAINT call_number_dedication FOREIGN KEY (tenant_id, connection_id, "
            "number_dedication_id) REFERENCES tenants_numberdedication (tenant_id, connection_id, id), "
            "ADD CONSTRAINT call_assistant_dedication FOREIGN KEY (tenant_id, connection_id, assistant_dedication_id) "
            "REFERENCES tenants_assistantdedication (tenant_id, connection_id, id)",
        )


def test_a_number_has_one_tenant_at_any_instant(bloom, harbor, admin):
    with scope.for_system("dedicate"):
        with pytest.raises(dedications.AlreadyDedicated) as taken:
            dedications.dedicate_number(harbor.tenant, bloom.number.number, by=admin)
        assert taken.value.holder == bloom.tenant
        assert taken.value.message == "Bloom Dental has it. Release it there first."
        dedications.end_number(bloom.number, by=admin)
        later = dedications.dedicate_number(harbor.tenant, bloom.number.number, by=admin, start=timezone.now())
    assert later.is_open


def test_the_same_phone_number_in_two_organizations_has_one_tenant(bloom, harbor):
    with scope.for_system("dedicate"):
        twin = type(bloom.number.number).objects.create(
            connection=harbor.connection, remote_id="twin", e164=bloom.number.e164
        )
        with pytest.raises(dedications.AlreadyDedicated):
            dedications.dedicate_number(harbor.tenant, twin, by=None)


@pytest.mark.parametrize("change", ["tenant", "number", "begin", "reopen"])
def test_a_dedication_is_never_rewritten(bloom, harbor, change):
    with scope.for_system("rewrite"):
        if change == "reopen":
            dedications.end_number(bloom.number, by=None)
        values = {
            "tenant": {"tenant": harbor.tenant},
            "number": {"e164": "+31612345679"},
            "begin": {"period": DateTimeTZRange(timezone.now() - timedelta(days=400), None)},
            "reopen": {"period": DateTimeTZRange(bloom.number.period.lower, None)},
        }[change]
        with pytest.raises(DatabaseError), transaction.atomic():
            NumberDedication.objects.filter(pk=bloom.number.pk).update(**values)


@dataclass
class Things:
    """Clients in own and shared connections, with what they have, had and shall have."""

    tenants: list[Tenant]
    numbers: list[NumberDedication]
    assistants: list[AssistantDedication]
    connections: list[Connection]


@pytest.fixture
def things(bloom, harbor) -> Things:
    """Four clients, two of them in one connection; of each kind one that holds, one that ended, one from later on."""
    made = Things([bloom.tenant, harbor.tenant], [], [], [bloom.connection, harbor.connection])
    now = timezone.now()
    with scope.for_system("many clients"), backdating():
        for at, connection in enumerate((bloom.connection, harbor.connection)):
            made.tenants.append(
                dedications.open_tenant(name=f"Lodger {at}", slug=f"lodger-{at}", home_connection=connection, by=None)
            )
        homes = [bloom.connection, harbor.connection, bloom.connection, harbor.connection]
        for t, (tenant, home) in enumerate(zip(made.tenants, homes, strict=True)):
            for p, (begins, ends) in enumerate(((-9, None), (-9, -1), (9, None))):
                name, days = f"{t}-{p}", [now + timedelta(days=one) if one else None for one in (begins, ends)]
                period = DateTimeTZRange(*days)
                number = Number.objects.create(connection=home, remote_id=f"n-{name}", e164=f"+3120666{t}{p}00")
                assistant = Assistant.objects.create(connection=home, remote_id=f"a-{name}", name=name)
                rights = {"tenant": tenant, "connection": home, "period": period}
                made.numbers.append(NumberDedication.objects.create(number=number, e164=number.e164, **rights))
                made.assistants.append(AssistantDedication.objects.create(assistant=assistant, **rights))
    return made


INSERT = (
    "INSERT INTO calls_call (id, tenant_id, connection_id, number_dedication_id, assistant_dedication_id, origin, "
    "direction, counterpart, destination_country, destination_kind, line, mode, overrides, client_token, state, rank, "
    "finished, state_at, attempts, "
    "remote_id, webhook_call_id, provider, family, assistant_name, assistant_remote_id, number_remote_id, "
    "reported_line, end_reason, error, alarm, machine_source, created_at, seen_at, field_versions, search_count, "
    "version) "
    "VALUES (%s, %s, %s, %s, %s, 'placed', 'outbound', %s, %s, %s, '', 'reference', '{}', %s, %s, 0, false, now(), 0, "
    "'', '', '', '', '', '', '', '', '', '', '', '', now(), now(), '{}', 0, 1)"
)


def _insert_sql(chance: random.Random, state: str, *what: Any) -> None:
    ids, place = [one.pk for one in what], ("NL", "mobile")
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [uuid.uuid4(), *ids, f"+3161{chance.randrange(10**7):07}", *place, uuid.uuid4(), state])


def _insert_orm(chance: random.Random, state: str, *what: Any) -> None:
    call = _call(*what, state=state)
    call.counterpart = f"+3161{chance.randrange(10**7):07}"
    if chance.random() < 0.5:
        Call.objects.bulk_create([call])
    else:
        call.save(force_insert=True)


def _move(chance: random.Random, state: str, *what: Any) -> None:
    """A call of another client is turned into this one, by the ORM or in SQL."""
    tenant, of_connection, number, assistant = what
    mine = Call.objects.filter(counterpart="+31600000000")
    if chance.random() < 0.5:
        rights = {"number_dedication": number, "assistant_dedication": assistant}
        mine.update(tenant=tenant, connection=of_connection, state=state, client_token=uuid.uuid4(), **rights)
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE calls_call SET tenant_id = %s, connection_id = %s, number_dedication_id = %s, "
            "assistant_dedication_id = %s, state = %s WHERE counterpart = '+31600000000'",
            [*(one.pk for one in what), state],
        )


@pytest.mark.smoke
def test_random_triples_only_get_in_where_they_belong(things):
    """By row and by SQL, made new and moved: what is foreign is refused, and nothing leaves out of its time."""
    chance, outcomes = random.Random(20261), Counter()
    with scope.for_system("try everything"):
        first = _call(things.tenants[0], things.numbers[0].connection, things.numbers[0], things.assistants[0])
        first.counterpart = "+31600000000"
        first.save(force_insert=True)
        for _ in range(scale.TRIPLES):
            tenant = chance.choice(things.tenants)
            mine = chance.random() < 0.3  # else nearly every try would be foreign
            number = chance.choice([one for one in things.numbers if not mine or one.tenant == tenant])
            assistant = chance.choice([one for one in things.assistants if not mine or one.tenant == tenant])
            of_connection = number.connection if mine else chance.choice(things.connections)
            state = chance.choice(["queued", "sending"])
            entry_point = chance.choice([_insert_orm, _insert_sql, _move])
            belongs = (
                number.tenant == assistant.tenant == tenant
                and number.connection_id == assistant.connection_id == of_connection.pk
            )
            allowed = belongs and (state == "queued" or (number.is_open and assistant.is_open))
            try:
                with transaction.atomic():
                    entry_point(chance, state, tenant, of_connection, number, assistant)
                    got_in = True
                    transaction.set_rollback(True)
            except IntegrityError:
                got_in = False
            assert got_in == allowed, (entry_point.__name__, state, tenant, of_connection, number, assistant)
            outcomes[entry_point.__name__, got_in, belongs] += 1
    for entry_point in (_insert_orm, _insert_sql, _move):
        name = entry_point.__name__
        assert outcomes[name, True, True] and outcomes[name, False, True] and outcomes[name, False, False], outcomes


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["number", "assistant"])
def test_a_move_in_mid_flight_stops_the_call_at_the_database(operator, make_sandbox_tenant, agency, monkeypatch, what):
    """Asked for, then given to somebody else before it was sent, with the application's own look removed."""
    monkeypatch.setattr(sending, "attempt", lambda call: call)
    call = operator.place()
    monkeypatch.undo()
    other = make_sandbox_tenant(agency, "noord")
    with scope.for_system("it changes hands"):
        if what == "number":
            dedications.end_number(operator.number, by=None)
            dedications.dedicate_number(other, operator.number.number, by=None)
        else:
            dedications.end_assistant(operator.assistant, by=None)
            dedications.dedicate_assistant(other, operator.assistant.assistant, by=None)
    monkeypatch.setattr(claims, "_dedication_in_force", lambda kind, name: Q(pk__isnull=False))
    with pytest.raises(IntegrityError, match=f"this {what} is not dedicated now"):
        intents.send(call.pk)
    assert operator.dial_requests() == []


@pytest.mark.django_db(transaction=True)
def test_knock_out_without_the_trigger_the_moved_number_dials(
    operator, make_sandbox_tenant, agency, monkeypatch, superuser
):
    monkeypatch.setattr(sending, "attempt", lambda call: call)
    call = operator.place()
    monkeypatch.undo()
    with scope.for_system("it is released"):
        dedications.end_number(operator.number, by=None)
    monkeypatch.setattr(claims, "_dedication_in_force", lambda kind, name: Q(pk__isnull=False))
    triggers = ("call_leaves", "facts_follow_claim")  # without the first the second refuses: it was never claimed
    superuser(*(f"ALTER TABLE calls_call DISABLE TRIGGER {name}" for name in triggers))
    try:
        assert intents.send(call.pk).state == "dialing"
    finally:
        superuser(*(f"ALTER TABLE calls_call ENABLE TRIGGER {name}" for name in triggers))
    assert len(operator.dial_requests()) == 1


MOROCCO, PREMIUM, SATELLITE = "+212650123456", "+31900123456", "+881612345678"


def _sending(setup, counterpart, country, kind):
    with transaction.atomic():
        _call(
            setup.tenant,
            setup.connection,
            setup.number,
            setup.assistant,
            state="sending",
            counterpart=counterpart,
            destination_country=country,
            destination_kind=kind,
        ).save(force_insert=True)


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("counterpart", "country", "kind", "refused"),
    [
        (MOROCCO, "MA", "mobile", "may not call that country"),
        (MOROCCO, "NL", "mobile", "does not ring in that country"),  # a lie about the country
        (MOROCCO, "", "toll-free", "does not ring in that country"),
        (MOROCCO, "EH", "mobile", "does not ring in that country"),  # Western Sahara has the same code
        ("+18765550123", "US", "mobile", "does not ring in that country"),  # Jamaica
        (PREMIUM, "NL", "premium-rate", "may not call this kind of number"),
        (SATELLITE, "", "satellite", "may not call this kind of number"),
        (SATELLITE, "", "", "a network of no country has a kind"),
        (SATELLITE, "NL", "mobile", "does not ring in that country"),
        ("+80012345678", "", "toll-free", "may not call that country"),
        ("sip:front@example.com", "NL", "mobile", "does not ring in that country"),
        ("", "NL", "mobile", "does not ring in that country"),
        ("+31612345670", "NL", "mobile", ""),
        ("+32470123456", "BE", "mobile", ""),
    ],
)
def test_the_database_refuses_a_destination_that_is_not_allowed(bloom, counterpart, country, kind, refused):
    """By a row that is made, by one that is turned, and while it is being sent; the application is left out."""
    with scope.for_tenant(bloom.tenant):
        _sending(bloom, "+31612345679", "NL", "mobile")
        queued = _call(bloom.tenant, bloom.connection, bloom.number, bloom.assistant)
        queued.save(force_insert=True)
        there = {"counterpart": counterpart, "destination_country": country, "destination_kind": kind}
        attacks = [
            lambda: _sending(bloom, counterpart, country, kind),
            lambda: Call.objects.filter(pk=queued.pk).update(state="sending", **there),
            lambda: Call.objects.filter(counterpart="+31612345679").update(**there),
        ]
        for attack in attacks:
            if refused:
                with pytest.raises(IntegrityError, match=refused), transaction.atomic():
                    attack()
            else:
                with transaction.atomic():
                    attack()
                    transaction.set_rollback(True)


def test_the_database_lets_through_what_staff_allow(bloom):
    with scope.for_tenant(bloom.tenant):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(
            allowed_countries=["MA", "NL"], allowed_kinds=["premium-rate", "satellite"]
        )
        _sending(bloom, MOROCCO, "MA", "mobile")
        _sending(bloom, PREMIUM, "NL", "premium-rate")
        _sending(bloom, SATELLITE, "", "satellite")
        with pytest.raises(IntegrityError, match="tenant_allowed_kinds"), transaction.atomic():
            Tenant.objects.filter(pk=bloom.tenant.pk).update(allowed_kinds=["mobile", "everything"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", [{"allowed_countries": ["BE"]}, {"allowed_countries": ["BE", "MA"]}])
def test_a_country_withdrawn_in_mid_flight_stops_the_call_at_the_database(operator, monkeypatch, change):
    monkeypatch.setattr(sending, "attempt", lambda call: call)
    call = operator.place()
    monkeypatch.undo()
    with scope.for_tenant(operator.tenant):
        Tenant.objects.filter(pk=operator.tenant.pk).update(**change)
    monkeypatch.setattr(claims.destinations, "refusal", lambda tenant, e164: "")
    with pytest.raises(IntegrityError, match="may not call that country"):
        intents.send(call.pk)
    assert operator.dial_requests() == []


@pytest.mark.django_db(transaction=True)
def test_knock_out_without_the_trigger_a_country_that_is_not_allowed_is_dialed(operator, monkeypatch, superuser):
    monkeypatch.setattr(sending, "attempt", lambda call: call)
    call = operator.place()
    monkeypatch.undo()
    with scope.for_tenant(operator.tenant):
        Tenant.objects.filter(pk=operator.tenant.pk).update(allowed_countries=["BE"])
    monkeypatch.setattr(claims.destinations, "refusal", lambda tenant, e164: "")
    triggers = ("call_leaves", "facts_follow_claim")
    superuser(*(f"ALTER TABLE calls_call DISABLE TRIGGER {name}" for name in triggers))
    try:
        assert intents.send(call.pk).state == "dialing"
    finally:
        superuser(*(f"ALTER TABLE calls_call ENABLE TRIGGER {name}" for name in triggers))
    assert len(operator.dial_requests()) == 1


def test_a_tampered_form_is_refused_by_every_layer_that_is_left(
    operator, make_sandbox_tenant, agency, monkeypatch, make_member, sign_in
):
    """A number of another client in the form: by the form, by the verb, by the rows in scope, by the key."""
    other = make_sandbox_tenant(agency, "noord", numbers=("+31505550112",), assistants=("Tariff advisor",))
    with scope.for_tenant(other):
        foreign, voice = other.numberdedications.get(), other.assistantdedications.get()
    browser = sign_in(make_member(operator.tenant, Role.OPERATOR))
    form = {"destination": "+31612340042", "number": foreign.pk, "assistant": voice.pk, "token": uuid.uuid4()}
    answer = browser.post("/c/harbor/call/", form)
    assert answer.status_code == 422 and "not assigned to you" in answer.content.decode()
    intent = {"by": None, "destination": "+31612340042", "number": foreign.pk, "assistant": voice.pk}
    with pytest.raises(intents.CallRefused, match="not assigned to you"):
        intents.place(operator.tenant, token=uuid.uuid4(), **intent)

    def whatever_was_asked(tenant, number, assistant):
        lines = NumberDedication.objects.select_related("number", "connection")
        return lines.get(pk=number), AssistantDedication.objects.select_related("assistant").get(pk=assistant)

    monkeypatch.setattr(intents, "rights", whatever_was_asked)
    with pytest.raises(NumberDedication.DoesNotExist):  # not in this scope
        intents.place(operator.tenant, token=uuid.uuid4(), **intent)
    monkeypatch.setattr(scope, "for_tenant", lambda tenant: scope.for_system("no rows are hidden"))
    with pytest.raises(IntegrityError, match="call_number_dedication"):
        intents.request(operator.tenant, token=uuid.uuid4(), **intent)
    assert operator.dial_requests() == [] and operator.calls() == []


def test_the_auditors_admin_site_takes_no_call(bloom, harbor, admin, sign_in):
    call = make_call(bloom)
    browser = sign_in(admin)
    for address in ("add/", f"{call.pk}/change/", ""):
        answer = browser.post(f"/admin/calls/call/{address}", {"number_dedication": harbor.number.pk})
        assert answer.status_code in (404, 405)
    with scope.for_system("look"):
        assert Call.objects.get().number_dedication_id == bloom.number.pk


def test_a_wrong_number_stops_the_client_and_tells_staff_by_mail_once(operator, admin, support, make_staff, make_user):
    make_staff(StaffRole.FINANCE)
    call = operator.place()
    operator.sandbox.state.calls[call.remote_id].our_number = "+31505550112"
    operator.read_calls()
    assert operator.reload(call).alarm == "wrong-number"
    alarms.mail()
    alarms.mail()
    (message,) = mail.outbox
    assert sorted(message.to) == sorted([admin.email, support.email])
    assert "Meant:     +31105550161" in message.body and "Reported:  +31505550112" in message.body
    assert f"/c/harbor/calls/{call.pk}/" in message.body
    with pytest.raises(intents.CallRefused, match="left from a number that is not theirs"):
        operator.place("+31612340043")
    assert manual_resolution.clear_alarm(operator.reload(call), by=admin, reason="Shown wrongly, says VoiceDock.")
    assert operator.place("+31612340043").state == "dialing"
    assert operator.audit_actions()[-4:-2] == ["call.wrong-number", "call.wrong-number-cleared"]


def with_assistant(operator, call, assistant):
    """Hear that VoiceDock made this call with this assistant."""
    facts = apply.CallUpdate(
        at=timezone.now(),
        status="in-progress",
        remote_id=call.remote_id,
        direction="outbound",
        assistant_remote_id=assistant.remote_id,
        fields={"assistant_remote_id": assistant.remote_id, "assistant_name": assistant.name},
    )
    apply.apply_update_in_transaction(operator.connection, facts)


@pytest.fixture
def foreign_assistant(operator):
    with scope.for_system("look"):
        return Assistant.objects.exclude(pk=operator.assistant.assistant_id).first()


def test_a_wrong_assistant_stops_the_client_and_tells_staff_by_mail_once(
    operator, admin, support, sign_in, foreign_assistant
):
    call = operator.place()
    for _ in range(2):
        with_assistant(operator, call, foreign_assistant)
        alarms.mail()
    assert operator.reload(call).alarm == "wrong-assistant"
    (message,) = mail.outbox
    assert sorted(message.to) == sorted([admin.email, support.email])
    assert "made with another assistant" in message.subject and foreign_assistant.name in message.body
    assert operator.assistant.assistant.name in message.body and f"/c/harbor/calls/{call.pk}/" in message.body
    with pytest.raises(intents.CallRefused, match="with an assistant that is not theirs"):
        operator.place("+31612340043")
    browser = sign_in(admin)
    assert "with an assistant that is not this client" in html.unescape(browser.get("/").content.decode())
    assert "Dialing has stopped" in browser.get("/clients/harbor/").content.decode()
    assert manual_resolution.clear_alarm(operator.reload(call), by=admin, reason="Shown wrongly, says VoiceDock.")
    assert operator.place("+31612340043").state == "dialing"
    alarmed = [one for one in operator.audit_actions() if "wrong" in one]
    assert alarmed == ["call.wrong-assistant", "call.wrong-number-cleared"]


def test_the_alarm_of_a_wrong_assistant_is_cleared_by_staff_alone_in_the_database(operator, foreign_assistant):
    call = operator.place()
    with_assistant(operator, call, foreign_assistant)
    for change in ({"alarm": ""}, {"alarm": "not-certain"}, {"alarm_at": None}):
        with scope.for_system("try"), pytest.raises(IntegrityError, match="staff clear"), transaction.atomic():
            Call.objects.filter(pk=call.pk).update(**change)
    queued = a_call_that_waits(operator)
    with scope.for_system("try"), pytest.raises(IntegrityError, match="wrong assistant"), transaction.atomic():
        Call.objects.filter(pk=queued.pk).update(state="sending")
    with scope.for_system("a wrong number comes to it"):
        assert Call.objects.filter(pk=call.pk).update(alarm="wrong-number") == 1


def a_call_that_waits(operator):
    with scope.for_tenant(operator.tenant):
        call = _call(operator.tenant, operator.connection, operator.number, operator.assistant)
        call.save(force_insert=True)
    return call


def test_an_open_alarm_stops_dialing_at_the_database_too(operator, monkeypatch):
    monkeypatch.setattr(sending, "attempt", lambda call: call)
    waiting = operator.place("+31612340043")
    monkeypatch.undo()
    other = operator.place("+31612340044")
    with scope.for_system("an alarm"):
        Call.objects.filter(pk=other.pk).update(alarm="wrong-number")
    monkeypatch.setattr(claims, "blocking_reason", lambda tenant, excluding: "")
    with pytest.raises(IntegrityError, match="a call left from a wrong number"):
        intents.send(waiting.pk)


def test_a_mail_that_was_not_taken_is_sent_again(operator, admin, monkeypatch):
    call = operator.place()
    with scope.for_system("an alarm"):
        Call.objects.filter(pk=call.pk).update(alarm="wrong-number")

    def refuses(*_: Any) -> None:
        raise OSError("no mail server")

    with monkeypatch.context() as patch:
        patch.setattr(alarms, "send_mail", refuses)
        assert alarms.mail() == 0
    assert alarms.mail() == 0 and mail.outbox == []
    with scope.for_system("a minute later"):
        Call.objects.update(alarm_mail_at=timezone.now() - timedelta(minutes=2))
    assert alarms.mail() == 1 and len(mail.outbox) == 1
