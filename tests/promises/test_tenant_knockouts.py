"""P2 with a layer gone: what is left still holds, and with all of them gone the walks would tell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from tenants.access import decorators
from tenants.isolation import scope
from tenants.models import Tenant
from tests.fixtures.two_tenants import Person, Town
from tests.promises import url_matrix
from tests.promises.walking import ask, slips

PAGES = [one for one in url_matrix.every() if one.of_client and "GET" in one.row.methods]
SHELVES = [one for one in url_matrix.every() if one.reading_room and one.name.endswith(("_changelist", "_export"))]


def leaks(town: Town, who: Person, pages: list[url_matrix.Door], setup: str) -> list[str]:
    """What this person reads of the other client, asking by that client's own addresses."""
    found = []
    for door in pages:
        theirs = town.houses["two"]
        answer = ask(town, who, "GET", door.address(town.houses[setup], theirs))
        found += [f"{door.name}: {mark}" for mark in slips(answer, theirs, given=door.address(theirs, theirs))]
    return found


@pytest.fixture
def without_a_door(monkeypatch) -> None:
    """Whoever asks comes in with another's client in hand and every permission; only the scope is still their own."""

    def find(request, slug):
        with scope.person(request.user):
            mine = decorators.Membership.objects.select_related("tenant").get(user=request.user)
        with scope.system("steal"):
            row = Tenant.objects.get(slug=slug)
        stolen = Tenant(pk=row.pk, slug=row.slug, name="Stolen", home_connection_id=row.home_connection_id)
        monkeypatch.setattr(decorators.scope, "of", lambda _: real(mine.tenant_id))
        return stolen, decorators.Standing(request.user, membership=mine)

    real = scope.of
    monkeypatch.setattr(decorators, "find", find)


@pytest.fixture
def without_rows(superuser, standing_town: Town) -> Iterator[None]:
    """Row-level security is off: the database shows everybody everything."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relforcerowsecurity")
        tables = [name for (name,) in cursor.fetchall()]
    superuser(*(f'ALTER TABLE "{name}" DISABLE ROW LEVEL SECURITY' for name in tables))
    yield
    superuser(*(f'ALTER TABLE "{name}" ENABLE ROW LEVEL SECURITY' for name in tables))


def test_without_doors_the_database_still_shows_nothing(standing_town: Town, without_a_door):
    assert leaks(standing_town, standing_town.people["owner"], PAGES, "two") == []


@pytest.mark.parametrize("name", ["viewer", "owner", "anonymous", "auditor of one"])
def test_without_rows_the_doors_still_open_to_nobody(standing_town: Town, without_rows, name):
    """And one's own pages hold no other's rows: each query says whose it wants."""
    who = standing_town.people[name]
    assert leaks(standing_town, who, PAGES, "two") == []
    assert leaks(standing_town, who, PAGES, "one") == []


def test_knock_out_without_doors_and_rows_the_walk_tells(standing_town: Town, without_a_door, without_rows):
    found = leaks(standing_town, standing_town.people["owner"], PAGES, "two")
    assert {line.partition(":")[0] for line in found} >= {"calls", "call", "campaigns", "live", "client-home"}


def test_knock_out_without_rows_of_one_table_an_auditor_reads_too_much(standing_town: Town, superuser):
    """The reading room rests on the database alone: the walk sees a single wall missing."""
    auditor = standing_town.people["auditor of one"]
    assert leaks(standing_town, auditor, SHELVES, "two") == []
    superuser("ALTER TABLE calls_call DISABLE ROW LEVEL SECURITY")
    try:
        found = leaks(standing_town, auditor, SHELVES, "two")
    finally:
        superuser("ALTER TABLE calls_call ENABLE ROW LEVEL SECURITY")
    assert {line.partition(":")[0] for line in found} >= {"calls_call_changelist", "calls_call_export"}
