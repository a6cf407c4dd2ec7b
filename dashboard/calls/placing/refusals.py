"""Attempts to reach a number that this client may not call are written down: whose, where to, and why not."""

from __future__ import annotations

from dashboard.calls.placing.destinations import NotAllowed
from tenants import audit
from tenants.isolation import scope
from tenants.models import Tenant, User

CALL, TRANSFER = "a call", "a transfer"


@scope.opens_scope
def record(tenant: Tenant, refused: NotAllowed, *, by: User | None, what: str = CALL) -> None:
    """Opens the tenant's scope: the entry stays, whatever becomes of the request that was refused."""
    with scope.for_tenant(tenant):
        audit.record(
            by,
            tenant,
            "call.destination-refused",
            tenant,
            what=what,
            counterpart=refused.e164,
            why=str(refused),
        )
