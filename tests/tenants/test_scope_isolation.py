"""Scopes that meet on one connection: from a pool, after an exception, in generators, in tasks; none sees another's."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

import pytest
from asgiref.sync import sync_to_async
from django.db import DatabaseError, ProgrammingError, connection, connections

from dashboard.celery import app
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.isolation.scope_signature import server_process, sign
from tenants.models import Membership, NumberDedication, Tenant

pytestmark = pytest.mark.django_db(transaction=True)
IN_FORCE = "SELECT pg_backend_pid(), current_setting('patchbay.tenants', true), current_setting('patchbay.reach', true)"


class Trouble(Exception):
    """Something unforeseen inside of a scope."""


def seen() -> set[int]:
    """The tenants of every row that this moment shows, in two tables."""
    held = NumberDedication.objects.values_list("tenant_id", flat=True)
    return {*Tenant.objects.values_list("pk", flat=True), *held}


def in_force() -> tuple[int, str]:
    """The server's process behind the connection, and what it still holds of a scope."""
    with connection.cursor() as cursor:
        cursor.execute(IN_FORCE)
        pid, tenants, reach = cursor.fetchone()
    return pid, (tenants or "") + (reach or "")


@pytest.fixture
def pool(settings) -> Iterator[None]:
    """Threads take their connections from a pool that is smaller than they are many, as in the web."""
    known = connections.settings["default"]
    before = {name: known[name] for name in ("CONN_MAX_AGE", "OPTIONS")}
    known.update(CONN_MAX_AGE=0, OPTIONS={**known["OPTIONS"], "pool": {"min_size": 1, "max_size": 2, "timeout": 20}})
    settings.RAISE_UNSCOPED = False  # what the database itself shows
    yield
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: connection.close_pool()).result()
    known.update(before)


def test_statements_of_two_clients_interleave_over_pooled_connections(bloom, harbor, pool):
    together, tenants = Barrier(4), [bloom.tenant.pk, harbor.tenant.pk] * 2

    def live(nth: int) -> set[tuple[int, int]]:
        chance, own, met = random.Random(nth), tenants[nth], set()
        together.wait()
        try:
            for _ in range(40):
                once(own, chance, met)
                connection.close()
        finally:
            connection.close()
        return met

    def once(own: int, chance: random.Random, met: set[tuple[int, int]]) -> None:
        with suppress(Trouble, ProgrammingError), scope.for_tenant(own):
            assert seen() == {own}
            met.add((in_force()[0], own))
            if chance.random() < 0.2:
                raise Trouble
            if chance.random() < 0.2:
                Tenant.objects.create(name="Another", slug="another")  # the policy refuses
            assert seen() == {own}
        assert (seen(), in_force()[1]) == (set(), "")

    with ThreadPoolExecutor(4) as threads:
        met = set().union(*threads.map(live, range(4)))
    of_both = {pid for pid, _ in met if {own for other, own in met if other == pid} == set(tenants)}
    assert of_both, "no connection was ever used for both clients: nothing was shown"


def look_and_raise(tenant: Tenant, trouble: type[BaseException]) -> None:
    with scope.for_tenant(tenant):
        assert seen() == {tenant.pk}
        if trouble is DatabaseError:
            connection.cursor().execute("SELECT 1/0")
        raise trouble


@pytest.mark.parametrize("trouble", [Trouble, KeyboardInterrupt, GeneratorExit, DatabaseError])
def test_an_exception_amid_a_scope_leaves_nothing_behind(bloom, harbor, settings, trouble):
    settings.RAISE_UNSCOPED = False
    with pytest.raises(trouble):
        look_and_raise(bloom.tenant, trouble)
    assert (scope.current(), seen(), in_force()[1]) == ("", set(), "")
    with scope.for_tenant(harbor.tenant):
        assert seen() == {harbor.tenant.pk}


def visible_rows(tenant: Tenant) -> Iterator[set[int]]:
    with scope.for_tenant(tenant):
        while True:
            yield seen()


