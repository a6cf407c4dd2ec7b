"""Scopes: a short transaction that states whose rows it reads and writes. Requests and tasks reach
tenant data through a scope; the changes feed and `manage.py shell` hold one for their whole connection.

Scopes are never nested: a scope inside another raises. Outside of any scope the database shows no tenant rows at all.
A function that works in its caller's scope is marked with `requires_scope`, one that opens its own with `opens_scope`.
"""

from __future__ import annotations

import contextvars
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

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
P = ParamSpec("P")
R = TypeVar("R")

DEFAULT, AUDITORS = "default", "auditor"  # aliases in settings.DATABASES: the app's role and the auditors' role
SET = (
    "SELECT set_config('patchbay.tenants', %s, true), set_config('patchbay.reach', %s, true), "
    "set_config('patchbay.person', %s, true), set_config('patchbay.signature', %s, true)"
)
SET_SESSION = (
    "SELECT set_config('patchbay.tenants', %s, false), set_config('patchbay.reach', %s, false), "
    "set_config('patchbay.person', '', false), set_config('patchbay.signature', %s, false)"
)
NEARBY = 8  # clients in the menu of whoever has more, as in `enter_client`
ENTER = "SELECT client, clients, nearby::text FROM public.enter_client(%s, %s, %s)"
READ_ONLY = ", set_config('transaction_read_only', 'on', true)"
_open_scope: contextvars.ContextVar[str] = contextvars.ContextVar("scope", default="")
NOTHING = {"reach": "", "tenants": ""}
_session: dict[str, str] | None = None  # the settings of `session`, while a shell of this process has one open
_alias: contextvars.ContextVar[str] = contextvars.ContextVar("connection of the scope", default=DEFAULT)


@dataclass(frozen=True)
class Entered:
    """A client that a member entered.

    `clients` is how many the person is a member of; `nearby` are slug and name of eight of them at most, by name and
    this one included, for those who have several.
    """

    tenant_id: int
    clients: int
    nearby: tuple[tuple[str, str], ...] = ()


class Unscoped(Exception):
    """A query of tenant rows outside of a scope: it would have silently found nothing."""


class ScopeRequired(RuntimeError):
    """A function marked with `requires_scope` was called outside of a scope."""


class ScopeOpen(RuntimeError):
    """A scope was opened, or a function that opens scopes was called, while another scope is open."""


class NoAuditorLogin(Exception):
    """This process has no database role for auditors."""


def requires_scope(function: Callable[P, R]) -> Callable[P, R]:
    """Decorator: the function works in its caller's scope and raises `ScopeRequired` outside of one.

    Which rows that scope has to cover is said by the function's arguments or its docstring.
    """

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        if not (_open_scope.get() or _session):
            raise ScopeRequired(f"{_name(function)} needs an open scope, such as `with scope.for_tenant(tenant):`.")
        return function(*args, **kwargs)

    return checked


def opens_scope(function: Callable[P, R]) -> Callable[P, R]:
    """Decorator: the function opens scopes itself and raises `ScopeOpen` inside of one, before it does anything."""

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        if label := _open_scope.get():
            raise ScopeOpen(f"{_name(function)} opens scopes of its own; it was called while {label!r} is open.")
        return function(*args, **kwargs)

    return checked


