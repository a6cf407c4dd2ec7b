"""Migrations: what they read, and which databases they refuse."""

from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from tenants.replaced_migrations import REPLACED

ROOT = Path(__file__).parents[2]
SQL_FOLDERS = sorted(ROOT.glob("*/migrations/sql/*/")) + sorted(ROOT.glob("dashboard/*/migrations/sql/*/"))


@pytest.mark.django_db(transaction=True)
def test_a_database_of_a_version_before_is_refused_with_the_way_out_and_not_changed(superuser):
    app, name = REPLACED
    superuser(
        f"INSERT INTO django_migrations (app, name, applied) VALUES ('{app}', '{name}', now())",
        "COMMENT ON POLICY number_rows ON tenants_number IS 'of another version'",
    )
    try:
        with pytest.raises(CommandError, match=r"run: python3 manage\.py reset"):
            call_command("migrate", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("SELECT obj_description(oid, 'pg_policy') FROM pg_policy WHERE polname = 'number_rows'")
            assert cursor.fetchone() == ("of another version",)
    finally:
        superuser(f"DELETE FROM django_migrations WHERE (app, name) = ('{app}', '{name}')")
    call_command("migrate", verbosity=0)


def test_no_migration_has_the_name_by_which_older_databases_are_known():
    assert REPLACED not in MigrationLoader(None).disk_migrations


def test_each_app_with_tables_begins_with_one_initial_migration():
    ours = {config.label for config in apps.get_app_configs() if config.name.split(".")[0] in ("tenants", "dashboard")}
    disk = MigrationLoader(None).disk_migrations
    initial = [app for app, name in disk if app in ours and name.endswith("_initial")]
    assert sorted(initial) == sorted({app for app, _ in disk if app in ours})
    assert len(initial) >= 8


@pytest.mark.parametrize("folder", SQL_FOLDERS, ids=lambda folder: f"{folder.parents[2].name}-{folder.name}")
def test_each_folder_of_sql_is_run_by_the_migration_of_its_name(folder):
    """A file that a migration forgets, or one that is no SQL, would change nothing or break it."""
    app = folder.parents[2].name
    operations = MigrationLoader(None).disk_migrations[app, folder.name].operations
    run = [operation.sql for operation in operations if hasattr(operation, "sql")]
    assert run and run == [file.read_text(encoding="utf-8") for file in sorted(folder.iterdir())]
