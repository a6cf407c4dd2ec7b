"""`manage.py bench streams`: many open event streams in one web process.

A line is `name p50 p95 floor ratio goal ok|short`. What holds them runs on the same processors. Two streams a session,
all of one client: a change goes to every one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from dashboard.devserver import environment
from dashboard.devserver.paths import ROOT
from dashboard.devserver.postgres import Postgres
from tests import stack
from tests.bench_figures import Figure, report

AT_ONCE = 50  # that are being opened
SESSIONS = """
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from tenants.models import User
user = User.objects.get(email="owner@bloom.test")
for _ in range(%s):
    store = SessionStore()
    store[SESSION_KEY], store[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store.create()
    print(f"session {settings.SESSION_COOKIE_NAME}={store.session_key}")
"""
CHANGE = (
    "INSERT INTO live_updates_change (tenant_id, kind, ref, version, at, xid) "
    "SELECT id, 'call', 'bench-' || %s, 1, now(), pg_current_xact_id() FROM tenants_tenant WHERE slug = 'bloom-dental'"
)


@dataclass
class Held:
    """The streams that are open: when each heard of which change, and when it was ended."""

    heard: dict[str, list[float]] = field(default_factory=dict)
    ended: list[float] = field(default_factory=list)
    opened: int = 0


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="manage.py bench streams")
    parser.add_argument("--streams", type=int, default=10_000)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    asked = parser.parse_args(arguments)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 4 * asked.streams + 1000), most))
    with stack.folder() as folder, stack.up(folder) as patchbay:
        figures = asyncio.run(_measure(patchbay, asked.streams))
    return report(figures, as_json=asked.json)


async def _measure(patchbay: stack.Stack, count: int) -> list[Figure]:
    places = patchbay.places
    port = int(patchbay.url.rpartition(":")[2])
    cookies = _sessions(patchbay, port, count // 2)
    server = Postgres.below(
        places.data, places.name, port=places.ports()["postgres"], password=places.secrets()["postgres"]
    )
    database = psycopg.connect(server.address("patchbay"), autocommit=True)
    notes = [places.run / "web.pid", *places.run.glob("web-*.pid")]
    web = [int(re.search(r'"pid": (\d+)', note.read_text())[1]) for note in notes]
    figures, held = [], Held()

    empty, began = sum(map(_memory, web)), time.monotonic()
    gate = asyncio.Semaphore(AT_ONCE)
    tasks = [asyncio.create_task(_hold(port, cookies[nth // 2], held, gate)) for nth in range(count)]
    while held.opened < count:
        await asyncio.sleep(0.1)
        for task in tasks:
            if task.done():
                task.result()
    took = time.monotonic() - began
    figures.append(Figure("streams opened a second", count / took, count / took, 500, 500 * took / count, 1.0))
    each = (sum(map(_memory, web)) - empty) / count / 1024
    figures.append(Figure("memory of each, KB", each, each, 11, each / 11, 1.0))

    await asyncio.sleep(15)  # every session is compared for the first time
    before, began = sum(map(_processor, web)), time.monotonic()
    await asyncio.sleep(20)
    share = 100 * (sum(map(_processor, web)) - before) / (time.monotonic() - began)
    figures.append(Figure("percent of a core, idle", share, share, 6, share / 6, 1.0))

    took_all: list[float] = []
    for nth in range(5):
        began = time.monotonic()
        database.execute(CHANGE, [nth])
        while len(held.heard.get(f"bench-{nth}", ())) < count and time.monotonic() < began + 30:
            await asyncio.sleep(0.05)
        times = [1000 * (at - began) for at in held.heard.get(f"bench-{nth}", ())]
        took_all += times + [30_000.0] * (count - len(times))
        await asyncio.sleep(2)
    figures.append(_times("one change to all", took_all, 1000))
    missed = sum(one >= 30_000 for one in took_all)
    figures.append(Figure("  not delivered", missed, missed, 0, missed, 0.0))

    gone = [cookie.partition("=")[2] for cookie in cookies[:100]]
    began = time.monotonic()
    database.execute("DELETE FROM django_session WHERE session_key = ANY(%s)", [gone])
    while len(held.ended) < 2 * len(gone) and time.monotonic() < began + 30:
        await asyncio.sleep(0.1)
    cut = [1000 * (at - began) for at in held.ended] + [30_000.0] * (2 * len(gone) - len(held.ended))
    figures.append(_times("streams of ended sessions, cut", cut, 10_000))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return figures


async def _hold(port: int, cookie: str, held: Held, gate: asyncio.Semaphore) -> None:
    async with gate:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /events/ HTTP/1.1\r\nhost: localhost:{port}\r\ncookie: {cookie}\r\n\r\n".encode())
        status = (await reader.readline()).split()[1]
        if status != b"200":
            raise RuntimeError(f"A stream was answered with {status.decode()}.")
        while not (await reader.readline()).startswith(b"retry:"):
            pass
    held.opened += 1
    try:
        while line := await reader.readline():
            if found := re.search(rb'"ref": "(bench-\d+)"', line):
                held.heard.setdefault(found[1].decode(), []).append(time.monotonic())
            elif line.startswith(b"event: bye"):
                break
        held.ended.append(time.monotonic())
    finally:
        writer.close()


def _sessions(patchbay: stack.Stack, port: int, count: int) -> list[str]:
    words = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "shell", "--as-system", "-v", "0", "-c", SESSIONS % count],
        env={**environment.local(patchbay.places, web_port=port), "PATH": os.environ["PATH"]},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return re.findall(r"^session (\S+)$", words, re.M)


def _memory(pid: int) -> int:
    """Bytes that the process has to itself, with what it shares by its share (Linux)."""
    return int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1]) * 1024


def _processor(pid: int) -> float:
    """Seconds of processor time that it has taken (Linux)."""
    facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(facts[11]) + int(facts[12])) / os.sysconf("SC_CLK_TCK")


def _times(name: str, took: Sequence[float], asked: float) -> Figure:
    reached = statistics.quantiles(took, n=100)[-1]
    return Figure(name, statistics.median(took), statistics.quantiles(took, n=20)[-1], asked, reached / asked, 1.0)
