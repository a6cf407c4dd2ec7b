"""What PostgreSQL reads for the pages of calls: as much with many calls as with few, however deep the page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import QueryDict

from dashboard.calls import queries
from dashboard.calls.models import Call
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


@pytest.fixture
def many(bloom, superuser):
    """Calls of one client, a minute between each two, and a first one to somebody else before them."""
    first = make_call(bloom, state="ended", counterpart=PERSON, ago=60 * (MANY + 5))
    columns = [f.column for f in Call._meta.concrete_fields if not f.generated]
    copied = ", ".join(f"copy.{column}" for column in columns)
    copy = COPY.format(columns=", ".join(columns), copied=copied, many=MANY, first=first.pk)
    superuser("SET session_replication_role = replica", copy, "ANALYZE calls_call")
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
    monkeypatch.setattr(pagination, "list", lambda found: asked.append(found) or [*found], raising=False)
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
