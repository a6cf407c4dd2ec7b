"""Attempts to reach a number that this client may not call are written down: whose, where to, and why not."""

from __future__ import annotations

from typing import Any, Protocol

from dashboard.calls import queries
from dashboard.calls.models import Call
from dashboard.calls.placing.destinations import NotAllowed
from tenants import audit
from tenants.isolation import scope
from tenants.models import Tenant, User

CALL, TRANSFER = "a call", "a transfer"


class DialForm(Protocol):
    """A form that places calls (`calls.forms.DialForm`)."""

    not_allowed: NotAllowed | None
    cleaned_data: dict[str, Any]


@scope.opens_scope
def answer(tenant: Tenant, form: DialForm, *, by: User) -> Call | None:
    """For a form that is not valid: the call that it has become at a press before, if any. Opens scopes of its own.

    A destination that is not allowed is written down.
    """
    if form.not_allowed:
        record(tenant, form.not_allowed, by=by)
    token = form.cleaned_data.get("token")
    with scope.for_tenant(tenant):
        return queries.by_token(tenant, token) if token else None


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
