"""P8: entries are written with the deed, and nobody can change them unseen."""

import pytest
from django.db import DatabaseError, connection, transaction

from tenants import audit, scope
from tenants.audit_words import sentence
from tenants.models import AuditEntry


def entries(house):
    return list(AuditEntry.objects.filter(tenant=house.tenant).order_by("seq"))


def test_the_chain_holds_and_reads_as_sentences(bloom, harbor, admin):
    with scope.of(bloom.tenant):
        audit.record(admin, bloom.tenant, "person.removed", "membership:1", person="Zoë Ruiter")
        assert [one.seq for one in entries(bloom)] == [1, 2, 3, 4]
        assert sentence(entries(bloom)[-1]) == f"{admin} removed Zoë Ruiter from the team."
    with scope.system("verify"):
        assert list(audit.verify()) == []


def test_the_app_cannot_change_or_delete_an_entry(bloom):
    with scope.system("try"):
        for sql in ("UPDATE tenants_auditentry SET body = '{}'", "DELETE FROM tenants_auditentry"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("attack", "told"),
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
def test_what_a_superuser_changes_is_found(bloom, attack, told, superuser):
    superuser(
        "ALTER TABLE tenants_auditentry DISABLE TRIGGER USER",
        "ALTER TABLE tenants_auditentry DROP CONSTRAINT one_entry_per_link",
        attack,
        "ALTER TABLE tenants_auditentry ENABLE TRIGGER USER",
    )
    try:
        with scope.system("verify"):
            (broken,) = audit.verify()
        assert broken.chain == f"tenant-{bloom.tenant.pk}"
        assert told in broken.reason
    finally:
        superuser(
            "TRUNCATE tenants_auditentry",
            "ALTER TABLE tenants_auditentry ADD CONSTRAINT one_entry_per_link UNIQUE (chain, seq)",
        )