def _name(function: Callable[..., object]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def current() -> str:
    """The label of the open scope, or ""."""
    return _open_scope.get()


def forget() -> None:
    """Of a scope that was interrupted: its transaction has to be gone already."""
    _open_scope.set("")
    _alias.set(DEFAULT)


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
def for_member(user: User, slug: str) -> Iterator[Entered | None]:
    """Rows of the client with this slug, if the user is a member of it and it is not closed; one transaction for both.

    Yields None otherwise: then no scope is open, and the block has to be left before another one is opened.
    """
    with _transaction(DEFAULT):
        entered = _enter(user.pk, slug)
        if entered is None:
            yield None
            return
        with _labelled(f"tenant {entered.tenant_id}", DEFAULT):
            yield entered


@contextmanager
def for_user(user: User) -> Iterator[None]:
    """A user's own memberships and the clients of those, before a tenant is known."""
    with _scope(f"person {user.pk}", person=user.pk):
        yield


@contextmanager
def for_staff(staff: StaffMember) -> Iterator[None]:
    """Rows of every client for the reseller's staff; of the granted clients for staff who may not see all."""
    with _scope(f"staff {staff.pk}", tenants=_granted(staff), reach=staff.sees_all, person=staff.pk):
        yield


@contextmanager
def for_auditor(auditor: Auditor) -> Iterator[None]:
    """Rows that the auditor is granted, as a database role without write privileges, in a read-only transaction.

    Raises `NoAuditorLogin` where this process has no such role.
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


@contextmanager
def for_system(reason: str) -> Iterator[None]:
    """Every row, for work that no person starts: sync, webhooks, sweeps. The reason is for the log."""
    with _scope(f"system: {reason}", reach=True):
        yield


def _granted(grantee: StaffMember | Auditor) -> list[int]:
    """Ids of the granted clients, read in a scope of its own; empty for whoever sees all."""
    if grantee.sees_all:
        return []
    with _scope(f"grants of {grantee.pk}", person=grantee.pk):
        return list(grantee.grants.values_list("tenant_id", flat=True))


def signing_key_is_installed() -> bool:
    """Whether the database has the key that this process signs scopes with; `migrate` installs it."""
    try:
        with for_system("check the signing key"), connections[DEFAULT].cursor() as cursor:
            cursor.execute("SELECT public.scope_holds()")
            return True
    except ProgrammingError:
        return False


async def all_tenants(connection: psycopg.AsyncConnection[Any]) -> None:
    """Every row, on this connection for as long as it lives: for the reader of live updates."""
    row = await (await connection.execute("SELECT pg_backend_pid()")).fetchone()
    assert row is not None
    await connection.execute(
        "SELECT set_config('patchbay.reach', 'all', false), set_config('patchbay.signature', %s, false)",
        [sign(row[0], reach="all")],
    )


@contextmanager
def session(tenant: Tenant | None) -> Iterator[None]:
    """Rows of one tenant, or of all with None, for the rest of this process: only for `manage.py shell`.

    It also covers statements outside of a transaction, and connections that are opened later.
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
    label: str,
    *,
    tenants: list[int] | tuple[int, ...] = (),
    reach: bool = False,
    person: int | None = None,
    using: str = DEFAULT,
    read_only: bool = False,
) -> Iterator[None]:
    with _transaction(using):
        ids = "{" + ",".join(map(str, tenants)) + "}" if tenants else ""
        _set(using, ids, "all" if reach else "", str(person or ""), read_only=read_only)
        with _labelled(label, using):
            yield


@contextmanager
def _transaction(using: str) -> Iterator[None]:
    if _open_scope.get():
        raise ScopeOpen(f"A scope is durable and cannot be nested: {_open_scope.get()!r} is open.")
    with transaction.atomic(using, durable=True):
        yield
        if len(connections[using].atomic_blocks) > 1:  # in a test's transaction, where SET LOCAL outlives the savepoint
            restored = _session or NOTHING
            _set(using, restored["tenants"], restored["reach"], "")


@contextmanager
def _labelled(label: str, using: str) -> Iterator[None]:
    tokens = _open_scope.set(label), _alias.set(using)
    try:
        yield
    finally:
        _open_scope.reset(tokens[0])
        _alias.reset(tokens[1])


def _enter(person: int, slug: str) -> Entered | None:
    connection = connections[DEFAULT]
    with connection.cursor() as cursor:
        cursor.execute(ENTER, [person, slug, sign(server_process(connection), person=str(person))])
        row = cursor.fetchone()
    return Entered(row[0], row[1], tuple(map(tuple, json.loads(row[2] or "[]")))) if row else None


def _set(using: str, tenants: str, reach: str, person: str, *, read_only: bool = False) -> None:
    connection = connections[using]
    with connection.cursor() as cursor:
        signature = sign(server_process(connection), reach=reach, tenants=tenants, person=person)
        cursor.execute(SET + READ_ONLY * read_only, [tenants, reach, person, signature])


@cache
def _tenant_tables() -> re.Pattern[str]:
    tables = [
        model._meta.db_table
        for model in apps.get_models()
        if any(isinstance(constraint, Policy) for constraint in model._meta.constraints)
    ]
    return re.compile(r'"(' + "|".join(map(re.escape, tables)) + r')"')


unscoped_queries = 0


def _check_query(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """A query outside of a scope finds no rows without an error: raised in tests, counted and logged in production."""
    global unscoped_queries
    scoped = _open_scope.get() or _session
    checked = not scoped and not context["connection"].settings_dict.get("IS_OWNER")
    if checked and isinstance(sql, str) and (match := _tenant_tables().search(sql)):
        unscoped_queries += 1
        if settings.RAISE_UNSCOPED:
            raise Unscoped(f"{match[1]} was queried outside of a scope: {sql[:200]}")
        log.error("unscoped_query", table=match[1])
    return execute(sql, params, many, context)


@receiver(connection_created)
def _install_check(connection: Any, **_: Any) -> None:
    if _check_query not in connection.execute_wrappers:
        connection.execute_wrappers.append(_check_query)
    if _session and connection.alias == DEFAULT:
        _set_session(connection, **_session)
