"""What PostgreSQL reads for the pages of calls: as much with many calls as with few, however deep the page."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from dashboard.calls import queries
from dashboard.calls.history import day_counts, search
from dashboard.calls.models import Call, CallPreset
from dashboard.calls.presets import usage
from dashboard.ui import pagination
from tenants.isolation import scope
from tests.fixtures.call_factories import make_call

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 20_000
PERSON = "+31612340000"
COPY = """
    INSERT INTO calls_call ({columns})
    SELECT {copied} FROM calls_call c, generate_series(1, {many}) n, jsonb_populate_record(c, jsonb_build_object(
      'id', gen_random_uuid(), 'client_token', gen_random_uuid(), 'remote_id', 'copy-' || n,
      'counterpart', '+3161235' || lpad((n % 5000)::text, 4, '0'), 'created_at', now() - n * interval '1 minute'
    )) copy WHERE c.id = '{first}'
"""

WORDS = """
    INSERT INTO calls_callsearch (call_id, tenant_id, created_at, digits, words)
    SELECT c.id, c.tenant_id, c.created_at, substr(c.counterpart, 2), array_to_tsvector(ARRAY(
      SELECT '#d' || substr(c.counterpart, i, 3) FROM generate_series(2, length(c.counterpart) - 2) i
      UNION SELECT '#t' || c.tenant_id UNION SELECT '#m' || to_char(c.created_at AT TIME ZONE 'UTC', 'YYYYMM')
      UNION SELECT 'word' || (hashtext(c.id::text || n) % 5000) FROM generate_series(1, 40) n))
    FROM calls_call c ON CONFLICT DO NOTHING
"""


@pytest.fixture
def many(bloom, superuser):
    """Calls of one client, a minute between each two, and a first one to somebody else before them."""
    first = make_call(bloom, state="ended", counterpart=PERSON, ago=60 * (MANY + 5))
    columns = [f.column for f in Call._meta.concrete_fields if not f.generated]
    copied = ", ".join(f"copy.{column}" for column in columns)
    copy = COPY.format(columns=", ".join(columns), copied=copied, many=MANY, first=first.pk)
    seeded = (copy, WORDS, "VACUUM ANALYZE calls_call", "VACUUM ANALYZE calls_callsearch")
    superuser("SET session_replication_role = replica", *seeded)
    return first


def rows_read(found: Any) -> int:
    """How many rows the plan of this query takes up or throws away at most in one of its steps."""
    plan = json.loads(found.explain(format="json", analyze=True))[0]["Plan"]
    return max(_of(node) for node in _nodes(plan))


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in _nodes(child))]


def _of(node: dict[str, Any]) -> int:
    removed = sum(count for name, count in node.items() if name.startswith("Rows Removed"))
    return int((node["Actual Rows"] + removed) * node["Actual Loops"])


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_deep_page_reads_no_more_than_the_first(bloom, many, monkeypatch, side):
    asked = []
    monkeypatch.setattr(pagination, "map", lambda read, found: asked.append(found) or map(read, found), raising=False)
    with scope.for_tenant(bloom.tenant):
        calls = Call.objects.filter(tenant=bloom.tenant)
        deep = calls.order_by("-created_at")[MANY * 9 // 10]
        pagination.page(calls, QueryDict(f"{side}={deep.created_at.isoformat().replace('+', '%2B')}_{deep.pk}"))
        (found,) = asked
        assert rows_read(found) <= 2 * pagination.SIZE


def test_the_last_call_to_a_person_is_found_however_long_ago(bloom, many):
    with scope.for_tenant(bloom.tenant):
        assert queries.last_to(bloom.tenant, PERSON) == many
        found = Call.objects.filter(tenant=bloom.tenant, counterpart=PERSON).order_by("-created_at", "-id")
        assert rows_read(found[:1]) <= 2


def test_a_direction_that_no_call_has_reads_no_other_calls(bloom, many):
    with scope.for_tenant(bloom.tenant):
        found = Call.objects.filter(tenant=bloom.tenant, direction="web").order_by("-created_at", "-id")
        assert rows_read(found[:51]) <= pagination.SIZE
    with scope.for_system("the list of all"):
        assert rows_read(Call.objects.filter(direction="web").order_by("-created_at", "-id")[:51]) <= pagination.SIZE


def pages_read(text: str, numbers: list[str]) -> int:
    """How many pages of tables and indexes a search reads."""
    call = "calls_found(%s, true, %s, false, NULL, NULL, NULL, NULL, 51)"
    asked = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM {call}"
    with connection.cursor() as cursor:
        cursor.execute(asked, [text, numbers])
        plan = cursor.fetchone()[0][0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.mark.parametrize(("text", "numbers"), [("nowhere", []), ("", ["99999999"]), ("", [PERSON[1:]])])
def test_a_search_reads_an_index_and_not_every_call(bloom, many, text, numbers):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size('calls_callsearch') / current_setting('block_size')::int")
        (whole,) = cursor.fetchone()
    for opened in (scope.for_tenant(bloom.tenant), scope.for_system("all of them")):
        with opened:
            pages_read(text, numbers)
            assert pages_read(text, numbers) < whole / 3


def test_a_search_finds_a_call_however_long_ago(bloom, many):
    with scope.for_tenant(bloom.tenant):
        assert search.find(search.Wish(PERSON, True, ["NL"])).ids == [many.pk]


def test_what_was_made_with_a_preset_reads_no_other_calls(bloom, many):
    with scope.for_tenant(bloom.tenant):
        CallPreset.objects.create(
            tenant=bloom.tenant, key="rare", name="Rare", assistant_dedication_id=bloom.assistant.pk
        )
        Call.objects.filter(pk=many.pk).update(preset_name="Rare")
        used = usage.of_client(bloom.tenant)
        assert [(one.count, one.last) for one in used.values()] == [(1, many.created_at)]
        found = Call.objects.filter(tenant=bloom.tenant, preset_name="Rare").order_by("-created_at", "-id")
        assert rows_read(found[:51]) <= 2


def test_the_figures_of_all_clients_read_no_more_calls_than_are_counted(bloom, many, monkeypatch):
    monkeypatch.setattr(day_counts, "MOST", 100)
    with scope.for_system("the list of all"), CaptureQueriesContext(connection) as asked:
        assert day_counts.count(Call.objects.filter(created_at__gte=many.created_at), UTC).is_too_many
    (sql,) = [one["sql"] for one in asked if "calls_call" in one["sql"]]
    with scope.for_system("the list of all"), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        assert max(map(_of, _nodes(cursor.fetchone()[0][0]["Plan"]))) <= 2 * day_counts.MOST
