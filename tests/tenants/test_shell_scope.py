"""`manage.py shell` and `dbshell`: rows of clients are hidden, and the way to see them is printed and recorded."""

import subprocess
import sys

import pytest
import structlog
from django.core.management import CommandError, call_command
from django.db import connection

from tenants.isolation import scope, shell_scope
from tenants.models import AuditEntry, Tenant

pytestmark = pytest.mark.django_db
COUNT = "from tenants.models import Tenant; print(sorted(Tenant.objects.values_list('slug', flat=True)))"
ASKED = (
    "SELECT scope_holds(), current_setting('patchbay.reach'), current_setting('patchbay.tenants'), "
    "current_setting('patchbay.signature') <> ''"
)


def shell(capsys, **options):
    call_command("shell", command=COUNT, no_imports=True, verbosity=0, **options)
    return capsys.readouterr()


def entries():
    with scope.for_system("look"):
        return list(AuditEntry.objects.filter(action="shell.opened").select_related("tenant"))


def test_a_shell_for_one_client_shows_its_rows_alone(bloom, harbor, capsys):
    assert shell(capsys, as_tenant=bloom.tenant.slug).out == f"{[bloom.tenant.slug]}\n"
    (entry,) = entries()
    assert entry.tenant == bloom.tenant, "the client's people see who looked"
    assert '"command": "shell"' in entry.body


def test_a_shell_for_the_system_shows_every_row(bloom, harbor, capsys):
    assert shell(capsys, as_system=True).out == f"{sorted([bloom.tenant.slug, harbor.tenant.slug])}\n"
    (entry,) = entries()
    assert entry.tenant is None and "every client" in entry.body


def test_scopes_inside_such_a_shell_narrow_it(bloom, harbor):
    with scope.session(None):
        with scope.for_tenant(bloom.tenant):
            assert list(Tenant.objects.all()) == [bloom.tenant]
        assert Tenant.objects.count() == 2
    assert scope.current() == ""
    with pytest.raises(scope.Unscoped):
        Tenant.objects.count()


def test_nothing_stays_open_after_it(bloom, capsys):
    shell(capsys, as_system=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('patchbay.reach'), current_setting('patchbay.signature')")
        assert cursor.fetchone() == ("", "")


def test_it_leaves_a_log_line(bloom):
    with structlog.testing.capture_logs() as lines:
        call_command("shell", command="pass", no_imports=True, as_tenant=bloom.tenant.slug)
    (line,) = [line for line in lines if line["event"] == "shell_opened"]
    assert line["tenant"] == bloom.tenant.slug and line["every_client"] is False and line["login"]


def test_without_a_scope_it_says_how_to_open_one(db, capsys):
    call_command("shell", command="pass", no_imports=True)
    assert capsys.readouterr().err == f"{shell_scope.HIDDEN}\n"
    assert entries() == []


def test_a_client_that_is_not_there_is_named(db):
    for command in ("shell", "dbshell"):
        with pytest.raises(CommandError, match="No client has the slug nobody"):
            call_command(command, as_tenant="nobody")


def test_one_scope_at_a_time(db, capsys):
    with pytest.raises(CommandError, match="not allowed with"):
        call_command("shell", "--as-tenant", "acme", "--as-system")


def test_psql_opens_with_the_same_scope(bloom, capfd):
    call_command("dbshell", "--as-tenant", bloom.tenant.slug, "--", "-Atc", ASKED)
    assert capfd.readouterr().out == f"t||{{{bloom.tenant.pk}}}|t\n"
    call_command("dbshell", "--as-system", "--", "-Atc", ASKED)
    assert capfd.readouterr().out == "t|all||t\n"
    assert {entry.tenant for entry in entries()} == {bloom.tenant, None}


def test_psql_without_a_scope_says_how_to_open_one(db, capfd):
    call_command("dbshell", "--", "-Atc", "SELECT count(*) FROM tenants_tenant")
    output = capfd.readouterr()
    assert (output.out, output.err) == ("0\n", f"{shell_scope.HIDDEN}\n")


def test_the_start_file_of_psql_holds_no_secret(bloom, settings):
    text = shell_scope.psqlrc(bloom.tenant)
    assert settings.SECRET_KEY not in text and settings.DATABASES["default"]["PASSWORD"] not in text
    assert f"'{{{bloom.tenant.pk}}}'" in text


def test_a_signature_that_psql_asks_for_is_for_one_process_alone():
    one, other = (
        subprocess.run(
            [sys.executable, "-m", "tenants.isolation.scope_signature", process, "all", ""],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for process in ("1", "2")
    )
    assert one != other and one.count(".") == 1
