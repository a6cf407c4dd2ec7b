"""What deploy/README.md says, done: an ordinary PostgreSQL, a broker, and each service as compose.yaml starts it."""

import json
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError

import psycopg
import pytest
import yaml
from cryptography.fernet import Fernet

from dashboard.devserver import postgres, valkey
from dashboard.devserver.paths import ROOT, free_port
from tests.fixtures.postgres import HASTE

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
VERSIONS = {"embedded": None} | {
    f"PostgreSQL {path.parent.parent.name}": path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")
}
HOST = "calls.reseller.example"
WITHIN = 90  # seconds for one thing to come about on a busy machine


def eventually(there: Callable[[], object], what: str) -> None:
    until = time.monotonic() + WITHIN
    while not there():
        assert time.monotonic() < until, f"{what} did not come about within {WITHIN} s"
        threading.Event().wait(0.2)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not below pytest's own, which is private: root's PostgreSQL runs as another user."""
    path = Path(tempfile.mkdtemp(prefix="patchbay-deploy-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@contextmanager
def started(command: list[str], environment: dict[str, str], log: Path, **more: Any) -> Iterator[subprocess.Popen]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=environment,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            **more,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


@contextmanager
def postgresql(folder: Path, version: str) -> Iterator[str]:
    """A new server; the address of its administrator, who is no superuser, as with a managed one."""
    port, password = free_port(), secrets.token_urlsafe(9)
    server = postgres.Postgres.below(folder, folder.name, port=port, password=password)
    if programs := VERSIONS[version]:
        server = postgres.Postgres(programs, server.data, port, password, server.user)
        first = postgres.FIRST
        postgres.FIRST = [one for one in first if not one.startswith("--locale")]
    try:
        server.prepare()
    finally:
        if programs:
            postgres.FIRST = first
    child = server.child(dict(os.environ), *HASTE)
    with started(child.command, child.environment, folder / "postgres.log", cwd="/", **child.user) as process:
        eventually(lambda: process.poll() is not None or server.answers(), "PostgreSQL")
        with psycopg.connect(server.address(), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE provider LOGIN CREATEROLE CREATEDB PASSWORD '{password}'")
        yield f"postgresql://provider:{password}@127.0.0.1:{port}/postgres"
        process.send_signal(child.stop_signal)


def settings(admin: str, broker: str) -> dict[str, str]:
    """What the README has one set, made by its commands where they need nothing else."""
    place = admin.rpartition("@")[2].partition("/")[0]
    made = subprocess.run(
        [sys.executable, "-m", "tenants.signing_keys"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {
        "DATABASE_ADMIN_URL": admin,
        **{
            name: f"postgresql://patchbay_{role}:{secrets.token_urlsafe(9)}@{place}/patchbay"
            for name, role in (("OWNER_URL", "owner"), ("URL", "app"), ("AUDITOR_URL", "auditor"))
            for name in [f"DATABASE_{name}"]
        },
        "PATCHBAY_SECRET_KEY": secrets.token_urlsafe(50),
        "PATCHBAY_FIELD_KEYS": Fernet.generate_key().decode(),
        "PATCHBAY_URL": f"https://{HOST}",
        "PATCHBAY_HOSTS": HOST,
        "PATCHBAY_SMTP_HOST": "127.0.0.1",
        "PATCHBAY_MAIL_FROM": f"calls@{HOST}",
        "PATCHBAY_SECURITY_CONTACT": f"security@{HOST}",
        "VOICEDOCK_API_URL": "http://127.0.0.1:1/api/v1",
        "CELERY_BROKER_URL": f"{broker}/0",
        "CACHE_URL": f"{broker}/1",
        "PATCHBAY_PROXY_IPS": "127.0.0.1",
        **dict(line.split("=", 1) for line in made.stdout.split()),
    }


class Deployment:
    """The services of compose.yaml as processes: their commands, their environment, their folders."""

    def __init__(self, folder: Path, given: dict[str, str]) -> None:
        self.folder, self.given, self.port = folder, given, free_port()
        (folder / "audit").mkdir()

    def environment(self, service: str) -> dict[str, str]:
        """As compose makes it: a name without a value is passed on where it is set."""
        passed = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        for name, value in COMPOSE["services"][service]["environment"].items():
            if value is None:
                passed |= {name: self.given[name]} if name in self.given else {}
            else:
                passed[name] = self._filled(value)
        if "PATCHBAY_AUDIT_HEADS" in passed:
            passed["PATCHBAY_AUDIT_HEADS"] = str(self.folder / passed["PATCHBAY_AUDIT_HEADS"].lstrip("/"))
        return passed | {
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        }

    def _filled(self, value: str) -> str:
        def fill(found: re.Match[str]) -> str:
            name, default, needed = found[1], found[2], found[3]
            assert name in self.given or default is not None, f"{name} is not set: {needed}"
            return self.given.get(name, default or "")

        return re.sub(r"\$\{([A-Z_]+)(?::-([^}]*)|:\?([^}]*))?\}", fill, value)

    def command(self, service: str) -> list[str]:
        words = COMPOSE["services"][service].get("command")
        command = shlex.split(words) if words else json.loads(re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.M)[-1])
        here = {"python": sys.executable, "8000": str(self.port), "/tmp/beat": str(self.folder / "beat")}
        return [here.get(word, word) for word in command]

    def run(self, service: str, *command: str) -> str:
        """To its end, as `docker compose run`."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command] if command else self.command(service),
            cwd=ROOT, env=self.environment(service), capture_output=True, text=True, timeout=WITHIN * 2,
        )  # fmt: skip
        assert done.returncode == 0, f"{service} {' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self, stack: ExitStack, *services: str) -> None:
        for service in services:
            log = self.folder / f"{service}.log"
            stack.enter_context(started(self.command(service), self.environment(service), log, cwd=ROOT))

    def ask(self, path: str) -> tuple[int, str]:
        """As the proxy asks."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", headers={"Host": HOST, "X-Forwarded-Proto": "https"}
        )
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except URLError as error:
            return getattr(error, "code", 0), ""


@pytest.mark.parametrize("version", VERSIONS)
def test_roles_and_tables_are_made_by_an_administrator_who_is_no_superuser(folder, version):
    with postgresql(folder, version) as admin:
        deployment = Deployment(folder, settings(admin, "redis://127.0.0.1:1"))
        for _ in range(2):
            assert "Roles and database are there." in deployment.run("roles")
            deployment.run("migrate")
        with psycopg.connect(deployment.given["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT has_database_privilege(current_database(), 'TEMPORARY')").fetchone() == (
                False,
            )
            members = connection.execute("SELECT pg_has_role('patchbay_app', 'patchbay_auditor', 'MEMBER')").fetchone()
            assert members == (False,)
        with psycopg.connect(admin) as connection:
            assert connection.execute("SELECT pg_has_role('patchbay_owner', 'USAGE')").fetchone() == (False,)


def test_the_readme_leads_to_a_patchbay_that_works(folder):
    password, port = secrets.token_urlsafe(9), free_port()
    with ExitStack() as stack:
        admin = stack.enter_context(postgresql(folder, "embedded"))
        broker = valkey.child(folder / "valkey", port=port, password=password, environment=dict(os.environ))
        stack.enter_context(started(broker.command, broker.environment, folder / "valkey.log", cwd=folder))
        eventually(broker.healthy, "the broker")
        deployment = Deployment(folder, settings(admin, f"redis://:{password}@127.0.0.1:{port}"))
        for service in ("roles", "migrate"):
            deployment.run(service)
        assert "PATCHBAY_AUDIT_KEY" not in deployment.environment("web")
        assert "no issues" in deployment.run("web", "check", "--deploy", "--fail-level", "WARNING")
        deployment.start(stack, "signer", "web", "interactive", "webhooks", "requests", "worker", "beat")
        eventually(lambda: deployment.ask("/readyz")[0] == 200, "a web that is ready")
        output = deployment.run("web", "first_admin", "--email", "first@reseller.example", "--name", "First Person")
        link = re.search(rf"https://{re.escape(HOST)}(/\S+)", output)
        assert link and deployment.ask(link[1])[0] == 200
        deployment.run(
            "worker", "shell", "-c", "from tenants.tasks import publish_checkpoints; publish_checkpoints.delay()"
        )
        eventually(lambda: list((folder / "audit").glob("heads-*.jsonl")), "signed heads")
        assert "1 signed publications" in deployment.run("web", "verify_audit")
        deployment.run("backup", "backup", str(folder / "backup"))
        deployment.given |= {
            name: address.rpartition("/")[0] + "/restored"
            for name, address in deployment.given.items()
            if name in ("DATABASE_OWNER_URL", "DATABASE_URL", "DATABASE_AUDITOR_URL")
        }
        deployment.run("roles")
        assert "all as they were" in deployment.run("backup", "restore", str(folder / "backup"))
        deployment.run("migrate")
        assert "1 signed publications" in deployment.run("web", "verify_audit")
    logs = {
        path.name: path.read_text() for path in folder.glob("*.log") if path.name not in ("postgres.log", "valkey.log")
    }
    assert {name: text for name, text in logs.items() if "Traceback" in text} == {}
