"""Who steers a call: one person at a time, so that two never send commands against each other. End call is everybody's.

The lease belongs to a person. It is taken with the first command or by hand, and ends with the panel, the session, the
connection of the panel, and the call. Whoever takes or frees it locks the row of the call first. A renewal locks
nothing: it is one UPDATE of a lease that is still held by the same person, so that it cannot undo a take-over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import timedelta
from enum import Enum
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.db.models import DurationField, ExpressionWrapper, F, QuerySet
from django.db.models.functions import Least, Now

from dashboard.calls.models import Call, SteeringLease
from dashboard.calls.transitions import record_transition, tenant_id_of
from dashboard.live_updates import publish
from tenants.isolation import scope
from tenants.models import User
from tenants.names import isolate

TERM = timedelta(seconds=25)  # without a sign of the holder: an open panel renews its lease every 10 s
CLOSING = timedelta(seconds=4)  # after a panel was closed: the page loaded again, or another panel of it, renews it
REMAINING = ExpressionWrapper(F("until") - Now(), output_field=DurationField())
KEPT = timedelta(hours=1)
HELD = "{name} steers this call, so the command was not sent. Press Take over to send it yourself."


class Taken(Enum):
    YES = "taken"
    ALREADY = "held before"
    HELD = "somebody else holds it"
    OVER = "the call is over"


def session_digest(session_key: str | None) -> str:
    """What a lease keeps of a session: its key is a secret."""
    return hashlib.sha256(session_key.encode()).hexdigest() if session_key else ""


@scope.requires_scope
def of(call: Call) -> SteeringLease | None:
    """The lease of this call with its holder, and `remaining`; None where nobody steers."""
    if call.finished:
        return None
    found = SteeringLease.objects.filter(call=call.pk, until__gt=Now()).annotate(remaining=REMAINING)
    return found.select_related("holder__staff").first()


@scope.requires_scope
def holders(calls: Collection[UUID]) -> dict[UUID, User]:
    """Who steers each of these live calls."""
    found = SteeringLease.objects.filter(call__in=calls, until__gt=Now()).select_related("holder__staff")
    return {lease.call_id: lease.holder for lease in found}


@scope.requires_scope
def claim(call: Call, *, by: User | None, session: str = "") -> str:
    """Take the lease for a command, or renew it. Returns why the command is not sent; "" where it may be.

    Inside the transaction that stores the receipt; `call` is locked there.
    """
    lease = of(call)
    if lease and (by is None or lease.holder_id != by.pk):
        return HELD.format(name=isolate(lease.holder))
    if by is not None:
        _hold(call, by, session, lease)
    return ""


@scope.requires_scope
def renew(call: Call, *, by: User, session: str) -> SteeringLease | None:
    """The lease of this call; that of `by` is renewed, since they have the panel open."""
    lease = of(call)
    if lease is None or lease.holder_id != by.pk:
        return lease
    held = SteeringLease.objects.filter(call=call.pk, holder=by, until__gt=Now())
    is_renewed = held.update(until=Now() + TERM, session=session)
    return lease if is_renewed else of(call)  # taken over or freed since it was read


@scope.requires_scope
def take(call: Call, *, by: User, session: str, from_another: bool) -> Taken:
    """Take the lease by hand; from another holder only where that was asked for (`from_another`)."""
    call = _lock(call)
    if not call.is_live:
        return Taken.OVER
    lease = of(call)
    if lease and lease.holder_id != by.pk and not from_another:
        return Taken.HELD
    _hold(call, by, session, lease)
    if lease and lease.holder_id == by.pk:
        return Taken.ALREADY
    if lease:
        record_transition(call, "call.steering-taken", by=by, before=str(lease.holder))
    else:
        record_transition(call, "call.steering-started", by=by)
    return Taken.YES


@scope.requires_scope
def let_go(call: Call, *, by: User, session: str, closing: bool = False) -> None:
    """Give the lease up; `closing`: with the panel, of which another one may be open in this session."""
    call = _lock(call)
    held = SteeringLease.objects.filter(call=call.pk, tenant=tenant_id_of(call), holder=by, until__gt=Now())
    if not closing and held.delete()[0]:
        record_transition(call, "call.steering-stopped", by=by)
    if closing and held.filter(session=session).update(until=Least(F("until"), Now() + CLOSING)):
        publish.row_changed("call", call.pk, tenant=call.tenant_id, version=call.version)


@scope.opens_scope
def end_of_session(session_key: str | None) -> None:
    """Free what was held in a session that ends. Opens a scope of its own."""
    if session_key:
        with scope.for_system("the steering leases of a session that ends"):
            _free(SteeringLease.objects.filter(session=session_digest(session_key)))


@scope.opens_scope
def end_of_sessions(user: User) -> None:
    """Free what this user held in sessions that are no more. Opens a scope of its own."""
    keys = UserSession.objects.filter(user=user).values_list("session_key", flat=True)
    with scope.for_system("the steering leases of sessions that were ended"):
        _free(SteeringLease.objects.filter(holder=user).exclude(session__in=list(map(session_digest, keys))))


@scope.opens_scope
def prune() -> int:
    """Delete leases that ran out long ago; opens its own scope."""
    with scope.for_system("delete old steering leases"):
        return SteeringLease.objects.filter(until__lt=Now() - KEPT).delete()[0]


def _lock(call: Call) -> Call:
    locked = Call.objects.select_related("tenant").select_for_update(of=("self",), no_key=True)
    return locked.get(pk=call.pk, tenant=tenant_id_of(call))


def _hold(call: Call, by: User, session: str, lease: SteeringLease | None) -> None:
    """Write the row. `lease` is the one that is held now, if any."""
    facts = {"tenant_id": tenant_id_of(call), "session": session, "until": Now() + TERM}
    if lease is None or lease.holder_id != by.pk:
        facts |= {"holder": by, "since": Now(), "taken_from": lease.holder if lease else None}
    if not SteeringLease.objects.filter(call=call.pk).update(**facts):
        SteeringLease.objects.bulk_create([SteeringLease(call_id=call.pk, **facts)])


def _free(leases: QuerySet[SteeringLease]) -> None:
    held = Call.objects.filter(pk__in=leases.filter(until__gt=Now()).values("call")).order_by("pk")
    for call in held.select_for_update(of=("self",), no_key=True):
        publish.row_changed("call", call.pk, tenant=call.tenant_id, version=call.version)
    leases.delete()
