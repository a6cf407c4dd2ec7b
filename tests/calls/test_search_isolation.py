"""The search function of the database gives rows of the signed scope alone, whatever is typed or passed to it."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from dashboard.calls.history import search
from dashboard.calls.models import Call, CallReport, CallSearch
from dashboard.campaigns.models import Campaign, Lead
from tenants.access.permissions import Role
from tenants.isolation import scope
from tests.fixtures.call_factories import make_call, make_report

pytestmark = pytest.mark.django_db
THEIRS = "+31687654321"
ATTACKS = [
    "x) | (#t{tenant}",
    "x') | ('#t{tenant}",
    "'#t{tenant}'",
    "#t{tenant}",
    "t{tenant}",
    "t{tenant}:*",
    "#t{tenant}:*",
    "#m202",
    "#d876",
    "!nowhere",
    "-nowhere",
    "nowhere OR secret",
    "secret",
    "sec:*",
    "s",
    "''",
    "\\",
    "\x27 || '#t{tenant}'::tsquery || \x27",
    THEIRS,
    "0687654321",
    "87654",
    "8",
    "87",
    "no number",
    "%",
    "_",
    "Harborlead",
]


@pytest.fixture
def theirs(harbor):
    """A call of another client with words, a number, a lead and a caller without a number."""
    call = make_call(harbor, state="ended", counterpart=THEIRS, remote_id="remote-theirs")
    make_report(harbor, call, summary="A secret", messages=[{"role": "user", "content": "secret nowhere 100 % _ '"}])
    hidden = make_call(harbor, state="ended", counterpart="", direction="inbound", origin="adopted", client_token=None)
    with scope.for_tenant(harbor.tenant):
        campaign = Campaign.objects.create(
            tenant=harbor.tenant, connection=harbor.connection, remote_id="c", name="Recall", status="paused"
        )
        Lead.objects.create(
            tenant=harbor.tenant, campaign=campaign, remote_id="lead", phone_number=THEIRS, status="completed",
            call_remote_id="remote-theirs", variables={"name": "Harborlead Person"},
        )  # fmt: skip
    return [call.pk, hidden.pk]


def found(text, **more):
    return search.find(search.Wish(text, True, **more)).ids


@pytest.mark.parametrize("text", ATTACKS)
def test_nothing_that_is_typed_finds_a_call_of_another_client(bloom, harbor, theirs, text):
    typed = text.format(tenant=harbor.tenant.pk)
    with scope.for_tenant(bloom.tenant):
        assert found(typed) == []
        assert found(typed, client=harbor.tenant.pk) == []
        assert found(typed, client=bloom.tenant.pk) == []


@pytest.mark.parametrize("text", ["secret", "sec", THEIRS, "87654", "8", "no number", "Harborlead", "person"])
def test_the_same_searches_find_it_in_its_own_scope(harbor, bloom, theirs, text):
    """So the searches above could have found something."""
    with scope.for_tenant(harbor.tenant):
        assert set(found(text)) & set(theirs)
    with scope.for_system("all of them"):
        assert set(found(text, client=harbor.tenant.pk)) & set(theirs)
        assert found(text, client=bloom.tenant.pk) == []


def test_arguments_that_no_search_passes_find_nothing_either(bloom, harbor, theirs):
    call = "SELECT * FROM public.calls_found(%s, true, %s::text[], true, NULL, NULL, NULL, NULL, 1000)"
    with scope.for_tenant(bloom.tenant), connection.cursor() as cursor:
        for number in ("%", "_", "876') | ('#t1", f"'#t{harbor.tenant.pk}'", "", "#t"):
            cursor.execute(call, ["", [number]])
            assert cursor.fetchall() == []


def test_outside_of_a_scope_and_with_a_forged_one_there_is_nothing(harbor, theirs):
    call = "SELECT * FROM public.calls_found('secret', true, '{}', false, NULL, NULL, NULL, NULL, 10)"
    with connection.cursor() as cursor:
        cursor.execute(call)
        assert cursor.fetchall() == []
        for setting, value in (("tenants", f"{{{harbor.tenant.pk}}}"), ("reach", "all")):
            cursor.execute(f"SELECT set_config('patchbay.{setting}', %s, true)", [value])
            cursor.execute(call)
            assert cursor.fetchall() == [], "no signature"
            with transaction.atomic():
                cursor.execute("SELECT set_config('patchbay.signature', 'made.up', true)")
                with pytest.raises(DatabaseError, match="not signed"), transaction.atomic():
                    cursor.execute(call)
                cursor.execute("SELECT set_config('patchbay.signature', '', true)")


def test_the_table_itself_is_held_by_row_level_security(bloom, harbor, theirs):
    with scope.for_tenant(bloom.tenant):
        assert list(CallSearch.objects.filter(pk__in=theirs)) == []
        assert CallSearch.objects.filter(pk__in=theirs).update(tenant=bloom.tenant) == 0
    with scope.for_tenant(harbor.tenant):
        assert CallSearch.objects.filter(pk__in=theirs).count() == 2


def test_who_may_not_read_transcripts_searches_names_and_numbers_alone(harbor, theirs, make_member, sign_in):
    with scope.for_tenant(harbor.tenant):
        assert search.find(search.Wish("secret", False)).ids == []
        assert search.find(search.Wish("Harborlead", False)).ids == theirs[:1]
        assert search.find(search.Wish("87654", False)).ids == theirs[:1]


def test_the_name_of_a_lead_of_another_client_is_not_found(bloom, harbor, theirs):
    """However it came to name a call that is not its client's."""
    with scope.for_system("a lead names a call of another client"):
        Lead.objects.all().delete()
        campaign = Campaign.objects.create(
            tenant=bloom.tenant, connection=harbor.connection, remote_id="d", name="Recall", status="paused"
        )
        Lead.objects.create(
            tenant=bloom.tenant, campaign=campaign, remote_id="lead", phone_number=THEIRS, status="completed",
            call_remote_id="remote-theirs", variables={"name": "Bloomlead Person"},
        )  # fmt: skip
        assert found("Bloomlead", client=harbor.tenant.pk) == []


def test_a_row_follows_its_call(harbor, theirs):
    """Words, numbers and names that change are found anew and no more as they were; doing it twice changes nothing."""
    with scope.for_tenant(harbor.tenant):
        CallReport.objects.filter(pk=theirs[0]).update(messages=[{"role": "user", "content": "orchid"}], summary="")
        Lead.objects.update(variables={"name": "Somebody Else"})
        Call.objects.filter(pk=theirs[0]).update(counterpart="+31611112222")
        assert [found(text) for text in ("secret", "Harborlead", THEIRS)] == [[], [], []]
        assert [found(text) for text in ("orchid", "somebody else", "1111222")] == [theirs[:1]] * 3
        before = CallSearch.objects.values_list("words").get(pk=theirs[0])
        with connection.cursor() as cursor:
            cursor.execute("SELECT public.call_search_refresh(%s), xmin FROM calls_callsearch", [theirs[0]])
        assert CallSearch.objects.values_list("words").get(pk=theirs[0]) == before
        Lead.objects.all().delete()
        assert found("somebody") == []


def test_every_page_of_a_search_is_of_the_client(bloom, harbor, theirs, make_member, sign_in):
    owner = sign_in(make_member(bloom, Role.OWNER))
    for text in ATTACKS:
        answer = owner.get("/c/bloom-dental/calls/", {"q": text.format(tenant=harbor.tenant.pk)})
        assert answer.status_code == 200
        assert not any(str(pk) in answer.content.decode() for pk in theirs)
