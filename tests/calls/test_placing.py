"""Placing a call: what is refused before anything leaves, and what becomes of the one request."""

import uuid

import pytest

from dashboard.calls.placing import intents
from dashboard.calls.placing.changes import Changes
from dashboard.ui import countries
from tenants import dedications
from tenants.audit.messages import sentence
from tenants.destination_rules import COSTLY_KINDS
from tenants.isolation import scope
from tenants.models import AuditEntry, Tenant
from tests.fixtures.operator import PERSON


def test_a_call_is_placed_once_with_line_assistant_and_our_reference(operator):
    call = operator.place(changes=Changes(first_message="Hello, this is Harbor."))
    (sent,) = operator.dial_requests()
    assert sent["body"] == {
        "destination": PERSON,
        "number_id": operator.number.number.remote_id,
        "assistant_id": operator.assistant.assistant.remote_id,
        "assistant_override": {
            "first_message": "Hello, this is Harbor.",
            "metadata": {"our_ref": str(call.pk)},
        },
    }
    assert (call.state, call.finished, call.attempts) == ("dialing", False, 1)
    assert call.remote_id.startswith("call-outbound-")
    assert operator.audit_actions() == ["call.asked", "call.placed"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("0612345678", "country code"),
        ("112", "Emergency and short numbers"),
        ("+31112", "Emergency and short numbers"),
        ("+31 6 1234 567", "has 9 digits after +31; one is missing here"),
        ("+44 7911 1234567", "has 10 digits after +44; here is one too many"),
        ("+31 900 1234567", "premium-rate"),
        ("+999 1234567", "No country has this code"),
        ("+31 10 555 0161", "one of ours"),
        ("call me", "country code"),
    ],
)
def test_a_destination_that_cannot_be_called_is_refused_in_words(operator, typed, words):
    with pytest.raises(intents.CallRefused) as no:
        operator.place(typed)
    assert no.value.field == "destination"
    assert words in no.value.message
    assert operator.dial_requests() == [] and operator.calls() == []


@pytest.mark.parametrize("typed", ["+31 6 1234 0042", "0031612340042", "+31 (0)6 12340042"])
def test_numbers_are_taken_as_people_write_them(operator, typed):
    assert operator.place(typed).counterpart == PERSON


def test_somebody_elses_line_or_assistant_is_refused(operator, agency, make_sandbox_tenant):
    other = make_sandbox_tenant(agency, "noord", numbers=("+31505550112",))
    with scope.for_tenant(other):
        foreign = other.numberdedications.get()
    for field, given in (("number", {"number": foreign.pk}), ("assistant", {"assistant": 987654})):
        with pytest.raises(intents.CallRefused) as no:
            operator.place(**given)
        assert no.value.field == field
    assert operator.dial_requests() == []


def test_a_released_line_dials_nothing(operator):
    with scope.for_tenant(operator.tenant):
        dedications.end_number(operator.number, by=None)
    with pytest.raises(intents.CallRefused):
        operator.place()
    assert operator.dial_requests() == []


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_a_client_that_is_not_active_dials_nothing(operator, status):
    with scope.for_tenant(operator.tenant):
        Tenant.objects.filter(pk=operator.tenant.pk).update(status=status)
    with pytest.raises(intents.CallRefused, match=status):
        operator.place()


def test_limits_at_once_and_a_day(operator):
    with scope.for_tenant(operator.tenant):
        Tenant.objects.filter(pk=operator.tenant.pk).update(max_concurrent_calls=1)
    operator.place()
    with pytest.raises(intents.CallRefused, match="1 calls at once"):
        operator.place("+31612340043")
    with scope.for_tenant(operator.tenant):
        Tenant.objects.filter(pk=operator.tenant.pk).update(max_concurrent_calls=9, max_calls_per_day=1)
    with pytest.raises(intents.CallRefused, match="1 calls a day"):
        operator.place("+31612340043")
    assert len(operator.dial_requests()) == 1


