"""`manage.py bench pages --calls N`: pages of calls with N calls, beside the same pages of the demo.

The calls are copies of the demo's by SQL, spread over a year: a tenth of them of one client, the others over all of
them; half of them have a report. A `floor` is the same page with the demo's calls, or the first page of the list for
pages deep in it and for searches; its figure is taken turn by turn with the other, so that what else the machine does
counts for both.
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections.abc import Sequence
from urllib.parse import urlencode

import httpx
import psycopg

from dashboard.devserver.postgres import Postgres
from tests import stack
from tests.bench_browser import signed_in
from tests.bench_figures import Figure, report

OWNER, ADMIN = "owner@bloom.test", "admin@patchbay.test"
LIST, STAFF_LIST = "/c/bloom-dental/calls/", "/calls/"
TURNS = 20
SCRIPT = """
SET session_replication_role = replica;
INSERT INTO tenants_tenant ({tenant_columns})
  SELECT {tenant_copied} FROM (SELECT * FROM tenants_tenant WHERE slug = 'bloom-dental') t
    CROSS JOIN generate_series(1, %(clients)s) n,
    jsonb_populate_record(NULL::tenants_tenant, to_jsonb(t) || jsonb_build_object('id', 1000 + n, 'slug', 'bench-' || n,
      'name', 'Bench client ' || n, 'default_number_id', NULL, 'default_assistant_id', NULL)) copy;
CREATE TEMP TABLE copied AS
  SELECT c.id AS was, gen_random_uuid() AS id, t.id AS tenant, n,
    now() - interval '1 hour' - (n * 365.0 / %(calls)s) * interval '1 day' AS at
  FROM generate_series(1, %(calls)s) n
  JOIN (SELECT id, slug, row_number() OVER () - 1 AS nth FROM tenants_tenant) t
    ON CASE WHEN n %% 10 = 0 THEN t.slug = 'bloom-dental' ELSE t.nth = n %% (SELECT count(*) FROM tenants_tenant) END
  JOIN (SELECT id, row_number() OVER () - 1 AS nth FROM calls_call WHERE finished) c
    ON c.nth = n %% (SELECT count(*) FROM calls_call WHERE finished);
INSERT INTO calls_call ({columns})
  SELECT {copied} FROM copied k JOIN calls_call c ON c.id = k.was,
    jsonb_populate_record(c, jsonb_build_object('id', k.id, 'tenant_id', k.tenant, 'client_token', gen_random_uuid(),
      'remote_id', 'copy-' || k.n, 'counterpart', '+3161' || lpad((k.n * 7919 %% 10000000)::text, 7, '0'),
      'created_at', k.at, 'state_at', k.at, 'started_at', k.at, 'ended_at', k.at, 'seen_at', k.at,
      'number_dedication_id', NULL, 'assistant_dedication_id', NULL, 'origin', 'adopted', 'requested_by_id', NULL,
      'alarm', '', 'alarm_at', NULL)) copy;
INSERT INTO calls_callreport ({report_columns})
  SELECT {report_copied} FROM copied k JOIN calls_callreport r ON r.call_id = k.was,
    jsonb_populate_record(r, jsonb_build_object('call_id', k.id, 'tenant_id', k.tenant)) copy WHERE k.n %% 2 = 0;
CREATE TEMP TABLE said AS
  SELECT call_id, ts_delete(words, ARRAY(SELECT w FROM unnest(tsvector_to_array(words)) w WHERE w LIKE '#%%')) AS words
  FROM calls_callsearch;
INSERT INTO calls_callsearch (call_id, tenant_id, created_at, digits, words)
  SELECT k.id, k.tenant, k.at, d.digits, CASE WHEN k.n %% 2 = 0 THEN s.words ELSE '' END || array_to_tsvector(ARRAY(
    SELECT '#d' || substr(d.digits, i, 3) FROM generate_series(1, length(d.digits) - 2) i
    UNION SELECT '#t' || k.tenant UNION SELECT '#m' || to_char(k.at AT TIME ZONE 'UTC', 'YYYYMM')))
  FROM copied k JOIN said s ON s.call_id = k.was,
    LATERAL (SELECT '3161' || lpad((k.n * 7919 %% 10000000)::text, 7, '0') AS digits) d;
