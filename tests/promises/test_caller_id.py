"""P1 at the foot: the database refuses a call from a number, or with an assistant, that is not its tenant's."""

import itertools
import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from dashboard.calls.models import Call
from tenants import ownership, scope
from tenants.models import NumberDedication


def _call(tenant, connection, number, assistant, **more):
    return Call(
        tenant=tenant,
        connection=connection,
        number_dedication=number,
        assistant_dedication=assistant,
        origin="placed",
        party="+31612345678",
        client_token=uuid.uuid4(),
        **more,
    )


def test_caller_id_never_crosses_tenants(bloom, harbor):
    """Every combination of tenant, connection, number and assistant, with all application checks left out."""
    houses = [bloom, harbor]
    passed = refused = 0
    for t, c, n, a in itertools.product(range(2), repeat=4):
        call = _call(houses[t].tenant, houses[c].connection, houses[n].number, houses[a].assistant)
        with scope.system("try every pair"):
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
    with scope.system("place"):
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
        with scope.system("a foreign call"):
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
    with scope.system("dedicate"):
        with pytest.raises(ownership.Taken) as taken:
            ownership.dedicate_number(harbor.tenant, bloom.number.number, by=admin)
        assert taken.value.holder == bloom.tenant
        assert taken.value.words == "Bloom Dental has it. Release it there first."
        ownership.end_number(bloom.number, by=admin)
        later = ownership.dedicate_number(harbor.tenant, bloom.number.number, by=admin, start=timezone.now())
    assert later.is_open


def test_the_same_phone_number_in_two_organizations_has_one_tenant(bloom, harbor):
    with scope.system("dedicate"):
        twin = type(bloom.number.number).objects.create(
            connection=harbor.connection, remote_id="twin", e164=bloom.number.e164
        )
        with pytest.raises(ownership.Taken):
            ownership.dedicate_number(harbor.tenant, twin, by=None)


@pytest.mark.parametrize("change", ["tenant", "number", "begin", "reopen"])
def test_a_dedication_is_never_rewritten(bloom, harbor, change):
    with scope.system("rewrite"):
        if change == "reopen":
            ownership.end_number(bloom.number, by=None)
        values = {
            "tenant": {"tenant": harbor.tenant},
            "number": {"e164": "+31612345679"},
            "begin": {"period": DateTimeTZRange(timezone.now() - timedelta(days=400), None)},
            "reopen": {"period": DateTimeTZRange(bloom.number.period.lower, None)},
        }[change]
        with pytest.raises(DatabaseError), transaction.atomic():
            NumberDedication.objects.filter(pk=bloom.number.pk).update(**values)
