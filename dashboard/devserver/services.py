"""Our own processes: what each is started with, and how it tells that it is well."""

import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from dashboard.devserver.paths import ROOT, Places
from dashboard.devserver.supervisor import Child
from dashboard.web import healthchecks

MOST_WEB = 4  # web processes, unless more are asked for: each holds about 150 MB
CONNECTIONS_OF_WEB = 34  # to the database, of one: its two pools, the changes feed and the writer of webhooks
CONNECTIONS_OF_OTHERS = 40  # workers, beat, the applier, commands, and those that PostgreSQL keeps for itself


def sandbox(places: Places, port: int, environment: dict[str, str]) -> Child:
    return Child(
        "sandbox",
        _python("dashboard.sandbox", "--port", str(port), "--data", str(places.data / "sandbox.json")),
        lambda: healthchecks.answers(f"http://127.0.0.1:{port}/_sandbox/organizations"),
        {**environment, "PYTHONUNBUFFERED": "1"},
        directory=ROOT,
    )


def web_processes(given: Mapping[str, str] = os.environ) -> int:
    """How many web processes there are: `PATCHBAY_WEB_PROCESSES`, else one for each core, at most `MOST_WEB`."""
    asked = given.get("PATCHBAY_WEB_PROCESSES") or ""
    if not asked:
        return min(MOST_WEB, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    if not asked.isdigit() or not 0 < int(asked) <= 64:
        sys.exit(f"PATCHBAY_WEB_PROCESSES is {asked!r}; it must be a number from 1 to 64.")
    return int(asked)


def web(places: Places, listening: socket.socket, count: int, environment: dict[str, str]) -> list[Child]:
    """They share a socket: whichever is free takes the next connection, and while one is started again none is lost."""
    return [_web("web" if nth == 1 else f"web-{nth}", places, listening, environment) for nth in range(1, count + 1)]


def _web(name: str, places: Places, listening: socket.socket, environment: dict[str, str]) -> Child:
    sign = _ready_file(places, name)
    return Child(
        name,
        _python("dashboard.web.server", "--socket", str(listening.fileno())),
        sign.exists,
        {**environment, "PATCHBAY_PROCESS": "web", "PATCHBAY_READY_FILE": str(sign)},
        directory=ROOT,
        stop_limit=40,  # longer than its requests in flight may take (`dashboard/web/server.py`)
        stop_group="web",
        files=(listening.fileno(),),
    )


def database_connections(count: int) -> int:
    """How many connections this many web processes and everything else of `up` may hold at once."""
    return count * CONNECTIONS_OF_WEB + CONNECTIONS_OF_OTHERS


def applier(places: Places, environment: dict[str, str]) -> Child:
    """Applies webhooks as soon as the web process has stored them."""
    sign = _ready_file(places, "webhooks")
    return Child(
        "webhooks",
        [sys.executable, str(ROOT / "manage.py"), "apply_webhooks"],
        sign.exists,
        {**environment, "PATCHBAY_PROCESS": "webhooks", "PATCHBAY_READY_FILE": str(sign)},
        directory=ROOT,
        stop_group="workers",
    )


def workers(places: Places, environment: dict[str, str], signer: dict[str, str]) -> list[Child]:
    """Three, so that none waits behind another: the database only, what people ask of VoiceDock, and the rest.

    The last one signs the audit trail too, with the environment of `signer`; a deployment has a worker for that alone.
    """
    return [
        _worker("interactive", "interactive", places, environment),
        _worker("requests", "requests", places, environment, processes=4),  # each may wait for an answer of VoiceDock
        _worker("worker", "sync,bulk,audit", places, environment | signer),
    ]


def _worker(name: str, queues: str, places: Places, environment: dict[str, str], *, processes: int = 2) -> Child:
    """Prefork, since only processes can be given time limits; gossip and mingle are for many workers."""
    options = ["-n", f"{name}@%h", "-Q", queues, "-c", str(processes), "-P", "prefork", "-l", "INFO"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    child = _celery(name, "worker", places, environment, *options, *quiet)
    return replace(child, stop_group="workers")  # each takes seconds to stop


def beat(places: Places, environment: dict[str, str]) -> Child:
    return _celery(
        "beat", "beat", places, environment, "--schedule", str(places.data / "beat"), "--pidfile=", "-l", "WARNING"
    )


def command(name: str, environment: dict[str, str], *arguments: str) -> Child:
    """A Django command, run to its end."""
    return Child(name, [sys.executable, str(ROOT / "manage.py"), *arguments], bool, environment, directory=ROOT)


def _celery(name: str, command: str, places: Places, environment: dict[str, str], *options: str) -> Child:
    """Celery has no port to ask: it leaves a file when it is ready (`dashboard/celery.py`)."""
    sign = _ready_file(places, name)
    return Child(
        name,
        _python("celery", "-A", "dashboard.celery", command, *options),
        sign.exists,
        {**environment, "PATCHBAY_PROCESS": command, "PATCHBAY_READY_FILE": str(sign)},
        directory=ROOT,
    )


def _ready_file(places: Places, name: str) -> Path:
    """Where a process that has no port says that it is ready."""
    sign = places.run / f"{name}.ready"
    sign.unlink(missing_ok=True)
    return sign


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]
