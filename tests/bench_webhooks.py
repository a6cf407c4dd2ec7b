"""`manage.py bench webhooks`: durable answers, a burst, and how soon a change is applied, beside the pages.

A line is `name p50 p95 floor ratio goal ok|short`. For times (ms) `floor` is what is asked for and `ratio` how much
of it the p99 takes, or what the name says; for rates (a second) it is what is asked for divided by what was
reached; for pages it is the p95 beside the p95 of the same page without webhooks. The sender runs on the same
processors. Three webhooks a call: two of about 400 bytes, a report of 2.5 KB.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg

from dashboard.devserver import environment
from dashboard.devserver.paths import ROOT
from dashboard.devserver.postgres import Postgres
from tests import stack
from tests.bench_browser import signed_in
from tests.bench_figures import Figure, report
from tests.bench_sender import Address, Sent, burst, paced

OWNER, PAGE = "owner@bloom.test", "/c/bloom-dental/calls/"
CONNECTIONS = 100
SECRET = """
from tenants.models import Connection, ConnectionSecret
from dashboard.calls.models import Call
call = Call.objects.filter(direction="outbound", finished=True, tenant__slug="bloom-dental").first()
row = ConnectionSecret.objects.get(connection_id=call.connection_id)
print(call.connection.webhook_token, row.webhook_secrets[0], call.pk)
"""
SEED = """
SET session_replication_role = replica;
INSERT INTO calls_call ({columns}) SELECT {copied} FROM calls_call c, generate_series(%s::int, %s::int) n,
  jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(),
    'client_token', NULL, 'answered_at', NULL, 'placed_at', NULL,
    'remote_id', 'call-_bench' || n, 'webhook_call_id', '', 'counterpart', '+3161' || lpad(n::text, 7, '0'),
    'state', 'dialing', 'rank', 0, 'finished', false, 'started_at', NULL, 'ended_at', NULL, 'duration_seconds', NULL,
    'end_reason', '', 'error', '', 'reported_line', '', 'number_remote_id', '', 'field_versions', '{{}}'::jsonb,
    'created_at', now(), 'state_at', now(), 'seen_at', now(), 'end_asked_at', NULL, 'version', 1)) copy
  WHERE c.id = %s