def test_the_same_person_is_not_called_twice_at_once(operator):
    operator.place()
    with pytest.raises(intents.CallRefused) as no:
        operator.place()
    assert (no.value.field, no.value.message) == ("destination", intents.ALREADY)
    assert len(operator.dial_requests()) == 1


def test_the_same_form_again_is_the_same_call_and_another_content_is_an_error(operator):
    token = uuid.uuid4()
    first = operator.place(token=token)
    assert operator.place(token=token).pk == first.pk
    with pytest.raises(intents.CallRefused) as no:
        operator.place("+31612340043", token=token)
    assert no.value.message == intents.OTHER_CONTENT
    assert len(operator.dial_requests()) == 1


def test_an_empty_balance_is_reported_and_nothing_is_dialed(operator):
    operator.add_fault("402")
    call = operator.place()
    assert (call.state, call.finished) == ("refused", True)
    assert "credit" in call.error and "Nothing was dialed" in call.error
    assert operator.audit_actions() == ["call.asked", "call.refused"]


def test_only_allowed_countries_are_called_and_the_claim_looks_again(operator, monkeypatch):
    with scope.for_tenant(operator.tenant):
        Tenant.objects.filter(pk=operator.tenant.pk).update(allowed_countries=["BE", "DE"])
    operator.tenant.allowed_countries = ["BE", "DE"]
    with pytest.raises(intents.CallRefused) as no:
        operator.place()
    assert no.value.field == "destination"
    assert no.value.message == "Harbor may not call the Netherlands. Your account team can allow it."
    assert operator.audit_actions() == ["call.destination-refused"], "the refusal is written down"
    operator.tenant.allowed_countries = []  # as a request that began before the setting was changed has it
    call = operator.place()
    assert call.state == "refused" and "may not call the Netherlands" in call.error
    assert operator.dial_requests() == []


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        ("+31900123456", "premium-rate", "This is a premium-rate number: calls to it cost extra."),
        ("+881612345678", "satellite", "+881 is no country but a satellite or other network: calls to it cost extra."),
        ("+80812345678", "shared-cost", "This is a shared-cost number: calls to it cost extra."),
    ],
)
def test_numbers_that_cost_extra_are_called_only_where_staff_allow_their_kind(operator, admin, number, kind, words):
    with pytest.raises(intents.CallRefused, match="Your account team can allow them") as refused:
        operator.place(number)
    assert refused.value.message.startswith(words) and operator.dial_requests() == []
    with scope.for_system("staff allow it"):
        dedications.change_kinds(operator.tenant, [kind], by=admin)
        entry = AuditEntry.objects.get(action="tenant.kinds-changed")
    assert kind.partition("-")[0] in sentence(entry)
    call = operator.place(number)
    assert (call.state, call.destination_kind) == ("dialing", kind)


@pytest.mark.parametrize("number", ["+31112", "112", "911"])
def test_no_kind_lets_an_emergency_number_through(operator, number):
    operator.tenant.allowed_kinds, operator.tenant.allowed_countries = list(COSTLY_KINDS), []
    with pytest.raises(intents.CallRefused, match="Emergency"):
        operator.place(number)


def test_a_new_client_may_call_its_own_country_and_the_eu(operator):
    with scope.for_system("a new client"):
        british = dedications.open_tenant(
            name="Alder", slug="alder", country="GB", home_connection=operator.connection, by=None
        )
    assert countries.words(british.allowed_countries) == "the EU, United Kingdom"
    assert british.allowed_kinds == []
    assert operator.place("+32470123456").destination_country == "BE"
    with pytest.raises(intents.CallRefused, match=r"Harbor may not call Morocco\. Your account team can allow it\."):
        operator.place("+212650123456")


def test_numbers_are_read_as_in_the_clients_country(operator):
    operator.tenant.country = "NL"
    assert operator.place("06 1234 0042").counterpart == PERSON
