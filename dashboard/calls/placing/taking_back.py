"""Take back a call that waits to be sent: the person who placed it, or a manager, no longer wants it."""

from __future__ import annotations

from django.db.models.functions import Now

from dashboard.calls.models import Call, State
from dashboard.calls.transitions import never_sent, tenant_id_of, transition
from tenants.access.decorators import Actor
from tenants.access.permissions import Permission
from tenants.isolation import scope
from tenants.models import User

TOO_LATE = "This call no longer waits, so it could not be taken back. What became of it is shown here."
TAKEN_BACK = "{by} took it back before it was sent. Nothing was dialed."


def is_permitted(actor: Actor, call: Call) -> bool:
    """Whoever placed the call, and managers for everybody; whether it still waits is another question."""
    own = call.requested_by_id == actor.user.pk and actor.may(Permission.PLACE_CALLS)
    return own or actor.may(Permission.TAKE_BACK_CALLS)


def is_offered(actor: Actor, call: Call) -> bool:
    return call.state == State.QUEUED and is_permitted(actor, call)


@scope.opens_scope
def take_back(call: Call, *, by: User) -> bool:
    """End a call that is still queued, so that it is never sent; False when it was claimed for sending first.

    Opens the scope of the tenant; `call` is refreshed.
    """
    with scope.for_tenant(tenant_id_of(call)):
        return end_waiting(call, by=by)


@scope.requires_scope
def end_waiting(call: Call, *, by: User) -> bool:
    """The same inside the scope of the tenant.

    The claim and this are one UPDATE each that asks for the state `queued`: of the two, one finds it.
    """
    return transition(
        call,
        [State.QUEUED],
        "call.taken-back",
        by=by,
        end_asked_at=Now(),
        **never_sent(TAKEN_BACK.format(by=by)),
    )
