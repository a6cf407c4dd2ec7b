"""Changes requested at VoiceDock: recorded with an audit entry before the request is sent, settled, or given up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Model, QuerySet
from django.db.models.functions import Now

from dashboard.connections.models import VendorRequest
from dashboard.sync import runs
from dashboard.sync.models import Kind
from tenants import audit, slices
from tenants.isolation import scope
from tenants.models import Connection, Tenant, User

Outcome = VendorRequest.Outcome
LOST = timedelta(minutes=2)  # longer than the one attempt may take
UNRECORDED = timedelta(seconds=10)  # an answer without an audit entry by then: its process has died
RETENTION = timedelta(days=30)  # the audit trail keeps what was done
BATCH = 100


@scope.requires_scope
def begin(
    connection: Connection,
    subject: Model,
    *,
    tenant: Tenant | None,
    by: User | None,
    lost_action: str,
    **details: Any,
) -> VendorRequest:
    """Record the intent; the caller writes its audit entry in the same transaction and commits before the request."""
    return VendorRequest.objects.create(
        connection=connection,
        tenant=tenant,
        subject=f"{subject._meta.model_name}:{subject.pk}",
        lost_action=lost_action,
        details=details,
        asked_by=by,
    )


def keep_answer(request: VendorRequest, action: str, **details: Any) -> None:
    """Record that VoiceDock accepted, before anything else is done with the response. Opens a scope of its own.

    The audit entry `action` is written by the caller with `settle`, or by beat after a crash.
    """
    with scope.for_system("record an answer"):
        _unsettled(request).update(
            outcome=Outcome.ACCEPTED, settled_at=Now(), answered_action=action, details=request.details | details
        )


@scope.requires_scope
def settle(request: VendorRequest, outcome: Outcome) -> bool:
    """Record the outcome, also of a request that was given up meanwhile. Inside a scope that covers it.

    Returns whether the caller has to write the audit entry, in this transaction.
    """
    kept = VendorRequest.objects.filter(pk=request.pk).exclude(answered_action="").update(answered_action="")
    return bool(kept or _unsettled(request).update(outcome=outcome, settled_at=Now()))


@scope.opens_scope
def record_answers() -> int:
    """Write the audit entries of answers whose process died before; for beat. Opens scopes of its own."""
    with scope.for_system("answers without audit entries"):
        kept = VendorRequest.objects.exclude(answered_action="").filter(settled_at__lt=Now() - UNRECORDED)
        found = list(kept.select_related("tenant", "asked_by").order_by("settled_at")[:BATCH])
    return sum(_record(request) for request in found)


def _record(request: VendorRequest) -> bool:
    with scope.for_system("write the audit entry of an answer"):
        if not settle(request, Outcome.ACCEPTED):
            return False
        audit.record(request.asked_by, request.tenant, request.answered_action, request.subject, **request.details)
    return True


def _unsettled(request: VendorRequest) -> QuerySet[VendorRequest]:
    return VendorRequest.objects.filter(pk=request.pk, outcome__in=[Outcome.WAITING, Outcome.UNKNOWN])


@scope.opens_scope
def give_up_lost() -> int:
    """Settle requests whose process died as unknown; the next sync shows what VoiceDock did.

    For beat, idempotent; opens scopes of its own and sends nothing to VoiceDock.
    """
    record_answers()
    with scope.for_system("requests of processes that died"):
        lost = VendorRequest.objects.filter(outcome=Outcome.WAITING, asked_at__lt=Now() - LOST)
        found = list(lost.select_related("tenant").order_by("asked_at")[:BATCH])
    return sum(_give_up(request) for request in found)


@scope.opens_scope
def prune() -> int:
    """Delete old requests that were settled. Opens a scope of its own."""
    old = VendorRequest.objects.exclude(outcome=Outcome.WAITING).filter(asked_at__lt=Now() - RETENTION)
    return slices.delete("prune vendor requests", old)


def _give_up(request: VendorRequest) -> bool:
    with scope.for_system("give up a request"):
        waiting = VendorRequest.objects.filter(pk=request.pk, outcome=Outcome.WAITING)
        if not waiting.update(outcome=Outcome.UNKNOWN, settled_at=Now()):
            return False
        audit.record(None, request.tenant, request.lost_action, request.subject, **request.details)
    runs.mark_due(request.connection_id, Kind.CAMPAIGNS, Kind.INVENTORY)
    return True
