"""Search finds what the list shows, and never the JSON around the words."""

import pytest

from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import Tenant
from tests.fixtures.call_factories import make_call, make_report

ADDRESS = "/c/bloom-dental/calls/"


@pytest.fixture
def found(bloom, make_member, sign_in):
    """Which of the calls on the page a search leaves."""
    owner = sign_in(make_member(bloom, Role.OWNER))

    def search(text, *calls):
        page = owner.get(ADDRESS, {"q": text}).content.decode()
        return [str(call.pk) in page for call in calls]

    return search


@pytest.mark.parametrize(
    "text",
    [
        "+31612345678",
        "0612345678",
        "06 1234 5678",
        "+31 (0)6 12345678",
        "0031 6-12345678",
        "tel:+31612345678",
        "345678",
    ],
)
def test_a_number_is_found_in_any_writing(bloom, found, text):
    with scope.for_tenant(bloom.tenant):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(country="NL")
    there, other = make_call(bloom, state="ended"), make_call(bloom, state="ended", counterpart="+31687654321")
    assert found(text, there, other) == [True, False]


def test_sip_addresses_and_hidden_callers_are_found(bloom, found):
    sip = make_call(bloom, state="ended", counterpart="sip:front.desk@example.test")
    hidden = make_call(bloom, state="ended", counterpart="", direction="inbound", origin="adopted", client_token=None)
    assert found("front.desk@example", sip, hidden) == [True, False]
    assert found("no number", sip, hidden) == [False, True]
    assert found("withheld", sip, hidden) == [False, True]


def test_words_are_found_and_the_json_around_them_is_not(bloom, found):
    call = make_call(bloom, state="ended")
    lines = [{"role": "assistant", "content": 'He said "100 % sure"'}, {"role": "system", "content": "hidden prompt"}]
    make_report(bloom, call, messages=lines, summary="A short talk.")
    for text in ('said "100 %', "SURE", "short talk"):
        assert found(text, call) == [True], text
    for text in ("content", "assistant", '": "', "role", "100 _ sure", "hidden prompt"):
        assert found(text, call) == [False], text


@pytest.mark.parametrize("counterpart", ["", "sip:front@example.test", "112", "+31900123456", "+3161"])
def test_call_again_is_offered_only_where_it_can_be(bloom, make_member, sign_in, counterpart):
    operator = sign_in(make_member(bloom, Role.OPERATOR))
    bad, good = make_call(bloom, state="ended", counterpart=counterpart), make_call(bloom, state="ended")
    assert "Call again" not in operator.get(f"{ADDRESS}{bad.pk}/").content.decode()
    assert "Call again" in operator.get(f"{ADDRESS}{good.pk}/").content.decode()
    with scope.for_tenant(bloom.tenant):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(allowed_countries=["BE"])
    assert "Call again" not in operator.get(f"{ADDRESS}{good.pk}/").content.decode()


@pytest.mark.parametrize(("text", "there"), [("06 12345678", ["bloom"]), ("0470 12 34 56", ["harbor"]), ("0612", [])])
def test_staff_find_a_number_as_it_is_written_in_the_country_of_any_client(bloom, harbor, admin, sign_in, text, there):
    with scope.for_system("countries"):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(country="NL")
        Tenant.objects.filter(pk=harbor.tenant.pk).update(country="BE")
    make_call(bloom, state="ended", counterpart="+31612345678")
    make_call(harbor, state="ended", counterpart="+32470123456")
    calls = {"bloom": "+31612345678", "harbor": "+32470123456"}
    page = sign_in(admin).get("/calls/", {"q": text})
    found = {row["call"].counterpart for row in page.context["rows"]}
    assert found >= {calls[one] for one in there}
    assert there == [] or len(found) == len(there)
