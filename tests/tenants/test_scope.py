"""Scopes: whose rows are visible, and errors where a scope is missing or one too many."""

import pytest
from django.db import DatabaseError, connection, transaction

from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import ConnectionSecret, Membership, Number, Tenant


def test_outside_a_scope_a_query_of_tenant_rows_raises(bloom):
    with pytest.raises(scope.Unscoped):
        Tenant.objects.count()


def test_without_the_check_the_database_itself_shows_nothing(bloom, settings):
    settings.RAISE_UNSCOPED = False
    assert Tenant.objects.count() == 0
    assert Number.objects.count() == 0


def test_a_tenant_sees_its_own_rows_and_no_others(bloom, harbor):
    with scope.for_tenant(bloom.tenant):
        assert list(Tenant.objects.all()) == [bloom.tenant]
        assert [number.e164 for number in Number.objects.all()] == [bloom.number.e164]
        assert not ConnectionSecret.objects.exists()


def test_a_tenant_cannot_write_into_another(bloom, harbor):
    with scope.for_tenant(bloom.tenant):
        assert Tenant.objects.filter(pk=harbor.tenant.pk).update(name="Mine") == 0
        with pytest.raises(DatabaseError), transaction.atomic():
            Membership.objects.create(tenant=harbor.tenant, user_id=1, role=Role.OWNER)


def test_a_person_finds_its_own_clients_only(bloom, harbor, make_member):
    user = make_member(bloom, Role.OWNER)
    make_member(harbor, Role.OWNER)
    with scope.for_user(user):
        assert [membership.tenant for membership in Membership.objects.select_related("tenant")] == [bloom.tenant]
        assert list(Tenant.objects.all()) == [bloom.tenant]


def test_an_auditor_reads_and_cannot_write(bloom, auditor):
    with scope.for_auditor(auditor.auditor):
        assert Tenant.objects.count() == 1
        for sql in (
            "UPDATE tenants_tenant SET name = 'x'",
            "INSERT INTO tenants_audithead VALUES ('x', 1, '')",
            "SELECT * FROM tenants_connectionsecret",
            "SELECT password FROM tenants_user",
            "CREATE TABLE own (id int)",
        ):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)


def test_an_auditor_by_grant_sees_only_the_granted(bloom, harbor, make_user):
    from tenants.models import Auditor, AuditorGrant

    user = make_user("Granted Auditor")
    auditor = Auditor.objects.create(user=user)
    with scope.for_system("grant"):
        AuditorGrant.objects.create(auditor=auditor, tenant=harbor.tenant)
    with scope.for_auditor(auditor):
        assert list(Tenant.objects.all()) == [harbor.tenant]


@pytest.mark.django_db(transaction=True)
def test_scopes_do_not_nest(bloom):
    with (
        scope.for_tenant(bloom.tenant),
        pytest.raises(RuntimeError, match="durable"),
        scope.for_system("inside another"),
    ):
        pass


@scope.requires_scope
def count_tenants(*, at_least=0):
    """Counts."""
    return max(Tenant.objects.count(), at_least)


@scope.opens_scope
def count_numbers(tenant):
    with scope.for_tenant(tenant):
        return Number.objects.count()


@pytest.mark.django_db(transaction=True)
def test_a_function_that_requires_a_scope_names_itself_outside_of_one(bloom):
    with pytest.raises(scope.ScopeRequired, match=r"test_scope\.count_tenants needs an open scope"):
        count_tenants()
    with scope.for_tenant(bloom.tenant):
        assert count_tenants() == 1
        assert count_tenants(at_least=5) == 5


@pytest.mark.django_db(transaction=True)
def test_the_session_of_a_shell_counts_as_a_scope(bloom):
    with scope.session(bloom.tenant):
        assert count_tenants() == 1


@pytest.mark.django_db(transaction=True)
def test_a_function_that_opens_scopes_names_itself_and_the_scope_that_is_open(bloom):
    assert count_numbers(bloom.tenant) == 1
    message = rf"test_scope\.count_numbers opens scopes of its own; it was called while 'tenant {bloom.tenant.pk}'"
    with scope.for_tenant(bloom.tenant), pytest.raises(scope.ScopeOpen, match=message):
        count_numbers(bloom.tenant)


def test_the_decorators_keep_name_and_docstring():
    assert (count_tenants.__name__, count_tenants.__doc__) == ("count_tenants", "Counts.")
    assert count_numbers.__name__ == "count_numbers"


@pytest.mark.django_db(transaction=True)
def test_the_scope_ends_with_its_transaction(bloom, settings):
    settings.RAISE_UNSCOPED = False
    with pytest.raises(ZeroDivisionError), scope.for_tenant(bloom.tenant):
        raise ZeroDivisionError
    assert Tenant.objects.count() == 0
