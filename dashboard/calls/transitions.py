"""One step of a call's own state, by compare-and-set, told to the screens and to the audit trail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Case, CharField, DateTimeField, F, Value, When

from dashboard.calls.models import STOPS_DIALING, Call
from dashboard.live_updates import publish
from tenants import audit
from tenants.isolation import scope
from tenants.models import AuditEntry, User


def step(
    call: Call,
    came_from: Iterable[str],
    action: str,
    *,
    by: User | None = None,
    why: str = "",
    details: Mapping[str, str] | None = None,
    **change: Any,
) -> bool:
    """Change `call` if it is still in one of these states; False when somebody else was first.

    Inside the scope of its tenant, and last in it: the audit entry is written here. `call` is read anew. `details` go
    into the entry beside the person called.
    """
    rows = Call.objects.filter(pk=call.pk, tenant=call.tenant_id, state__in=list(came_from))
    moved = rows.update(version=F("version") + 1, **change)
    call.refresh_from_db(fields=READ_ANEW)
    if moved:
        tell(call, action, by=by, why=why, **(details or {}))
    return bool(moved)


@scope.requires_scope
def tell(call: Call, action: str, *, by: User | None = None, why: str = "", **details: Any) -> AuditEntry:
    """The change of a call, to open pages and to the audit trail. Inside a scope that reaches its tenant."""
    publish.row_changed("call", call.pk, tenant=call.tenant_id, version=call.version)
    facts = {"counterpart": call.counterpart} | ({"why": why} if why else {}) | details
    return audit.record(by, call.tenant, action, call, **facts)


def owner(call: Call) -> int:
    """The tenant of a call that has one, as every call placed or steered here does."""
    if call.tenant_id is None:
        raise ValueError(f"{call.pk} is a call of no client.")
    return call.tenant_id


def _unless_dialing_stops(value: Any, field: CharField | DateTimeField) -> Case:
    return Case(When(alarm__in=STOPS_DIALING, then=F(field.name)), default=Value(value), output_field=field)


# Columns of a call that is settled: its alarm is over, unless it is the one that staff alone clear.
SETTLED_ALARM: dict[str, Any] = {
    "alarm": _unless_dialing_stops("", Call._meta.get_field("alarm")),
    "alarm_at": _unless_dialing_stops(None, Call._meta.get_field("alarm_at")),
}
READ_ANEW = [field.attname for field in Call._meta.concrete_fields if not field.is_relation]
