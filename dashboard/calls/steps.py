"""One step of a call's own state, by compare-and-set, told to the screens and to the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import F

from dashboard.calls.models import Call
from dashboard.live import changes
from tenants import audit
from tenants.models import User


def step(
    call: Call, came_from: Iterable[str], action: str, *, by: User | None = None, why: str = "", **change: Any
) -> bool:
    """Change `call` if it is still in one of these states; False when somebody else was first.

    Inside the scope of its tenant, and last in it: the audit entry is written here. `call` is read anew.
    """
    rows = Call.objects.filter(pk=call.pk, tenant_id=owner(call), state__in=list(came_from))
    moved = rows.update(version=F("version") + 1, **change)
    call.refresh_from_db(fields=READ_ANEW)
    if moved:
        tell(call, action, by=by, why=why)
    return bool(moved)


def tell(call: Call, action: str, *, by: User | None = None, why: str = "", **details: Any) -> None:
    """The change of a call, to open pages and to the audit trail. Inside a scope that reaches its tenant."""
    changes.note("call", call.pk, tenant=call.tenant_id, version=call.version)
    facts = {"party": call.party} | ({"why": why} if why else {}) | details
    audit.record(by, call.tenant, action, call, **facts)


def owner(call: Call) -> int:
    """The tenant of a call that has one, as every call placed or steered here does."""
    if call.tenant_id is None:
        raise ValueError(f"{call.pk} is a call of no client.")
    return call.tenant_id


READ_ANEW = [field.attname for field in Call._meta.concrete_fields if not field.is_relation]
