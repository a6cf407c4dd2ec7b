"""How many statements the lists of calls take, those that begin and end a transaction included."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboard.overview import context_processors
from tenants.access.permissions import Role
from tests.fixtures.call_factories import make_call, make_report

pytestmark = pytest.mark.django_db(transaction=True)
CALLS = re.compile(r'FROM "calls_call"')


@pytest.fixture(autouse=True)
def counts_are_kept(monkeypatch: Any) -> None:
    """What the sidebar says is asked for once in ten seconds."""
    monkeypatch.setattr(context_processors, "KEPT", 10)


def asked(browser: Client, path: str) -> list[str]:
    """The statements of this page, the second time that it is shown."""
    assert browser.get(path).status_code == 200
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(path).status_code == 200
    return [query["sql"] for query in captured.captured_queries]


def fill(setup: Any, live: int = 0) -> None:
    for nth in range(30):
        call = make_call(setup, state="ended", ago=60 + nth)
        make_report(setup, call, summary=f"They spoke of {nth}.")
    for nth in range(live):
        make_call(setup, counterpart=f"+3161234000{nth}", state="in-progress", ago=5)


def test_a_clients_list(bloom, make_member, sign_in):
    """Session, person, BEGIN, entering the client, the membership, the facts, the rows, COMMIT."""
    fill(bloom)
    statements = asked(sign_in(make_member(bloom, Role.MANAGER)), "/c/bloom-dental/calls/")
    assert len(statements) <= 8, "\n".join(statements)
    assert sum("enter_client" in sql for sql in statements) == 1


def test_calling_again_costs_one_more_however_many_were_not_reached(bloom, make_member, sign_in):
    """The contact rules, of all numbers together."""
    fill(bloom)
    for nth in range(20):
        make_call(bloom, counterpart=f"+316123400{nth:02}", state="failed", started_at=None, ago=30 + nth)
    statements = asked(sign_in(make_member(bloom, Role.MANAGER)), "/c/bloom-dental/calls/")
    assert len(statements) <= 9, "\n".join(statements)


def test_live_calls_cost_two_more(bloom, make_member, sign_in):
    """The group of live calls, and their last commands."""
    fill(bloom, live=3)
    statements = asked(sign_in(make_member(bloom, Role.MANAGER)), "/c/bloom-dental/calls/")
    assert len(statements) <= 10, "\n".join(statements)


def test_the_list_of_staff(bloom, harbor, admin, sign_in):
    """Session, person, their place in the staff, BEGIN, the scope, the facts, the rows, what was recorded, COMMIT."""
    fill(bloom), fill(harbor)
    statements = asked(sign_in(admin), "/calls/")
    assert len(statements) <= 9, "\n".join(statements)


@pytest.mark.parametrize("query", ["line=%2B31205550142", "state=missed", "outcome=voicemail"])
def test_a_filter_costs_its_choices_and_a_count_at_most(bloom, make_member, sign_in, query):
    fill(bloom)
    statements = asked(sign_in(make_member(bloom, Role.MANAGER)), f"/c/bloom-dental/calls/?{query}")
    assert len(statements) <= 10, "\n".join(statements)
