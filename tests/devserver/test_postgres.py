"""The embedded PostgreSQL finds a place its own user can reach, and gives roles exactly what they need."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dashboard.devserver import create_roles, postgres
from dashboard.devserver.paths import free_port
from dashboard.devserver.postgres import Postgres
from tests.fixtures.postgres import Server, server

WHO = ("owner", "app", "auditor")


@pytest.fixture
def readable(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """In place of /var/lib/patchbay."""
    folder = Path(tempfile.mkdtemp(prefix="patchbay-readable-"))
    folder.chmod(0o755)
    monkeypatch.setattr(postgres, "READABLE", folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def address() -> str:
    server.need()
    return os.environ["PATCHBAY_TEST_SERVER"]


def test_below_a_private_folder_root_uses_a_readable_place(readable, tmp_path):
    """An ordinary user's server runs as that user and reads what it reads."""
    tmp_path.chmod(0o700)
    home = tmp_path if os.geteuid() else readable / "name"
    assert Postgres.below(tmp_path, "name", port=1, password="x").data == home / "postgres"


def test_in_an_open_folder_the_data_stay_beside_the_rest(readable):
    folder = readable / "checkout"
    folder.mkdir(mode=0o755)
    assert Postgres.below(folder, "name", port=1, password="x").data == folder / "postgres"


def test_a_lock_file_of_a_dead_server_is_taken_away(readable):
    """Its number may be alive again as somebody else: that one is left alone."""
    data = readable / "postgres"
    data.mkdir()
    (data / "PG_VERSION").touch()
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n")
    Postgres.below(readable, "name", port=1, password="x").prepare()
    assert not (data / "postmaster.pid").exists()


def test_nobody_comes_in_without_a_password(address):
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(address.replace(address.split(":")[2].split("@")[0], "guessed"))


@pytest.fixture
def other_address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server of its own: the tests share the roles of the usual one, in which auditors act by a change of role."""
    password = secrets.token_urlsafe(12)
    monkeypatch.setenv("PATCHBAY_TEST_SERVER", f"postgresql://postgres:{password}@127.0.0.1:{free_port()}/postgres")
    other = Server()
    other._start()
    yield os.environ["PATCHBAY_TEST_SERVER"]
    other.end()


def test_the_roles_are_as_they_must_be_however_often_they_are_created(other_address):
    passwords = {f"{who}_password": os.environ[f"PATCHBAY_TEST_PATCHBAY_{who.upper()}"] for who in WHO}
    for _ in range(2):
        create_roles.create(other_address, **passwords, database=None)
    with psycopg.connect(other_address) as connection:
        rows = connection.execute(
            "SELECT rolname, rolcanlogin, rolsuper, rolinherit, rolcreatedb, rolbypassrls FROM pg_roles "
            "WHERE rolname LIKE 'patchbay_%' ORDER BY 1"
        ).fetchall()
        members = connection.execute(
            "SELECT count(*) FROM pg_auth_members WHERE member::regrole::text ~ '^patchbay'"
        ).fetchone()
        limits = connection.execute("SELECT setconfig FROM pg_db_role_setting WHERE setrole = 'patchbay_app'::regrole")
        assert "idle_in_transaction_session_timeout=60s" in limits.fetchone()[0]
    assert rows == [
        ("patchbay_app", True, False, False, False, False),
        ("patchbay_auditor", True, False, False, False, False),
        ("patchbay_owner", True, False, True, False, False),
    ]
    assert members == (0,), "nobody can act as somebody else"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "Not set: DATABASE_ADMIN_URL, DATABASE_OWNER_URL, DATABASE_URL, DATABASE_AUDITOR_URL"),
        (
            {"DATABASE_URL": "postgresql://somebody:else@h/d"},
            "must have the form postgresql://patchbay_app:PASSWORD@HOST",
        ),
        (
            {"DATABASE_URL": "postgresql://patchbay_app@h/d"},
            "must have the form postgresql://patchbay_app:PASSWORD@HOST",
        ),
        ({"DATABASE_ADMIN_URL": "postgresql://nobody:wrong@{server}/postgres"}, "PostgreSQL refuses: "),
    ],
)
def test_what_is_wrong_with_the_addresses_is_shown(address, monkeypatch, given, words):
    server_address = address.rpartition("@")[2].partition("/")[0]
    usual = {name: f"postgresql://{role}:word@h/d" for name, role in create_roles.LOGINS.items()} | {
        "DATABASE_ADMIN_URL": address
    }
    for name in usual:
        monkeypatch.delenv(name, raising=False)
    for name, value in (usual | given if given else {}).items():
        monkeypatch.setenv(name, value.format(server=server_address))
    with pytest.raises(SystemExit, match=words):
        create_roles.main()
