"""The database of each tagged version, brought up to this one, is what a new database is; and no history is lost.

`python -m tests.upgrades.write_dump v0.2.0` writes the folder of a version, on its tag.
"""

import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from tenants import audit
from tenants.isolation import scope
from tenants.isolation.database_grants import as_owner
from tests.fixtures import backdating
from tests.upgrades import catalogue

pytestmark = pytest.mark.django_db(transaction=True)

DUMPS = sorted(path.parent for path in Path(__file__).parent.glob("v*/manifest.json"))
KEPT = ("calls_call", "calls_receipt", "tenants_auditentry", "tenants_numberdedication", "tenants_assistantdedication")


@pytest.fixture(params=[None, *DUMPS], ids=lambda dump: dump.name if dump else "this-version")
def dump(request, bloom, admin, tmp_path):
    """A backup of a tagged version; or of this one, so that the test itself is tested before there are any."""
    if request.param:
        server = int(json.loads((request.param / "manifest.json").read_text())["server"].partition(".")[0])
        connection.ensure_connection()
        if connection.connection.info.server_version // 10000 < server:
            pytest.skip(f"The dump is of PostgreSQL {server}, and the server of the tests is older.")
        return request.param
    with scope.for_tenant(bloom.tenant):
        audit.record(admin, bloom.tenant, "visit.began", bloom.tenant)
    call_command("backup", str(tmp_path / "backup"))
    return tmp_path / "backup"


def new_database() -> set[str]:
    """The catalogue of the test database, which was made by the migrations of this version."""
    return {_as_shipped(line) for line in catalogue.read()}


def _as_shipped(line: str) -> str:
    for shipped, in_tests in backdating.IN_TESTS.values():
        line = line.replace(catalogue.plain(in_tests), catalogue.plain(shipped))
    return line


def test_an_older_database_becomes_what_a_new_one_is_and_keeps_its_history(dump, empty_database, capsys):
    expected = new_database()
    assert len(expected) > 500
    connection.close()
    connection.settings_dict["NAME"] = empty_database
    call_command("restore", str(dump))
    call_command("migrate", verbosity=0)

    found = new_database()
    assert sorted(found - expected) == [] and sorted(expected - found) == []
    call_command("verify_audit")
    rows = json.loads((dump / "manifest.json").read_text())["rows"]
    with connection.cursor() as cursor, scope.for_system("count the rows of a database that was brought up to date"):
        for table in KEPT:
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            assert cursor.fetchone()[0] == rows[table], table


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE calls_call ADD COLUMN extra text",
        "ALTER TABLE calls_call ALTER COLUMN line DROP NOT NULL",
        "ALTER TABLE calls_call NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE calls_call DROP CONSTRAINT placed_call_is_whole",
        "DROP INDEX calls_live",
        "DROP TRIGGER call_leaves ON calls_call",
        "ALTER TABLE calls_call DISABLE TRIGGER call_leaves",
        "GRANT DELETE ON calls_call TO patchbay_app",
        "GRANT EXECUTE ON FUNCTION audit_link() TO patchbay_app",
        "ALTER FUNCTION call_leaves() RESET search_path",
        "ALTER POLICY number_rows ON tenants_number USING (true)",
        "ALTER VIEW tenants_person RESET (security_barrier)",
    ],
)
def test_the_comparison_sees_a_difference(statement):
    before = catalogue.read()
    with as_owner(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        assert catalogue.read() != before
        transaction.set_rollback(True)
    assert catalogue.read() == before
