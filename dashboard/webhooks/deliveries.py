"""Deliveries: an authentic webhook is stored before it is answered, and applied in the transaction that settles it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from django.db import connection as database
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from psycopg import Cursor

from dashboard import voicedock
from dashboard.calls.models import Call
from dashboard.calls.updates.apply import CallUpdate, apply_update
from dashboard.sync import runs
from dashboard.sync.models import Kind
from dashboard.voicedock import WebhookEvent
from dashboard.webhooks import admission, storage
from dashboard.webhooks.models import Delivery, Rejection
from tenants import audit, slices
from tenants.isolation import scope
from tenants.models import Connection, ConnectionSecret, Number

log = structlog.get_logger()

MAX_ATTEMPTS = 5
RETENTION = timedelta(days=30)
REJECTION_RETENTION = timedelta(days=90)
Outcome = Delivery.Outcome
UNKNOWN_CALL = "It does not show whose call this is: the list of calls was synced instead."
FOREIGN_CALL = "This call or line belongs to another connection."


@dataclass(frozen=True)
class Received:
    """A webhook that is stored, with the event read from its body; `is_waiting` unless it has an outcome already."""

    delivery_id: int
    event: WebhookEvent
    is_waiting: bool


@scope.opens_scope
def record(token: str, raw: bytes, signature: str, timestamp: str) -> Received:
    """Verify one webhook and store it; the same body again only raises its count.

    `raw` is the body as bytes, `signature` and `timestamp` are headers (`docs/voicedock-api.md §11.3`). Raises
    `Connection.DoesNotExist`, `voicedock.InvalidSignature`, and `voicedock.Malformed` for an authentic body that is no
    event of a call. Opens scopes of its own.
    """
    with scope.for_system("the secrets of a webhook"):
        connection = Connection.objects.get(webhook_token=token)
        secrets = ConnectionSecret.objects.get(connection_id=connection.pk).webhook_secrets
    now = timezone.now()
    try:
        delivery, event = admission.admit(
            admission.Endpoint(connection.pk, secrets), raw, signature, timestamp, now.timestamp()
        )
    except voicedock.InvalidSignature:
        _count_rejection(connection, "forged")
        raise
    with scope.for_system("store a webhook"):
        pk, is_waiting = _store(delivery)
    if delivery.stale:
        _count_rejection(connection, "stale")
        runs.mark_due(connection, Kind.LIVE_CALLS, Kind.CALLS)
    return Received(pk, event, is_waiting)


@scope.opens_scope
def apply(delivery_id: int, event: WebhookEvent | None = None) -> None:
    """Apply one delivery, unless another process does so now or it has an outcome. Opens a scope of its own.

    `event` is what the delivery holds, where the caller has read it; otherwise it is read from the stored payload.
    """
    try:
        with scope.for_system("apply a webhook"):
            waiting = Delivery.objects.select_for_update(skip_locked=True, of=("self",)).select_related("connection")
            waiting = waiting.filter(pk=delivery_id, outcome=Outcome.WAITING)
            delivery = (waiting.defer("payload") if event else waiting).first()
            if delivery is not None:
                _apply(delivery, event or WebhookEvent.restored(delivery.payload))
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        log.exception("webhook_not_applied", delivery=delivery_id)
        _record_failure(delivery_id, type(error).__name__)


@scope.opens_scope
def prune() -> int:
    """Delete old deliveries that have an outcome: their content is in the calls. Opens scopes of its own."""
    slices.delete("prune rejections", Rejection.objects.filter(last_at__lt=Now() - REJECTION_RETENTION))
    old = Delivery.objects.filter(received_at__lt=Now() - RETENTION).exclude(outcome=Outcome.WAITING)
    return slices.delete("prune webhooks", old)


@scope.requires_scope
def delete_for_calls(connection_ids: Collection[int], call_ids: Collection[str]) -> int:
    """Delete the deliveries of these calls (VoiceDock's ids); returns how many. In a scope that covers all clients."""
    return Delivery.objects.filter(connection_id__in=connection_ids, call_id_sent__in=call_ids).delete()[0]


def _store(delivery: admission.NewDelivery) -> tuple[int, bool]:
    """The id of its row, and whether that waits to be applied."""
    with Cursor(database.connection) as cursor:
        pk, outcome = cursor.execute(storage.STORE, admission.columns([delivery])).fetchone()  # type: ignore[misc]
    return pk, outcome == Outcome.WAITING


def _apply(delivery: Delivery, event: WebhookEvent) -> None:
    update, connection = CallUpdate.of_event(event), delivery.connection
    foreign = _is_foreign(connection, update)
    outcome, error = (Outcome.SET_ASIDE, FOREIGN_CALL) if foreign else (Outcome.APPLIED, "")
    call = None if foreign else apply_update(connection, update)
    if call is None and not foreign:
        outcome, error = Outcome.SET_ASIDE, UNKNOWN_CALL
        runs.mark_due(connection, Kind.LIVE_CALLS, Kind.CALLS)
    rows = Delivery.objects.filter(pk=delivery.pk)
    if call is not None and call.data_removed_at:
        rows.delete()
        return
    rows.update(outcome=outcome, error=error, attempts=F("attempts") + 1, applied_at=Now())
    if foreign:
        audit.record(None, None, "webhook.foreign-call", delivery, connection=connection.name, call=event.call_id)


def _is_foreign(connection: Connection, update: CallUpdate) -> bool:
    """Whether its call or its number belongs to another connection, and not to this one."""
    ids = [remote_id for remote_id in (update.remote_id, update.webhook_call_id) if remote_id]
    named = Q(remote_id__in=ids) | Q(webhook_call_id__in=ids) | Q(pk=_call_id_of(update))
    owners = set(Call.objects.filter(named).values_list("connection_id", flat=True))
    if owners - {connection.pk}:
        return connection.pk not in owners
    if not update.number_remote_id:
        return False
    holders = set(Number.objects.filter(remote_id=update.number_remote_id).values_list("connection_id", flat=True))
    return bool(holders) and connection.pk not in holders


def _call_id_of(update: CallUpdate) -> UUID | None:
    """The id of our call, as we sent it along and VoiceDock echoes it."""
    try:
        return UUID(update.reference)
    except ValueError:
        return None


def _record_failure(delivery_id: int, error: str) -> None:
    with scope.for_system("a webhook that could not be applied"):
        rows = Delivery.objects.filter(pk=delivery_id, outcome=Outcome.WAITING)
        rows.update(attempts=F("attempts") + 1, error=error[:300])
        rows.filter(attempts__gte=MAX_ATTEMPTS).update(outcome=Outcome.FAILED)


def _count_rejection(connection: Connection, reason: str) -> None:
    """Only counted, one row a day and reason, so that forged webhooks cannot fill the tables."""
    with scope.for_system("count a rejected webhook"):
        storage.count_rejected(Counter({(connection.pk, reason): 1}), timezone.now().date())
    log.warning("webhook_rejected", connection=connection.pk, reason=reason)
