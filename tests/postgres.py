"""The PostgreSQL of the tests: in a temporary folder, in a hurry, with the same roles as the real one.

A plugin, loaded before Django's settings are. Tables are made and migrated as their owner; tests run as the app.
`PATCHBAY_TEST_SERVER` (the address of a superuser) puts another server in its place, an older one in CI for example.
"""

import base64
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from dashboard.running import processes, roles
from dashboard.running.places import free_port
from dashboard.running.postgres import Postgres
from dashboard.running.supervisor import Child

HASTE = [option for name in ("fsync", "synchronous_commit", "full_page_writes") for option in ("-c", f"{name}=off")]
IS_OURS_TO_START = "PATCHBAY_TEST_SERVER" not in os.environ


def _settle() -> None:
    """What settings read; the workers of pytest-xdist inherit it."""
    if IS_OURS_TO_START:
        os.environ["PATCHBAY_TEST_SERVER"] = (
            f"postgresql://postgres:{secrets.token_urlsafe(12)}@127.0.0.1:{free_port()}/postgres"
        )
    server = urlsplit(os.environ["PATCHBAY_TEST_SERVER"])
    logins = {"DATABASE_URL": roles.APP, "DATABASE_OWNER_URL": roles.OWNER, "DATABASE_AUDITOR_URL": roles.AUDITOR}
    for name, role in logins.items():
        password = os.environ.setdefault(f"PATCHBAY_TEST_{role.upper()}", secrets.token_urlsafe(12))
        place = server.netloc.rpartition("@")[2]
        os.environ[name] = urlunsplit(("postgresql", f"{role}:{password}@{place}", "/patchbay", server.query, ""))
    os.environ.update(
        PATCHBAY_DEMO="1",
        PATCHBAY_RAISE_UNSCOPED="1",
        PATCHBAY_SECRET_KEY="only-in-tests-" + "x" * 40,
        PATCHBAY_URL="http://testserver",
        VOICEDOCK_API_URL="http://voicedock.test/api/v1",
    )
    os.environ.setdefault("PATCHBAY_FIELD_KEYS", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    for name in ("CELERY_BROKER_URL", "CACHE_URL", "PATCHBAY_SANDBOX_URL", "PATCHBAY_PROCESS"):
        os.environ.pop(name, None)


_settle()


class Server:
    """Started when the first test needs it; with pytest-xdist at once, since the workers share it."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.process: subprocess.Popen | None = None
        self.furnished = not IS_OURS_TO_START and "PYTEST_XDIST_WORKER" in os.environ

    def need(self) -> None:
        if not self.furnished:
            if IS_OURS_TO_START:
                self._start()
            passwords = {
                f"{who}_password": os.environ[f"PATCHBAY_TEST_{role.upper()}"]
                for who, role in (("owner", roles.OWNER), ("app", roles.APP), ("auditor", roles.AUDITOR))
            }
            roles.furnish(os.environ["PATCHBAY_TEST_SERVER"], **passwords, database=None)
            _let_tests_act_as_others()
            self.furnished = True

    def _start(self) -> None:
        address = urlsplit(os.environ["PATCHBAY_TEST_SERVER"])
        self.folder = Path(tempfile.mkdtemp(prefix="patchbay-tests-"))
        self.folder.chmod(0o711)
        server = Postgres.below(self.folder, self.folder.name, port=address.port or 0, password=address.password or "")
        server.prepare()
        child = server.child(dict(os.environ), *HASTE)
        self.process = _run(child, self.folder / "postgres.log")
        while not server.answers():
            if self.process.poll() is not None:
                raise pytest.UsageError((self.folder / "postgres.log").read_text())

    def end(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGQUIT)  # at once: nobody needs these data again
            self.process.wait(20)
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def _let_tests_act_as_others() -> None:
    """The owner makes the databases of tests, and a test's own transaction can change into the auditors' role."""
    with psycopg.connect(os.environ["PATCHBAY_TEST_SERVER"], autocommit=True) as connection:
        connection.execute(f"ALTER ROLE {roles.OWNER} CREATEDB")
        connection.execute(f"GRANT {roles.AUDITOR} TO {roles.APP}")


def _run(child: Child, log: Path) -> subprocess.Popen:
    with log.open("ab") as told:
        return subprocess.Popen(
            child.command,
            env=child.environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=told,
            start_new_session=True,
            preexec_fn=processes.dies_with_us(signal.SIGQUIT),
            **child.user,
        )


server = Server()


def pytest_configure(config: pytest.Config) -> None:
    if getattr(config.option, "numprocesses", None) and "PYTEST_XDIST_WORKER" not in os.environ:
        server.need()


def pytest_unconfigure() -> None:
    server.end()
