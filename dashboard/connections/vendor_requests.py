"""Changes asked of VoiceDock leave a trace before they leave: begun with an audit entry, settled, or given up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Model, QuerySet
from django.db.models.functions import Now

from dashboard.connections.models import VendorRequest
from dashboard.sync import runs
from dashboard.sync.models import Kind
from tenants import audit
from tenants.isolation import scope
from tenants.models import Connection, Tenant, User

Outcome = VendorRequest.Outcome
LOST = timedelta(minutes=2)  # longer than the one attempt may take
LEFT = timedelta(seconds=10)  # an answer that is not in the audit trail by then has lost its asker
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


def keep_answer(request: VendorRequest, action: str, **details: Any) -> None:
    """VoiceDock did it: the first thing that is done with the answer, committed alone. Opens a scope of its own.

    The audit entry `action` is written by the caller with `settle`, and by beat where a crash came before.
    """
    with scope.for_system("what VoiceDock answered"):
        _unsettled(request).update(
            outcome=Outcome.ACCEPTED, settled_at=Now(), answered_action=action, details=request.details | details
        )


@scope.requires_scope
def settle(request: VendorRequest, outcome: Outcome) -> bool:
    """How it came out; one that was given up meanwhile still learns the truth. Inside a scope that reaches it.

    Whether its audit entry is still to be written, by the caller, in this transaction.
    """
    kept = VendorRequest.objects.filter(pk=request.pk).exclude(answered_action="").update(answered_action="")
    return bool(kept or _unsettled(request).update(outcome=outcome, settled_at=Now()))


def record_answers() -> int:
    """Write the audit entries of answers whose asker died before; for beat. Opens scopes of its own."""
    with scope.for_system("answers that are not in the audit trail"):
        kept = VendorRequest.objects.exclude(answered_action="").filter(settled_at__lt=Now() - LEFT)
        found = list(kept.select_related("tenant", "asked_by").order_by("settled_at")[:MOST])
    return sum(_record(request) for request in found)


def _record(request: VendorRequest) -> bool:
    with scope.for_system("an answer goes into the audit trail"):
        if not settle(request, Outcome.ACCEPTED):
            return False
        audit.record(request.asked_by, request.tenant, request.answered_action, request.subject, **request.details)
    return True


def _unsettled(request: VendorRequest) -> QuerySet[VendorRequest]:
    return VendorRequest.objects.filter(pk=request.pk, outcome__in=[Outcome.WAITING, Outcome.UNKNOWN])


def give_up_lost() -> int:
    """Requests whose sender is gone: nobody knows what became of them, and the next sync shows how things stand.

    For beat, any number of times; opens scopes of its own and asks VoiceDock nothing.
    """
    record_answers()
    with scope.for_system("requests whose sender is gone"):
        lost = VendorRequest.objects.filter(outcome=Outcome.WAITING, asked_at__lt=Now() - LOST)
        found = list(lost.select_related("tenant").order_by("asked_at")[:MOST])
    return sum(_give_up(request) for request in found)


def prune() -> int:
    """Drop those that were settled long ago. Opens a scope of its own."""
    with scope.for_system("settled requests of long ago"):
        old = VendorRequest.objects.exclude(outcome=Outcome.WAITING).filter(asked_at__lt=Now() - KEPT)
        return old.delete()[0]


def _give_up(request: VendorRequest) -> bool:
    with scope.for_system("nobody knows what became of a request"):
        waiting = VendorRequest.objects.filter(pk=request.pk, outcome=Outcome.WAITING)
        if not waiting.update(outcome=Outcome.UNKNOWN, settled_at=Now()):
            return False
        audit.record(None, request.tenant, request.lost_action, request.subject, **request.details)
    runs.mark_due(request.connection_id, Kind.CAMPAIGNS, Kind.INVENTORY)
    return True
