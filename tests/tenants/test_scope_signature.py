"""Statements that somebody slips into a query: what they claim to reach counts for nothing without a signature."""

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from dashboard.web import readiness
from tenants import audit
from tenants.access.permissions import Role
from tenants.isolation import scope, scope_signature
from tenants.models import AuditHead, Connection, Membership, Number, Tenant

pytestmark = pytest.mark.django_db


def run(sql: str, *values: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def claim(**settings: str) -> set[int]:
    """What is seen after these settings were changed by SQL."""
    for name, value in settings.items():
        run("SELECT set_config(%s, %s, true)", f"patchbay.{name}", value)
    return seen()


def seen() -> set[int]:
    return set(Tenant.objects.values_list("pk", flat=True)) | set(
        Number.objects.values_list("connection_id", flat=True)
    )


@pytest.mark.parametrize("claimed", ["reach", "tenants", "person"])
def test_a_claim_inside_a_scope_is_refused(bloom, harbor, make_member, claimed):
    other = make_member(harbor, Role.OWNER)
    value = {"reach": "all", "tenants": f"{{{harbor.tenant.pk}}}", "person": str(other.pk)}[claimed]
    with scope.for_tenant(bloom.tenant):
        with pytest.raises(DatabaseError, match="not signed"), transaction.atomic():
            claim(**{claimed: value})
        assert list(Tenant.objects.all()) == [bloom.tenant]


def test_without_its_signature_a_claim_reaches_nothing(bloom, harbor):
    with scope.for_tenant(bloom.tenant), transaction.atomic():
        claim(reach="all", signature="")
        assert (Tenant.objects.count(), Connection.objects.count(), AuditHead.objects.count()) == (0, 0, 0)


def test_a_signature_of_another_server_process_is_worth_nothing(bloom, harbor):
    other = scope_signature.server_process(connection) + 1
    with scope.for_tenant(bloom.tenant), pytest.raises(DatabaseError, match="not signed"), transaction.atomic():
        claim(reach="all", tenants="", person="", signature=scope_signature.sign(other, reach="all"))


def test_a_signature_of_this_process_is_for_what_it_was_made_for(bloom, harbor):
    signature = scope_signature.sign(scope_signature.server_process(connection), tenants=f"{{{bloom.tenant.pk}}}")
    with scope.for_tenant(bloom.tenant), pytest.raises(DatabaseError, match="not signed"), transaction.atomic():
        claim(tenants=f"{{{bloom.tenant.pk},{harbor.tenant.pk}}}", signature=signature)


def test_the_app_and_auditors_cannot_read_the_key(bloom):
    for sql in ("SELECT * FROM patchbay_private.scope_key", "INSERT INTO patchbay_private.scope_key DEFAULT VALUES"):
        with (
            scope.for_system("everything"),
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
        ):
            run(sql)


def test_a_changed_secret_needs_a_migration_and_the_key_before_holds_until_the_next(bloom, settings, superuser):
    """Processes that were started before the change sign with the old one until they are started again."""
    before, table = settings.SECRET_KEY, "patchbay_private.scope_key"
    try:
        for secret, accepted in (("second" * 10, [before, "second" * 10]), ("third" * 10, ["second" * 10])):
            settings.SECRET_KEY = secret
            with scope.for_tenant(bloom.tenant), pytest.raises(DatabaseError, match="not signed"), transaction.atomic():
                seen()
            with transaction.atomic():
                run("SELECT 1")
                superuser(*_installation())
            for key in accepted:
                settings.SECRET_KEY = key
                with scope.for_tenant(bloom.tenant):
                    assert list(Tenant.objects.all()) == [bloom.tenant]
        settings.SECRET_KEY = before
        with scope.for_tenant(bloom.tenant), pytest.raises(DatabaseError, match="not signed"), transaction.atomic():
            seen()
    finally:
        settings.SECRET_KEY = before
        superuser(f"DELETE FROM {table}", *_installation())


def test_a_process_whose_key_the_database_does_not_have_is_not_ready(bloom, settings):
    assert scope.signing_key_is_installed()
    settings.SECRET_KEY = "never given to it " * 3
    assert not scope.signing_key_is_installed()
    assert readiness._database() == {"database": "ok", "migrations": "behind"}


def _installation() -> list[str]:
    """What `migrate` does with the key, for a connection that is not Django's."""
    done: list[str] = []

    class Cursor:
        def execute(self, sql: str, values: list | None = None) -> None:
            filled = [f"'\\x{one.hex()}'" if isinstance(one, bytes) else repr(one) for one in values or []]
            done.append(sql % tuple(filled) if values else sql)

    scope_signature.install(Cursor())  # type: ignore[arg-type]
    return done[1:]  # the function is there


def test_what_belongs_to_no_client_is_seen_where_it_is_used_and_written_by_nobody_else(bloom, harbor, settings):
    settings.RAISE_UNSCOPED = False
    assert Connection.objects.count() == 0, "outside of scopes"
    with scope.for_tenant(bloom.tenant):
        assert list(Connection.objects.all()) == [bloom.connection]
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            Connection.objects.filter(pk=bloom.connection.pk).update(name="Mine")


def test_heads_of_chains_are_seen_in_the_scopes_of_their_clients(bloom, harbor, admin):
    with scope.for_tenant(bloom.tenant):
        audit.record(admin, bloom.tenant, "visit.began", bloom.tenant)
        assert [head.chain for head in AuditHead.objects.all()] == [f"tenant-{bloom.tenant.pk}"]
    with scope.for_system("everything"):
        assert AuditHead.objects.filter(chain=f"tenant-{harbor.tenant.pk}").exists()
        assert Membership.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_migration_restates_policies_that_were_made_otherwise(bloom, harbor, superuser):
    """What an older version made, or somebody by hand."""
    superuser(
        "ALTER POLICY number_rows ON tenants_number USING (true) WITH CHECK (true)",
        "COMMENT ON POLICY number_rows ON tenants_number IS 'of another version'",
    )
    with scope.for_tenant(bloom.tenant):
        assert Number.objects.count() == 2
    call_command("migrate", verbosity=0)
    with scope.for_tenant(bloom.tenant):
        assert Number.objects.count() == 1