def test_a_generator_that_rests_inside_a_scope_lets_no_other_scope_begin(bloom, harbor, settings):
    resting = visible_rows(bloom.tenant)
    assert next(resting) == {bloom.tenant.pk}
    with pytest.raises(RuntimeError, match="durable"), scope.for_tenant(harbor.tenant):
        raise AssertionError("two scopes at once")
    assert next(resting) == {bloom.tenant.pk}
    resting.close()
    settings.RAISE_UNSCOPED = False
    assert seen() == set()
    with scope.for_tenant(harbor.tenant):
        assert seen() == {harbor.tenant.pk}


def test_a_generator_resumed_elsewhere_reads_what_the_scope_around_it_shows(bloom, harbor):
    resting = visible_rows(bloom.tenant)
    assert next(resting) == {bloom.tenant.pk}

    def resume() -> set[int]:
        try:
            with scope.for_tenant(harbor.tenant):
                return next(resting)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(resume).result() == {harbor.tenant.pk}
    assert next(resting) == {bloom.tenant.pk}
    resting.close()
    with scope.for_tenant(harbor.tenant):
        assert seen() == {harbor.tenant.pk}


def test_rows_that_were_begun_in_one_scope_are_not_read_on_in_another(bloom, harbor, make_member):
    """A query is asked when it is read: it shows the scope of that moment. A cursor ends with its own."""
    for role in (Role.OWNER, Role.VIEWER, Role.OPERATOR):
        make_member(bloom, role)
    make_member(harbor, Role.OWNER)
    with scope.for_tenant(bloom.tenant):
        lazy = Membership.objects.order_by("pk").values_list("tenant_id", flat=True)
        begun = Membership.objects.order_by("pk").values_list("tenant_id", flat=True).iterator(chunk_size=1)
        assert next(begun) == bloom.tenant.pk
    with scope.for_tenant(harbor.tenant):
        assert set(lazy) == {harbor.tenant.pk}
        with pytest.raises(DatabaseError):
            list(begun)


@app.task(name="tests.tenants.test_scope_isolation.look")
def look(tenant_id: int, goes_wrong: bool = False) -> list[int]:
    with scope.for_tenant(tenant_id):
        found = sorted(seen())
        if goes_wrong:
            raise Trouble
    return found


@app.task(name="tests.tenants.test_scope_isolation.forgets")
def forgets() -> list[int]:
    return sorted(seen())


def test_a_task_sees_nothing_of_the_one_before_it(bloom, harbor, settings):
    """In one process, on one connection, that nobody closes between them."""
    pid = in_force()[0]
    for own, other in ((bloom.tenant.pk, harbor.tenant.pk), (harbor.tenant.pk, bloom.tenant.pk)):
        assert isinstance(look.apply((own, True)).result, Trouble)
        assert look.apply((other,)).get() == [other]
        assert isinstance(forgets.apply().result, scope.Unscoped)
        settings.RAISE_UNSCOPED = False
        assert forgets.apply().get() == []
        settings.RAISE_UNSCOPED = True
    assert in_force()[0] == pid


def test_two_tasks_of_a_loop_keep_to_their_own(bloom, harbor):
    """Their statements take turns in one thread, on one connection."""

    def inside(tenant: Tenant) -> set[int]:
        with scope.for_tenant(tenant):
            return seen()

    async def alternate(tenant: Tenant) -> list[set[int]]:
        found = []
        for _ in range(10):
            found.append(await sync_to_async(inside)(tenant))
            assert scope.current() == ""
            await asyncio.sleep(0)
        return found

    async def both() -> list[list[set[int]]]:
        try:
            return await asyncio.gather(alternate(bloom.tenant), alternate(harbor.tenant))
        finally:
            await sync_to_async(lambda: connection.close())()

    assert asyncio.run(both()) == [[{bloom.tenant.pk}] * 10, [{harbor.tenant.pk}] * 10]


def test_knock_out_a_setting_of_the_session_would_be_seen(bloom, harbor, settings):
    """Were the scope set for the session instead of the transaction, the next on the connection would read on."""
    settings.RAISE_UNSCOPED = False
    with connection.cursor() as cursor:
        tenants = f"{{{bloom.tenant.pk}}}"
        signature = sign(server_process(connection), tenants=tenants)
        cursor.execute(
            "SELECT set_config('patchbay.tenants', %s, false), set_config('patchbay.signature', %s, false)",
            [tenants, signature],
        )
    assert seen() == {bloom.tenant.pk}
    connection.close()
    assert seen() == set()