"""
DONE = "SELECT count(*) FILTER (WHERE outcome = 'waiting'), count(*) FROM webhooks_delivery WHERE call_id_sent LIKE %s"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="manage.py bench webhooks")
    parser.add_argument("--burst", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=1_000, help="a second, for the durable answers")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    asked = parser.parse_args(arguments)
    with stack.folder() as folder, stack.up(folder) as patchbay, signed_in(patchbay, OWNER) as browser:
        figures = _measure(Bench(patchbay, browser), asked)
    return report(figures, as_json=asked.json)


class Bench:
    """A Patchbay with calls of its own that are being dialed."""

    def __init__(self, patchbay: stack.Stack, browser: httpx.Client) -> None:
        self.patchbay, self.browser, self.calls = patchbay, browser, 0
        places = patchbay.places
        with httpx.Client(base_url=f"{patchbay.sandbox_url}/_sandbox/", trust_env=False, timeout=30) as admin_api:
            admin_api.post("options", json={"background_traffic": False, "campaigns_dial": False})
            admin_api.post("clock", json={"speed": 0})
        server = Postgres.below(
            places.data, places.name, port=places.ports()["postgres"], password=places.secrets()["postgres"]
        )
        self.database = psycopg.connect(server.address("patchbay"), autocommit=True)
        port = int(patchbay.url.rpartition(":")[2])
        words = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), "shell", "--as-system", "-v", "0", "-c", SECRET],
            env={**environment.local(places, web_port=port), "PATH": os.environ["PATH"]},
            capture_output=True, text=True, check=True,
        ).stdout.split()  # fmt: skip
        self.address, self.copied = Address(patchbay.url, words[-3], words[-2]), words[-1]

    def new_calls(self, count: int) -> list[int]:
        found = self.database.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s"
            " AND is_generated = 'NEVER'",
            ["calls_call"],
        ).fetchall()
        columns = ", ".join(f'"{name}"' for (name,) in found)
        statement = SEED.format(columns=columns, copied=", ".join(f'copy."{name}"' for (name,) in found))
        first, self.calls = self.calls + 1, self.calls + count
        for part in statement.split(";\n"):
            self.database.execute(part, [first, self.calls, self.copied] if "%s" in part else None)
        self.database.execute("RESET session_replication_role")
        return list(range(first, self.calls + 1))

    def progress(self) -> tuple[int, int]:
        """How many webhooks wait to be applied, and how many are stored."""
        waiting, count = self.database.execute(DONE, ["call-\\_bench%"]).fetchone() or (0, 0)
        return waiting, count

    def applied(self) -> float:
        """When all are applied, by the clock of `time.monotonic`."""
        while self.progress()[0]:
            time.sleep(0.02)
        return time.monotonic()


def _measure(bench: Bench, asked: argparse.Namespace) -> list[Figure]:
    warm = bench.new_calls(200)
    asyncio.run(burst(bench.address, _shared(warm, 20)))
    bench.applied()
    figures = []

    calls = bench.new_calls(asked.rate * asked.seconds // 3 + 1)
    alone = _pages(bench.browser, lambda: time.sleep(4))
    bodies = _in_order(calls)[: asked.rate * asked.seconds]
    beside, answers = _with_pages(bench, lambda: asyncio.run(_paced(bench.address, bodies, asked.rate)))
    bench.applied()
    figures.append(_rate("durable answers a second", asked.rate, len(answers.took) / answers.seconds, goal=1.05))
    figures.append(_times("  their p99, against 50 ms", answers.took, 50.0))
    figures.append(_beside("  pages beside, p95", beside, alone))

    calls = bench.new_calls(asked.burst // 3)
    before = bench.progress()[1]
    began = time.monotonic()
    groups = _shared(calls, CONNECTIONS)
    beside, answers = _with_pages(bench, lambda: asyncio.run(burst(bench.address, groups)))
    done = bench.applied() - began
    lost = len(answers.took) - len(answers.refused) - (bench.progress()[1] - before)
    figures.append(_rate(f"burst of {asked.burst:,}, answered a second", 2_000, len(answers.took) / answers.seconds))
    figures.append(_rate(f"burst of {asked.burst:,}, applied a second", 1_000, len(answers.took) / done))
    figures.append(Figure("  answered and not stored, or refused", lost, len(answers.refused), 0, lost, 0))
    wrong = _wrong(bench, calls)
    figures.append(Figure("  calls that are not in their last state", wrong, wrong, 0, wrong, 0))
    figures.append(_beside("  pages beside, p95", beside, alone))

    took = _until_on_the_wire(bench, 40)
    figures.append(_spread("a change, sent until the event, p50", took, 80.0, statistics.median(took)))
    figures.append(_spread("a change, sent until the event, p95", took, 150.0, _p95(took)))
    return figures


async def _paced(address: Address, bodies: Sequence[bytes], rate: float) -> Sent:
    return await paced(address, bodies, rate=rate, connections=CONNECTIONS)


def _wrong(bench: Bench, calls: Sequence[int]) -> int:
    """Calls that are not over with their report, though all three webhooks were sent."""
    row = bench.database.execute(
        "SELECT count(*) FROM calls_call c LEFT JOIN calls_callreport r ON r.call_id = c.id "
        "WHERE c.remote_id = ANY(%s) AND (c.state <> 'ended' OR r.summary IS NULL)",
        [[f"call-_bench{n}" for n in calls]],
    ).fetchone()
    return int(row[0]) if row else 0


def _bodies(call: int) -> list[bytes]:
    at = datetime.now(UTC)
    about = {"phone_number": {"id": None}, "customer": {"number": f"+3161{call:07}"}}
    talk = [
        {"role": ("assistant", "user")[n % 2], "content": f"{n} of call {call}: " + "words " * 18} for n in range(14)
    ]

    def event(kind: str, status: str, seconds: int, **more: Any) -> bytes:
        seen = (at + timedelta(seconds=seconds)).isoformat()
        of_call = {"id": f"call-_bench{call}", "type": "outbound_phone_call", "status": status}
        return json.dumps({"message": {"type": kind, "timestamp": seen, "call": of_call, **about, **more}}).encode()

    return [
        event("status-update", "ringing", 0),
        event("status-update", "in-progress", 1, started_at=at.isoformat()),
        event("end-of-call-report", "ended", 2, end_reason="user_hangup", summary="Short.", messages=talk),
    ]


def _in_order(calls: Sequence[int]) -> list[bytes]:
    """All that ring, all that are answered, all reports."""
    events = [_bodies(call) for call in calls]
    return [event[step] for step in range(3) for event in events]


def _shared(calls: Sequence[int], connections: int) -> list[list[bytes]]:
    """The same over so many connections, those of one call by the same."""
    return [_in_order(calls[nth::connections]) for nth in range(connections)]


def _with_pages(bench: Bench, run: Callable[[], Sent]) -> tuple[list[float], Sent]:
    found: list[Sent] = []
    took = _pages(bench.browser, lambda: found.append(run()))
    return took, found[0]


def _pages(browser: httpx.Client, run: Callable[[], Any]) -> list[float]:
    """Milliseconds of a page, one after the other with a short pause, while something runs."""
    took: list[float] = []
    over = threading.Event()

    def read() -> None:
        while not over.wait(0.05):
            began = time.monotonic()
            browser.get(PAGE).raise_for_status()
            took.append((time.monotonic() - began) * 1000)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        run()
    finally:
        over.set()
        reader.join()
    return took


def _until_on_the_wire(bench: Bench, count: int) -> list[float]:
    """Milliseconds from sending one webhook, on a quiet system, until its change is on an open stream."""
    came: dict[str, float] = {}
    calls = bench.new_calls(count)
    ids = dict(
        bench.database.execute(
            "SELECT remote_id, id::text FROM calls_call WHERE remote_id = ANY(%s)", [[f"call-_bench{n}" for n in calls]]
        ).fetchall()
    )
    ready = threading.Event()

    def listen() -> None:
        with bench.browser.stream("GET", "/events/?c=bloom-dental", timeout=30) as stream:
            for line in stream.iter_lines():
                ready.set()
                if line.startswith("data: {"):
                    came.setdefault(json.loads(line[6:]).get("ref", ""), time.monotonic())
                if len(came.keys() & set(ids.values())) == count:
                    return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    ready.wait(10)
    took = []
    with httpx.Client(trust_env=False) as voicedock:
        for nth, call in enumerate(calls):
            time.sleep(0.15 + 0.013 * (nth % 11))
            request = bench.address.request(_bodies(call)[0])
            head, _, body = request.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
            began = time.monotonic()
            voicedock.post(f"{bench.address.url}/hooks/voicedock/{bench.address.token}/", content=body, headers=headers)
            ref = ids[f"call-_bench{call}"]
            until = began + 5
            while ref not in came and time.monotonic() < until:
                time.sleep(0.001)
            took.append((came.get(ref, until) - began) * 1000)
    return took


def _p95(took: Sequence[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]


def _times(name: str, took: Sequence[float], asked: float) -> Figure:
    return _spread(name, took, asked, statistics.quantiles(took, n=100)[-1])


def _spread(name: str, took: Sequence[float], asked: float, reached: float) -> Figure:
    return Figure(name, statistics.median(took), _p95(took), asked, reached / asked, 1.0)


def _rate(name: str, asked: float, reached: float, goal: float = 1.0) -> Figure:
    return Figure(name, reached, reached, asked, asked / reached, goal)


def _beside(name: str, took: Sequence[float], alone: Sequence[float]) -> Figure:
    return Figure(name, statistics.median(took), _p95(took), _p95(alone), _p95(took) / _p95(alone), 2.5)
