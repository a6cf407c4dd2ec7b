"""A backup is drilled: made, restored into an empty database, compared; and what is not whole is found."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tenants import audit
from tenants.audit import checkpoints
from tenants.isolation import scope
from tenants.models import AuditEntry, ConnectionSecret, Number, Tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def backed_up(bloom, harbor, admin, checkpoint_folder, tmp_path, capsys):
    """Two clients, some history, a publication of the signed heads, and the backup of all that."""
    with scope.for_tenant(bloom.tenant):
        audit.record(admin, bloom.tenant, "visit.began", bloom.tenant)
    checkpoints.publish()
    folder = tmp_path / "backup"
    call_command("backup", str(folder))
    assert "2 audit chains" in capsys.readouterr().out
    return folder


def restore(folder, name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    call_command("restore", str(folder))


def test_what_was_backed_up_comes_back_with_rights_chains_and_secrets(backed_up, bloom, harbor, empty_database, capsys):
    with scope.for_system("before"):
        before = {"tenants": Tenant.objects.count(), "entries": AuditEntry.objects.count()}
    manifest = json.loads((backed_up / "manifest.json").read_text())
    assert manifest["rows"]["tenants_tenant"] == before["tenants"] == 2
    assert manifest["rows"]["tenants_connectionsecret"] == 2
    restore(backed_up, empty_database)
    assert "all as they were" in capsys.readouterr().out
    with scope.for_system("after"):
        assert {"tenants": Tenant.objects.count(), "entries": AuditEntry.objects.count()} == before
        assert ConnectionSecret.objects.get(connection=bloom.connection.pk).api_key == "key-bloom-canary"
    with scope.for_tenant(bloom.tenant):
        assert [number.e164 for number in Number.objects.all()] == [bloom.number.e164]
        audit.record(None, bloom.tenant, "visit.ended", bloom.tenant)
    call_command("verify_audit")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_database_privilege('patchbay_app', current_database(), 'TEMPORARY'),"
            " has_table_privilege('patchbay_app', 'tenants_auditentry', 'DELETE'),"
            " (SELECT count(*) FROM pg_class WHERE relforcerowsecurity) > 20"
        )
        assert cursor.fetchone() == (False, False, True)


def test_a_backup_with_other_rows_than_it_says_is_not_accepted(backed_up, empty_database):
    path = backed_up / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["rows"]["tenants_tenant"] += 1
    path.write_text(json.dumps(manifest))
    with pytest.raises(CommandError, match="in: tenants_tenant"):
        restore(backed_up, empty_database)


def test_a_restore_into_a_database_with_tables_is_refused(backed_up):
    with pytest.raises(CommandError, match="The database is not empty"):
        call_command("restore", str(backed_up))


def test_a_backup_never_replaces_another_one(backed_up):
    with pytest.raises(CommandError, match="exists already"):
        call_command("backup", str(backed_up))


def test_a_changed_trail_in_a_backup_is_found_by_the_signed_heads_beside_it(backed_up, empty_database):
    (published,) = (backed_up / "checkpoints").glob("*.jsonl")
    line = json.loads(published.read_text())
    line["heads"] = {chain: [seq + 1, digest] for chain, (seq, digest) in line["heads"].items()}
    published.write_text(json.dumps(line) + "\n")
    with pytest.raises(CommandError, match="cannot be believed"):
        restore(backed_up, empty_database)


def test_without_the_programs_it_says_what_is_missing(bloom, tmp_path, monkeypatch):
    monkeypatch.setenv("PATCHBAY_PG_BIN", str(tmp_path))
    with pytest.raises(CommandError, match="There is no pg_dump"):
        call_command("backup", str(tmp_path / "backup"))
    assert not (tmp_path / "backup").exists()
