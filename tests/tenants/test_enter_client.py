"""Members enter a client by one statement: the database reads the membership and signs the scope of that client."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.isolation.scope_signature import server_process, sign
from tenants.models import Membership, Number, Tenant, User

pytestmark = pytest.mark.django_db


def run(sql: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def setting(name: str) -> str:
    return str(run("SELECT coalesce(current_setting(%s, true), '')", f"patchbay.{name}")[0][0])


def enter(person: int, slug: str, signature: str) -> list[tuple]:
    with transaction.atomic():
        return run("SELECT client FROM public.enter_client(%s, %s, %s)", person, slug, signature)


def signed(user: User, *, process: int = 0) -> str:
    return sign(server_process(connection) + process, person=str(user.pk))


def test_a_member_sees_the_client_that_was_entered_and_no_other(bloom, harbor, make_member):
    user = make_member(bloom, Role.VIEWER)
    with scope.for_tenant(harbor.tenant):
        Membership.objects.create(tenant=harbor.tenant, user=user, role=Role.OWNER)
    with scope.for_member(user, "bloom-dental") as entered:
        assert entered is not None
        assert (entered.tenant_id, entered.clients) == (bloom.tenant.pk, 2)
        assert entered.nearby == (("bloom-dental", "Bloom Dental"), ("harbor-logistics", "Harbor Logistics"))
        assert list(Tenant.objects.all()) == [bloom.tenant]
        assert [number.e164 for number in Number.objects.all()] == [bloom.number.e164]
        assert scope.current() == f"tenant {bloom.tenant.pk}"
    assert scope.current() == ""


@pytest.mark.parametrize("slug", ["harbor-logistics", "nobody", "", "bloom-dental' OR true --"])
def test_whoever_is_no_member_enters_nothing(bloom, harbor, make_member, slug):
    user = make_member(bloom, Role.OWNER)
    with scope.for_member(user, slug) as entered:
        assert entered is None
        with pytest.raises(scope.Unscoped):
            Tenant.objects.count()
        assert [setting(name) for name in ("tenants", "reach", "person", "signature")] == [""] * 4


def test_a_closed_client_is_not_entered_and_not_counted(bloom, harbor, make_member):
    user = make_member(bloom, Role.OWNER)
    with scope.for_tenant(harbor.tenant):
        Membership.objects.create(tenant=harbor.tenant, user=user, role=Role.OWNER)
    with scope.for_system("it closes"):
        Tenant.objects.filter(pk=harbor.tenant.pk).update(status=Tenant.Status.CLOSED)
    with scope.for_member(user, "harbor-logistics") as entered:
        assert entered is None
    with scope.for_member(user, "bloom-dental") as entered:
        assert entered is not None and (entered.clients, entered.nearby) == (1, ())


def test_the_menu_holds_eight_clients_at_most_and_the_one_that_is_shown(bloom, make_member):
    user = make_member(bloom, Role.OWNER)
    with scope.for_system("many clients"):
        more = Tenant.objects.bulk_create(
            Tenant(name=f"A client {n:02}", slug=f"a-client-{n:02}", timezone="Europe/Amsterdam") for n in range(30)
        )
        Membership.objects.bulk_create(Membership(tenant=one, user=user, role=Role.VIEWER) for one in more)
    with scope.for_member(user, "bloom-dental") as entered:
        assert entered is not None and entered.clients == 31
        assert [slug for slug, _ in entered.nearby] == [*(f"a-client-{n:02}" for n in range(7)), "bloom-dental"]


def test_the_scope_of_a_client_opens_no_other_one(bloom, harbor, make_member):
    """What is known inside of a scope, its signature included, is not what a person is signed with."""
    user = make_member(bloom, Role.OWNER)
    with scope.for_tenant(harbor.tenant):
        Membership.objects.create(tenant=harbor.tenant, user=user, role=Role.OWNER)
    for opened in (scope.for_member(user, "bloom-dental"), scope.for_tenant(bloom.tenant)):
        with opened:
            assert setting("person") == "" and setting("signature") not in ("", signed(user))
            for signature in (setting("signature"), "", "x.y", setting("signature").partition(".")[0] + ".0"):
                with pytest.raises(DatabaseError, match="not signed"):
                    enter(user.pk, "harbor-logistics", signature)
            assert list(Tenant.objects.all()) == [bloom.tenant], "a refusal leaves the scope as it was"


def test_a_signature_is_for_one_person_in_one_server_process(bloom, harbor, make_member):
    ours, other = make_member(bloom, Role.OWNER), make_member(harbor, Role.OWNER)
    for person, signature in ((other.pk, signed(ours)), (ours.pk, signed(ours, process=1))):
        with pytest.raises(DatabaseError, match="not signed"):
            enter(person, "harbor-logistics", signature)
    with scope.for_system("everything"), pytest.raises(DatabaseError, match="not signed"):
        enter(other.pk, "harbor-logistics", setting("signature"))


def test_a_scope_inside_another_is_refused(bloom, make_member):
    user = make_member(bloom, Role.OWNER)
    with scope.for_tenant(bloom.tenant), pytest.raises(scope.ScopeOpen), scope.for_member(user, bloom.slug):
        pass


def test_a_membership_that_ends_and_a_role_that_changes_count_from_the_next_request_on(bloom, make_member, sign_in):
    user = make_member(bloom, Role.MANAGER)
    browser = sign_in(user)
    assert [browser.get(f"/c/{bloom.slug}/{page}").status_code for page in ("calls/", "call/")] == [200, 200]
    with scope.for_tenant(bloom.tenant):
        Membership.objects.filter(user=user).update(role=Role.VIEWER)
    assert [browser.get(f"/c/{bloom.slug}/{page}").status_code for page in ("calls/", "call/")] == [200, 403]
    with scope.for_tenant(bloom.tenant):
        Membership.objects.filter(user=user).delete()
    assert browser.get(f"/c/{bloom.slug}/calls/").status_code == 404


def test_whoever_has_to_use_a_second_step_sees_nothing_of_the_client_before(bloom, make_member, sign_in):
    with scope.for_system("stricter"):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(requires_second_step=True)
    answer = sign_in(make_member(bloom, Role.OWNER)).get(f"/c/{bloom.slug}/calls/")
    assert answer.status_code == 403 and bloom.number.e164 not in answer.content.decode()
    assert f'href="/c/{bloom.slug}/' not in answer.content.decode()