VACUUM ANALYZE;
"""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="manage.py bench pages")
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    asked = parser.parse_args(arguments)
    with (
        stack.folder() as folder,
        stack.up(folder) as patchbay,
        signed_in(patchbay, OWNER) as owner,
        signed_in(patchbay, ADMIN) as admin,
    ):
        call = re.search(rf"{LIST}[0-9a-f-]{{36}}/", owner.get(f"{LIST}?state=over").text)
        pages = [
            ("owner:calls", owner, LIST),
            ("owner:overview", owner, "/c/bloom-dental/"),
            ("owner:call", owner, call[0] if call else LIST),
            ("staff:calls", admin, STAFF_LIST),
            ("staff:overview", admin, "/"),
            ("staff:live", admin, "/live/"),
        ]
        few = {name: _times([(browser, path)])[0] for name, browser, path in pages}
        began = time.monotonic()
        seed(patchbay, asked.calls, asked.clients)
        print(f"# {asked.calls:,} calls were written in {time.monotonic() - began:.0f} s", flush=True)
        figures = [_figure(name, _times([(browser, path)])[0], few[name], 1.3) for name, browser, path in pages]
        for reader, browser, first in (("owner", owner, LIST), ("staff", admin, STAFF_LIST)):
            figures += _deep_and_searched(reader, browser, first)
    return report(figures, as_json=asked.json)


def seed(patchbay: stack.Stack, calls: int, clients: int) -> None:
    """Copies of the demo's calls, and clients beside the demo's, past the triggers."""
    places = patchbay.places
    password, port = places.secrets()["postgres"], places.ports()["postgres"]
    server = Postgres.below(places.data, places.name, port=port, password=password)
    with psycopg.connect(server.address("patchbay"), autocommit=True) as database:
        names = {}
        for table, short in (("calls_call", ""), ("calls_callreport", "report_"), ("tenants_tenant", "tenant_")):
            found = database.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s"
                " AND is_generated = 'NEVER' AND (identity_generation IS NULL OR table_name = 'tenants_tenant')",
                [table],
            ).fetchall()
            names[f"{short}columns"] = ", ".join(f'"{name}"' for (name,) in found)
            names[f"{short}copied"] = ", ".join(f'copy."{name}"' for (name,) in found)
        for statement in (SCRIPT % {"calls": calls, "clients": clients}).format(**names).split(";\n"):
            if statement.strip():
                database.execute(statement)


def _deep_and_searched(reader: str, browser: httpx.Client, first: str) -> list[Figure]:
    """Pages deep in the list and searches, each turn by turn with the first page."""
    deep = f"{first}?{urlencode({'before': f'{_long_ago()}_ffffffff-ffff-4fff-bfff-ffffffffffff'})}"
    asked = [
        ("calls-90%-deep", deep, 1.2),
        ("search-number", f"{first}?q=%2B31612345678", 3.0),
        ("search-word-nowhere", f"{first}?q=nowherewordatall", 3.0),
        ("search-word-common", f"{first}?q=appointment", 3.0),
        ("calls-direction-nobody", f"{first}?direction=web", 1.3),
    ]
    found = []
    for name, path, goal in asked:
        floor, took = _times([(browser, first), (browser, path)])
        found.append(_figure(f"{reader}:{name}", took, floor, goal))
    return found


def _long_ago() -> str:
    moment = time.gmtime(time.time() - 328 * 86400)
    return time.strftime("%Y-%m-%dT%H:%M:%S.000000+00:00", moment)


def _times(asked: Sequence[tuple[httpx.Client, str]]) -> list[list[float]]:
    """Milliseconds of each of these pages, turn by turn; the first turn is not counted. An error ends the run."""
    found: list[list[float]] = [[] for _ in asked]
    for turn in range(TURNS + 1):
        for times, (browser, path) in zip(found, asked, strict=True):
            began = time.monotonic()
            answer = browser.get(path)
            took = (time.monotonic() - began) * 1000
            if answer.status_code != 200:
                raise SystemExit(f"{path} answered {answer.status_code} after {took:.0f} ms")
            if turn:
                times.append(took)
            if took > 5000:
                break
    return found


def _figure(name: str, took: Sequence[float], floor: Sequence[float], goal: float) -> Figure:
    least = statistics.median(floor)
    middle = statistics.median(took)
    p95 = statistics.quantiles(took, n=20)[-1] if len(took) > 1 else middle
    return Figure(name, middle, p95, least, middle / least, goal)
