"""Transitions of a call's state by compare-and-set, published to open pages and recorded in the audit trail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Case, CharField, DateTimeField, F, Value, When
from django.db.models.functions import Now

from dashboard import voicedock
from dashboard.calls.models import LARGE, STOPS_DIALING, Call, State
from dashboard.live_updates import publish
from tenants import audit
from tenants.isolation import scope
from tenants.models import AuditEntry, User


@scope.requires_scope
def transition(
    call: Call,
    came_from: Iterable[str],
    action: str,
    *,
    by: User | None = None,
    why: str = "",
    details: Mapping[str, str] | None = None,
    **change: Any,
) -> bool:
    """Change `call` if it is still in one of these states; False when another process changed it first.

    Inside the scope of its tenant, and last in it: the audit entry is written here. `call` is refreshed. `details` go
    into the entry beside the counterpart.
    """
    rows = Call.objects.filter(pk=call.pk, tenant=call.tenant_id, state__in=list(came_from))
    moved = rows.update(version=F("version") + 1, **change)
    call.refresh_from_db(fields=REFRESH_FIELDS)
    if moved:
        record_transition(call, action, by=by, why=why, **(details or {}))
    return bool(moved)


@scope.requires_scope
def record_transition(call: Call, action: str, *, by: User | None = None, why: str = "", **details: Any) -> AuditEntry:
    """Publish a change of a call to open pages and record it in the audit trail. Inside a scope of its tenant."""
    publish.row_changed("call", call.pk, tenant=call.tenant_id, version=call.version)
    facts = {"counterpart": call.counterpart} | ({"why": why} if why else {}) | details
    return audit.record(by, call.tenant, action, call, **facts)


def tenant_id_of(call: Call) -> int:
    """The tenant of a call. Raises `ValueError` for a call without one; calls placed or controlled here have one."""
    if call.tenant_id is None:
        raise ValueError(f"{call.pk} is a call of no client.")
    return call.tenant_id


def _unless_dialing_stops(value: Any, field: CharField | DateTimeField) -> Case:
    return Case(When(alarm__in=STOPS_DIALING, then=F(field.name)), default=Value(value), output_field=field)


# Changes of a call whose outcome is known: its alarm is cleared, unless only staff can clear it.
SETTLED_ALARM: dict[str, Any] = {
    "alarm": _unless_dialing_stops("", Call._meta.get_field("alarm")),
    "alarm_at": _unless_dialing_stops(None, Call._meta.get_field("alarm_at")),
}


def never_sent(words: str) -> dict[str, Any]:
    """The changes for a call that was certainly not placed and will not be sent any more; `words` say why."""
    return {
        "state": State.REFUSED,
        "rank": voicedock.states.rank(State.REFUSED),
        "finished": True,
        "state_at": Now(),
        "lease_until": None,
        "error": words[:500],
    } | SETTLED_ALARM


REFRESH_FIELDS = [
    field.attname for field in Call._meta.concrete_fields if not field.is_relation and field.attname not in LARGE
]
