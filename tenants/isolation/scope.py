"""Scopes: a short transaction that states whose rows it reads and writes. There is no other way to tenant data.

Scopes are never nested: a scope inside another raises. Outside of any scope the database shows no tenant rows at all.
"""

from __future__ import annotations

import contextvars
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import psycopg
import structlog
from django.apps import apps
from django.conf import settings
from django.db import ProgrammingError, connections, transaction
from django.db.backends.signals import connection_created
from django.dispatch import receiver

from tenants.isolation.row_security import Policy
from tenants.isolation.scope_signature import server_process, sign

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from tenants.models import Auditor, StaffMember, Tenant, User

log = structlog.get_logger()

DEFAULT, AUDITORS = "default", "auditor"  # connections of settings.DATABASES: the app's log-in, the auditors' own
SET = (
    "SELECT set_config('patchbay.tenants', %s, true), set_config('patchbay.reach', %s, true), "
    "set_config('patchbay.person', %s, true), set_config('patchbay.signature', %s, true)"
)
SET_SESSION = (
    "SELECT set_config('patchbay.tenants', %s, false), set_config('patchbay.reach', %s, false), "
    "set_config('patchbay.person', '', false), set_config('patchbay.signature', %s, false)"
)
READ_ONLY = ", set_config('transaction_read_only', 'on', true)"
_open_scope: contextvars.ContextVar[str] = contextvars.ContextVar("scope", default="")
NOTHING = {"reach": "", "tenants": ""}
_session: dict[str, str] | None = None  # what the shell of this process was opened for
_alias: contextvars.ContextVar[str] = contextvars.ContextVar("connection of the scope", default=DEFAULT)


class Unscoped(Exception):
    """A query of tenant rows outside of a scope: it would have silently found nothing."""


class NoAuditorLogin(Exception):
    """Auditors cannot be served by this process."""


def current() -> str:
    """A word for the scope that is open, or ""."""
    return _open_scope.get()


def alias() -> str:
    """The connection that the open scope uses, for the database router."""
    return _alias.get()


@contextmanager
def for_tenant(tenant: Tenant | int) -> Iterator[None]:
    """Rows of one tenant."""
    pk = tenant if isinstance(tenant, int) else tenant.pk
    with _scope(f"tenant {pk}", tenants=[pk]):
        yield


@contextmanager
def for_user(user: User) -> Iterator[None]:
    """A person's own memberships and the clients they lead to, before a tenant is known."""
    with _scope(f"person {user.pk}", person=user.pk):
        yield


@contextmanager
def for_staff(staff: StaffMember) -> Iterator[None]:
    """Rows of every client, for the reseller's staff; of the granted ones, for who does not know them all."""
    with _scope(f"staff {staff.pk}", tenants=_granted(staff), reach=staff.sees_all, person=staff.pk):
        yield


@contextmanager
def for_auditor(auditor: Auditor) -> Iterator[None]:
    """Rows an auditor is granted, through a log-in of its own that cannot write, in a transaction that cannot write.

    Raises `NoAuditorLogin` where this process has none.
    """
    if AUDITORS not in settings.DATABASES:
        raise NoAuditorLogin("DATABASE_AUDITOR_URL is not set: this process has no log-in for auditors.")
    with _scope(
        f"auditor {auditor.pk}",
        tenants=_granted(auditor),
        reach=auditor.sees_all,
        person=auditor.pk,
        using=AUDITORS,
        read_only=True,
    ):
        yield


def _granted(who: StaffMember | Auditor) -> list[int]:
    """The clients that somebody is let into, who does not see them all; in a scope of its own."""
    if who.sees_all:
        return []
    with _scope(f"grants of {who.pk}", person=who.pk):
        return list(who.grants.values_list("tenant_id", flat=True))


@contextmanager
def for_system(reason: str) -> Iterator[None]:
    """Every row, for what no person does: sync, webhooks, sweeps. The reason is for the log."""
    with _scope(f"system: {reason}", reach=True):
        yield


