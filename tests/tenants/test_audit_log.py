"""P8: entries are written with the change they record, and nobody can change them unseen."""

import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from tenants import audit
from tenants.audit import verification
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry

MISSING = "missing"


def entries(setup):
    return list(AuditEntry.objects.filter(tenant=setup.tenant).order_by("seq"))


def test_the_chain_holds_and_reads_as_sentences(bloom, harbor, admin):
    with scope.for_tenant(bloom.tenant):
        audit.record(admin, bloom.tenant, "person.removed", "membership:1", person="Zoë Ruiter")
        assert [entry.seq for entry in entries(bloom)] == [1, 2, 3, 4]
        assert sentence(entries(bloom)[-1]) == f"{admin} removed Zoë Ruiter from the team."
    with scope.for_system("verify"):
        assert list(verification.verify()) == []


def test_the_app_cannot_change_or_delete_an_entry(bloom):
    with scope.for_system("try"):
        for sql in ("UPDATE tenants_auditentry SET body = '{}'", "DELETE FROM tenants_auditentry"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("attack", "reason"),
    [
        (
            "UPDATE tenants_auditentry SET body = replace(body, 'Bloom', 'Doom')"
            " WHERE seq = 1 AND chain LIKE 'tenant-%'",
            "hash",
        ),
        ("UPDATE tenants_auditentry SET actor = 'nobody' WHERE seq = 2", "columns"),
        ("DELETE FROM tenants_auditentry WHERE seq = 2", "missing"),
        ("DELETE FROM tenants_auditentry WHERE seq = 3", "ends before its head"),
        ("UPDATE tenants_auditentry SET seq = CASE seq WHEN 1 THEN 2 ELSE 1 END WHERE seq < 3", "hash"),
    ],
)
def test_what_a_superuser_changes_is_found(bloom, attack, reason, superuser):
    superuser(
        "ALTER TABLE tenants_auditentry DISABLE TRIGGER USER",
        "ALTER TABLE tenants_auditentry DROP CONSTRAINT one_entry_per_link",
        attack,
        "ALTER TABLE tenants_auditentry ENABLE TRIGGER USER",
    )
    try:
        with scope.for_system("verify"):
            (broken,) = verification.verify()
        assert broken.chain == f"tenant-{bloom.tenant.pk}"
        assert reason in broken.reason
    finally:
        superuser(
            "TRUNCATE tenants_auditentry",
            "ALTER TABLE tenants_auditentry ADD CONSTRAINT one_entry_per_link UNIQUE (chain, seq)",
        )


def appended(setup, **columns):
    """What the chain holds of an entry whose columns say something else than its body."""
    body = '{"action": "a.b", "actor": "Somebody", "at": "2026-01-01T00:00:00+00:00", "by": 7, "details": {}, '
    facts = {
        "chain": f"tenant-{setup.tenant.pk}",
        "tenant": setup.tenant,
        "body": body + '"subject": "call:1"}',
        "at": timezone.now() - timedelta(days=9),
        "actor_id": 1,
        "actor": "Somebody else",
        "action": "other.action",
        "subject": "call:2",
    }
    with transaction.atomic():
        entry = AuditEntry.objects.create(**facts | columns)
    entry.refresh_from_db()
    return entry


def test_columns_follow_the_body_whatever_was_written_into_them(bloom):
    with scope.for_tenant(bloom.tenant):
        entry = appended(bloom)
        found = (entry.at.isoformat(), entry.actor_id, entry.actor, entry.action, entry.subject)
    assert found == ("2026-01-01T00:00:00+00:00", 7, "Somebody", "a.b", "call:1")
    with scope.for_system("verify"):
        assert list(verification.verify()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": "7"},
        {"by": 7.0},
        {"by": True},
        {"by": [7]},
        {"by": MISSING},
        {"at": "2026-01-01T00:00:00"},
        {"at": "2026-01-01"},
        {"at": "2026-01-01T24:00:00+00:00"},
        {"at": "2026-01-01T00:00:00.1234567+00:00"},
        {"at": "Jan 1 2026 00:00 UTC"},
        {"at": "infinity"},
        {"at": 7},
        {"at": None},
        {"at": MISSING},
        {"actor": 7},
        {"action": None},
        {"subject": ["call:1"]},
        {"subject": MISSING},
    ],
    ids=str,
)
def test_a_body_that_verification_reads_otherwise_is_refused_and_breaks_no_chain(bloom, wrong):
    facts = {"action": "a.b", "actor": "Somebody", "at": "2026-01-01T00:00:00+00:00", "by": 7, "subject": "call:1"}
    body = {name: value for name, value in (facts | wrong).items() if value != MISSING}
    with scope.for_tenant(bloom.tenant):
        with pytest.raises(IntegrityError, match="audit entry"):
            appended(bloom, body=json.dumps(body))
        appended(bloom, body=json.dumps(facts))
        appended(bloom, body=json.dumps(facts | {"by": None, "at": "2026-01-01T02:00:00.000001+02:00"}))
    with scope.for_system("verify"):
        assert list(verification.verify()) == []


