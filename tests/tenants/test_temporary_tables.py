"""Temporary tables in the place of real ones: what they could do before the functions named their tables in full.

The app may not make temporary tables. Here it may, so that the layer beneath is tried: names with their schema.
"""

import uuid
from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, transaction

from dashboard.calls.models import Call
from tenants import audit, tenant_status
from tenants.isolation import scope
from tenants.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)  # a right that was granted is seen by the next transaction
TAKE_OVER = """
CREATE TEMPORARY TABLE tenants_audithead (chain text PRIMARY KEY, seq bigint, hash bytea);
GRANT ALL ON tenants_audithead TO PUBLIC;
CREATE FUNCTION pg_temp.take_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  ALTER TABLE public.tenants_connectionsecret NO FORCE ROW LEVEL SECURITY;
  ALTER TABLE public.tenants_connectionsecret DISABLE ROW LEVEL SECURITY;
  RETURN NEW;
END $$;
CREATE TRIGGER take_over BEFORE INSERT ON tenants_audithead FOR EACH ROW EXECUTE FUNCTION pg_temp.take_over();
"""
ALWAYS_ACTIVE = """
CREATE TEMPORARY TABLE tenants_tenant (id bigint, status text);
INSERT INTO pg_temp.tenants_tenant VALUES ({tenant}, 'active');
"""


@pytest.fixture
def temporary_tables(superuser) -> Iterator[None]:
    name = connection.settings_dict["NAME"]
    superuser(f'GRANT TEMPORARY ON DATABASE "{name}" TO patchbay_app')
    yield
    superuser(f'REVOKE TEMPORARY ON DATABASE "{name}" FROM patchbay_app')


def test_a_trigger_on_a_temporary_table_does_not_run_as_the_owner(bloom, temporary_tables):
    with scope.for_tenant(bloom.tenant):
        with connection.cursor() as cursor:
            cursor.execute(TAKE_OVER)
        audit.record(None, bloom.tenant, "visit.began", bloom.tenant)
        with connection.cursor() as cursor:
            cursor.execute("SELECT relrowsecurity FROM pg_class WHERE relname = 'tenants_connectionsecret'")
            assert cursor.fetchall() == [(True,)]
            cursor.execute("SELECT count(*) FROM pg_temp.tenants_audithead")
            assert cursor.fetchone() == (0,)
        assert AuditEntry.objects.filter(action="visit.began").exists()


def test_a_temporary_table_does_not_answer_for_a_suspended_client(bloom, admin, temporary_tables):
    with scope.for_system("suspend"):
        tenant_status.suspend(bloom.tenant, by=admin, reason="unpaid")
    with scope.for_tenant(bloom.tenant):
        with connection.cursor() as cursor:
            cursor.execute(ALWAYS_ACTIVE.format(tenant=bloom.tenant.pk))
        with pytest.raises(IntegrityError, match="this client may not dial"), transaction.atomic():
            Call(
                tenant_id=bloom.tenant.pk,
                connection_id=bloom.connection.pk,
                number_dedication_id=bloom.number.pk,
                assistant_dedication_id=bloom.assistant.pk,
                origin="placed",
                state="sending",
                counterpart="+31612345678",
                destination_country="NL",
                client_token=uuid.uuid4(),
            ).save(force_insert=True)
