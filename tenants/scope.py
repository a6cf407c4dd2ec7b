"""The only way to tenant data: a short transaction that says whose rows it is about.

Scopes are never nested: a scope inside another raises. Outside of any scope the database shows no tenant rows at all.
"""

from __future__ import annotations

import contextvars
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import structlog
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.signals import connection_created
from django.dispatch import receiver

from tenants.walls import Rows

if TYPE_CHECKING:
    from tenants.models import Auditor, StaffMember, Tenant, User

log = structlog.get_logger()

SET = (
    "SELECT set_config('patchbay.tenants', %s, true), set_config('patchbay.reach', %s, true), "
    "set_config('patchbay.person', %s, true), set_config('patchbay.narrow', %s, true), set_config('role', %s, true), "
    "set_config('transaction_read_only', %s, true)"
)
_open_scope: contextvars.ContextVar[str] = contextvars.ContextVar("scope", default="")


class Unscoped(Exception):
    """A query of tenant rows outside of a scope: it would have silently found nothing."""


def current() -> str:
    """A word for the scope that is open, or ""."""
    return _open_scope.get()


@contextmanager
def of(tenant: Tenant | int) -> Iterator[None]:
    """Rows of one tenant."""
    pk = tenant if isinstance(tenant, int) else tenant.pk
    with _scope(f"tenant {pk}", tenants=[pk]):
        yield


@contextmanager
def person(user: User) -> Iterator[None]:
    """A person's own memberships and the clients they lead to, before a tenant is known."""
    with _scope(f"person {user.pk}", person=user.pk):
        yield


@contextmanager
def reseller(staff: StaffMember) -> Iterator[None]:
    """Rows of every client, for the reseller's staff; of the granted ones, for who does not know them all."""
    with _scope(f"staff {staff.pk}", tenants=_granted(staff), reach=staff.sees_all, person=staff.pk):
        yield


@contextmanager
def auditor(auditor: Auditor) -> Iterator[None]:
    """Rows an auditor is granted, as a database role that cannot write, in a transaction that cannot write."""
    with _scope(
        f"auditor {auditor.pk}",
        tenants=_granted(auditor),
        reach=auditor.sees_all,
        person=auditor.pk,
        role=settings.AUDITOR_ROLE,
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
def system(reason: str) -> Iterator[None]:
    """Every row, for what no person does: sync, webhooks, sweeps. The reason is for the log."""
    with _scope(f"system: {reason}", reach=True):
        yield


@contextmanager
def _scope(
    word: str,
    *,
    tenants: list[int] | tuple[int, ...] = (),
    reach: bool = False,
    person: int | None = None,
    role: str = "none",
    read_only: bool = False,
) -> Iterator[None]:
    with transaction.atomic(durable=True):
        ids = "{" + ",".join(map(str, tenants)) + "}" if tenants else ""
        _set(ids, reach, str(person or ""), "" if reach else "on", role, "on" if read_only else "off")
        token = _open_scope.set(word)
        try:
            yield
        finally:
            _open_scope.reset(token)
        if len(connection.atomic_blocks) > 1:  # inside a test's transaction: SET LOCAL outlives a savepoint
            _set("", False, "", "", "none", None)


def _set(tenants: str, reach: bool, person: str, narrow: str, role: str, read_only: str | None) -> None:
    said = [tenants, "all" if reach else "", person, narrow, role]
    with connection.cursor() as cursor:
        if read_only == "on":
            cursor.execute(SET, [*said, read_only])
        else:
            cursor.execute(SET.rsplit(", set_config('transaction_read_only'", 1)[0], said)


@cache
def _protected() -> re.Pattern[str]:
    tables = [
        model._meta.db_table
        for model in apps.get_models()
        if any(isinstance(wall, Rows) for wall in model._meta.constraints)
    ]
    return re.compile(r'"(' + "|".join(map(re.escape, tables)) + r')"')


unscoped_queries = 0


def _guard(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Zero rows are silent, so a forgotten scope is told: raised in tests, counted and logged in production."""
    global unscoped_queries
    watched = not _open_scope.get() and not context["connection"].settings_dict.get("OWNER_AT_WORK")
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