@pytest.mark.parametrize("body", ["[]", "7", "null", '"text"'])
def test_a_body_that_is_no_object_is_refused(bloom, body):
    with scope.for_tenant(bloom.tenant), pytest.raises(IntegrityError, match="is an object"):
        appended(bloom, body=body)


def test_the_app_appends_to_no_chain_outside_of_its_scope(bloom, harbor):
    theirs = f"tenant-{harbor.tenant.pk}"
    with scope.for_tenant(bloom.tenant):
        for columns in (
            {"chain": theirs, "tenant": harbor.tenant},
            {"chain": "reseller", "tenant": None},
            {"chain": theirs, "tenant": None},
        ):
            with pytest.raises(DatabaseError, match="row-level security"):
                appended(bloom, **columns)
    for scoped in (scope.for_tenant(bloom.tenant), scope.for_system("all")):
        with scoped:
            for chain in (theirs, "reseller", "tenant-", "other"):
                with pytest.raises(IntegrityError, match="chain_of_its_tenant"):
                    appended(bloom, chain=chain)
    with scope.for_system("look"):
        assert list(verification.verify()) == []


MUTATIONS = {
    "id": "id + 100000",
    "chain": "'reseller'",
    "seq": "seq + 100",
    "hash": "sha256(hash)",
    "body": "body || ' '",
    "tenant_id": "CASE tenant_id WHEN {bloom} THEN {harbor} ELSE {bloom} END",
    "at": "at + interval '1 microsecond'",
    "actor_id": "coalesce(actor_id, 0) + 1",
    "actor": "actor || 'x'",
    "action": "action || 'x'",
    "subject": "subject || 'x'",
}
OPEN = (
    "ALTER TABLE tenants_auditentry DISABLE TRIGGER USER",
    "ALTER TABLE tenants_auditentry DROP CONSTRAINT one_entry_per_link, DROP CONSTRAINT chain_of_its_tenant",
    "CREATE TABLE kept AS SELECT * FROM tenants_auditentry",
)
SHUT = (
    "TRUNCATE tenants_auditentry",
    "ALTER TABLE tenants_auditentry ADD CONSTRAINT one_entry_per_link UNIQUE (chain, seq), ADD CONSTRAINT "
    "chain_of_its_tenant CHECK (chain = 'reseller' AND tenant_id IS NULL OR chain = 'tenant-' || tenant_id::text "
    "AND tenant_id IS NOT NULL)",
    "ALTER TABLE tenants_auditentry ENABLE TRIGGER USER",
    "DROP TABLE kept",
)


@pytest.mark.django_db(transaction=True)
def test_every_column_of_every_entry_is_held(bloom, harbor, admin, superuser):
    """By a superuser with every constraint taken away: whichever column is changed, of whichever entry."""
    assert set(MUTATIONS) == {field.column for field in AuditEntry._meta.concrete_fields}
    with scope.for_tenant(bloom.tenant):
        audit.record(admin, bloom.tenant, "person.removed", "membership:1", person="Zoë")
    with scope.for_system("look"):
        ids = list(AuditEntry.objects.order_by("pk").values_list("pk", flat=True))
    assert len(ids) == 7
    superuser(*OPEN)
    try:
        for pk in ids:
            for column, change in MUTATIONS.items():
                value = change.format(bloom=bloom.tenant.pk, harbor=harbor.tenant.pk)
                superuser(f"UPDATE tenants_auditentry SET {column} = {value} WHERE id = {pk}")
                with scope.for_system("verify"):
                    assert list(verification.verify()), f"{column} of entry {pk} was changed and nobody noticed"
                superuser(
                    "TRUNCATE tenants_auditentry",
                    "INSERT INTO tenants_auditentry OVERRIDING SYSTEM VALUE SELECT * FROM kept",
                )
        with scope.for_system("verify"):
            assert list(verification.verify()) == []
    finally:
        superuser(*SHUT)


@pytest.mark.django_db(transaction=True)
def test_entries_of_the_first_version_still_hold(bloom, superuser):
    """Their hash does not cover the row's id."""
    with scope.for_system("look"):
        last = AuditEntry.objects.filter(tenant=bloom.tenant).order_by("seq").last()
        before = AuditEntry.objects.get(tenant=bloom.tenant, seq=last.seq - 1)
    old = verification.link(bytes(before.hash), last.seq, last.chain, last.action, last.body).hex()
    superuser(
        "ALTER TABLE tenants_auditentry DISABLE TRIGGER USER",
        f"UPDATE tenants_auditentry SET hash = '\\x{old}' WHERE id = {last.pk}",
        f"UPDATE tenants_audithead SET hash = '\\x{old}' WHERE chain = '{last.chain}'",
        "ALTER TABLE tenants_auditentry ENABLE TRIGGER USER",
    )
    with scope.for_system("verify"):
        assert list(verification.verify()) == []
