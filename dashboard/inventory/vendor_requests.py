"""Changes asked of VoiceDock leave a trace before they leave: begun with an audit entry, settled, or given up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Model
from django.db.models.functions import Now

from dashboard.inventory import runs
from dashboard.inventory.models import Kind, VendorRequest
from tenants import audit, scope
from tenants.models import Connection, Tenant, User

Outcome = VendorRequest.Outcome
LOST = timedelta(minutes=2)  # longer than the one attempt may take
KEPT = timedelta(days=30)  # the audit trail keeps what was done
MOST = 100


def begin(
    connection: Connection,
    subject: Model,
    *,
    tenant: Tenant | None,
    by: User | None,
    lost_action: str,
    **details: Any,
) -> VendorRequest:
    """The intent, in the transaction that also writes its audit entry: the caller commits both before it asks."""
    return VendorRequest.objects.create(
        connection=connection,
        tenant=tenant,
        subject=f"{subject._meta.model_name}:{subject.pk}",
        lost_action=lost_action,
        details=details,
        asked_by=by,
    )


def settle(request: VendorRequest, outcome: Outcome) -> None:
    """How it came out; one that was given up meanwhile still learns the truth. Inside a scope that reaches it."""
    unsettled = VendorRequest.objects.filter(pk=request.pk, outcome__in=[Outcome.WAITING, Outcome.UNKNOWN])
    unsettled.update(outcome=outcome, settled_at=Now())


def give_up_lost() -> int:
    """Requests whose sender is gone: nobody knows what became of them, and the next sync shows how things stand.

    For beat, any number of times; opens scopes of its own and asks VoiceDock nothing.
    """
    with scope.system("requests whose sender is gone"):
        lost = VendorRequest.objects.filter(outcome=Outcome.WAITING, asked_at__lt=Now() - LOST)
        found = list(lost.select_related("tenant").order_by("asked_at")[:MOST])
    return sum(_give_up(request) for request in found)


def prune() -> int:
    """Drop those that were settled long ago. Opens a scope of its own."""
    with scope.system("settled requests of long ago"):
        old = VendorRequest.objects.exclude(outcome=Outcome.WAITING).filter(asked_at__lt=Now() - KEPT)
        return old.delete()[0]


def _give_up(request: VendorRequest) -> bool:
    with scope.system("nobody knows what became of a request"):
        waiting = VendorRequest.objects.filter(pk=request.pk, outcome=Outcome.WAITING)
        if not waiting.update(outcome=Outcome.UNKNOWN, settled_at=Now()):
            return False
        audit.record(None, request.tenant, request.lost_action, request.subject, **request.details)
    runs.hurry(request.connection_id, Kind.CAMPAIGNS, Kind.INVENTORY)
    return True
