"""P2 with a layer gone: what is left still holds, and with all of them gone the walks would tell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from django.db import connection

from tenants.access import decorators
from tenants.isolation import scope
from tenants.models import Tenant
from tests.fixtures.two_tenants import Person, TwoTenants
from tests.promises import url_matrix, walking

PAGES = [one for one in url_matrix.every() if one.of_client and "GET" in one.row.methods]
ADMIN_LISTS = [one for one in url_matrix.every() if one.auditor_admin and one.name.endswith(("_changelist", "_export"))]


def leaks(two_tenants: TwoTenants, who: Person, pages: list[url_matrix.Endpoint], tenant: str) -> list[str]:
    """What this person reads of the other client, asking by that client's own addresses."""
    found = []
    for endpoint in pages:
        theirs = two_tenants.tenants["two"]
        answer = walking.ask(two_tenants, who, "GET", endpoint.address(two_tenants.tenants[tenant], theirs))
        found += [
            f"{endpoint.name}: {word}" for word in walking.leaks(answer, theirs, given=endpoint.address(theirs, theirs))
        ]
    return found


@pytest.fixture
def without_decorators(monkeypatch) -> None:
    """Whoever asks comes in with another's client in hand and every permission; only the scope is still their own."""

    def find(request, slug):
        with scope.for_user(request.user):
            mine = decorators.Membership.objects.select_related("tenant").get(user=request.user)
        with scope.for_system("steal"):
            row = Tenant.objects.get(slug=slug)
        stolen = Tenant(pk=row.pk, slug=row.slug, name="Stolen", home_connection_id=row.home_connection_id)
        monkeypatch.setattr(decorators.scope, "for_tenant", lambda _: real(mine.tenant_id))
        return stolen, decorators.Actor(request.user, membership=mine)

    real = scope.for_tenant
    monkeypatch.setattr(decorators, "resolve_tenant", find)
    monkeypatch.setattr(decorators, "_as_visitor", find)
    monkeypatch.setattr(decorators.scope, "for_member", lambda *_: nullcontext())  # the database names no client


@pytest.fixture
def without_rows(superuser, committed_two_tenants: TwoTenants) -> Iterator[None]:
    """Row-level security is off: the database shows everybody everything."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relforcerowsecurity")
        tables = [name for (name,) in cursor.fetchall()]
    superuser(*(f'ALTER TABLE "{name}" DISABLE ROW LEVEL SECURITY' for name in tables))
    yield
    superuser(*(f'ALTER TABLE "{name}" ENABLE ROW LEVEL SECURITY' for name in tables))


@pytest.mark.smoke
def test_without_decorators_the_database_still_shows_nothing(committed_two_tenants: TwoTenants, without_decorators):
    assert leaks(committed_two_tenants, committed_two_tenants.people["owner"], PAGES, "two") == []


@pytest.mark.parametrize("name", ["viewer", "owner", "anonymous", "auditor of one"])
def test_without_row_security_the_decorators_still_refuse(committed_two_tenants: TwoTenants, without_rows, name):
    """And one's own pages hold no other's rows: each query says whose it wants."""
    who = committed_two_tenants.people[name]
    assert leaks(committed_two_tenants, who, PAGES, "two") == []
    assert leaks(committed_two_tenants, who, PAGES, "one") == []


def test_knock_out_without_decorators_and_row_security_the_walk_finds_leaks(
    committed_two_tenants: TwoTenants, without_decorators, without_rows
):
    found = leaks(committed_two_tenants, committed_two_tenants.people["owner"], PAGES, "two")
    assert {line.partition(":")[0] for line in found} >= {"calls", "call", "campaigns", "live", "client-home"}


def test_knock_out_without_rows_of_one_table_an_auditor_reads_too_much(committed_two_tenants: TwoTenants, superuser):
    """The auditors' admin site relies on the database alone: the walk finds one table without a policy."""
    auditor = committed_two_tenants.people["auditor of one"]
    assert leaks(committed_two_tenants, auditor, ADMIN_LISTS, "two") == []
    superuser("ALTER TABLE calls_call DISABLE ROW LEVEL SECURITY")
    try:
        found = leaks(committed_two_tenants, auditor, ADMIN_LISTS, "two")
    finally:
        superuser("ALTER TABLE calls_call ENABLE ROW LEVEL SECURITY")
    assert {line.partition(":")[0] for line in found} >= {"calls_call_changelist", "calls_call_export"}