def is_known_to_the_database() -> bool:
    """Whether the database has the key that this process signs scopes with; `migrate` gives it."""
    try:
        with for_system("is the key known"), connections[DEFAULT].cursor() as cursor:
            cursor.execute("SELECT public.scope_holds()")
            return True
    except ProgrammingError:
        return False


async def all_tenants(connection: psycopg.AsyncConnection[Any]) -> None:
    """Every row, for as long as this connection of its own lives: the reader of the changes feed."""
    row = await (await connection.execute("SELECT pg_backend_pid()")).fetchone()
    assert row is not None
    await connection.execute(
        "SELECT set_config('patchbay.reach', 'all', false), set_config('patchbay.signature', %s, false)",
        [sign(row[0], reach="all")],
    )


@contextmanager
def session(tenant: Tenant | None) -> Iterator[None]:
    """Rows of one tenant, or of all with None, for a whole session of this process: `manage.py shell` alone.

    Statements outside of a transaction see them too, and so does a connection that is made anew meanwhile.
    """
    global _session
    _session = {"reach": "", "tenants": f"{{{tenant.pk}}}"} if tenant else {"reach": "all", "tenants": ""}
    try:
        _set_session(connections[DEFAULT], **_session)
        yield
    finally:
        _session = None
        _set_session(connections[DEFAULT], **NOTHING)


def _set_session(connection: BaseDatabaseWrapper, *, reach: str, tenants: str) -> None:
    with connection.cursor() as cursor:
        signature = sign(server_process(connection), reach=reach, tenants=tenants)
        cursor.execute(SET_SESSION, [tenants, reach, signature])


@contextmanager
def _scope(
    word: str,
    *,
    tenants: list[int] | tuple[int, ...] = (),
    reach: bool = False,
    person: int | None = None,
    using: str = DEFAULT,
    read_only: bool = False,
) -> Iterator[None]:
    if _open_scope.get():
        raise RuntimeError(f"A scope is durable and holds no other one: {_open_scope.get()} is open.")
    with transaction.atomic(using, durable=True):
        ids = "{" + ",".join(map(str, tenants)) + "}" if tenants else ""
        _set(using, ids, "all" if reach else "", str(person or ""), read_only=read_only)
        tokens = _open_scope.set(word), _alias.set(using)
        try:
            yield
        finally:
            _open_scope.reset(tokens[0])
            _alias.reset(tokens[1])
        if len(connections[using].atomic_blocks) > 1:  # inside a test's transaction: SET LOCAL outlives a savepoint
            outside = _session or NOTHING
            _set(using, outside["tenants"], outside["reach"], "")


def _set(using: str, tenants: str, reach: str, person: str, *, read_only: bool = False) -> None:
    connection = connections[using]
    with connection.cursor() as cursor:
        signature = sign(server_process(connection), reach=reach, tenants=tenants, person=person)
        cursor.execute(SET + READ_ONLY * read_only, [tenants, reach, person, signature])


@cache
def _protected() -> re.Pattern[str]:
    tables = [
        model._meta.db_table
        for model in apps.get_models()
        if any(isinstance(wall, Policy) for wall in model._meta.constraints)
    ]
    return re.compile(r'"(' + "|".join(map(re.escape, tables)) + r')"')


unscoped_queries = 0


def _guard(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Zero rows are silent, so a forgotten scope is told: raised in tests, counted and logged in production."""
    global unscoped_queries
    scoped = _open_scope.get() or _session
    watched = not scoped and not context["connection"].settings_dict.get("OWNER_AT_WORK")
    if watched and isinstance(sql, str) and (found := _protected().search(sql)):
        unscoped_queries += 1
        if settings.RAISE_UNSCOPED:
            raise Unscoped(f"{found[1]} was queried outside of a scope: {sql[:200]}")
        log.error("unscoped_query", table=found[1])
    return execute(sql, params, many, context)


@receiver(connection_created)
def _watch(connection: Any, **_: Any) -> None:
    if _guard not in connection.execute_wrappers:
        connection.execute_wrappers.append(_guard)
    if _session and connection.alias == DEFAULT:
        _set_session(connection, **_session)
