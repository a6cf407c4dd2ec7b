"""The inbox: a genuine webhook is kept before it is answered, and applied in the same transaction that ticks it off."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from dashboard import voicedock
from dashboard.calls.models import Call
from dashboard.calls.updates.apply import CallUpdate, apply_update
from dashboard.rate_limits import limiter
from dashboard.sync import runs, text_lengths
from dashboard.sync.models import Kind
from dashboard.voicedock import webhooks
from dashboard.webhooks.models import Delivery, Rejection
from tenants import audit
from tenants.isolation import scope
from tenants.models import Connection, ConnectionSecret, Number

log = structlog.get_logger()

TRIES = 5
KEPT = timedelta(days=30)
REJECTIONS_KEPT = timedelta(days=90)
MOST = 200
LONGEST_ID = 200  # characters, as in the calls themselves
Outcome = Delivery.Outcome
STALE = "Signed too long ago, or ahead of time: not applied, the list was asked instead."
NOT_KNOWN = "Whose call this is follows from the list of calls: it was asked."
FOREIGN = "This call or line belongs to another connection."


class Forged(Exception):
    """Not signed with a secret of this connection."""


def keep(token: str, raw: bytes, signature: str, timestamp: str) -> int | None:
    """Verify one webhook and keep it; the id of a delivery that waits to be applied, or None.

    Raises `Connection.DoesNotExist`, `Forged`, and `voicedock.Malformed` for what is genuine and no event. Opens
    scopes of its own.
    """
    with scope.for_system("the secrets of a webhook"):
        connection = Connection.objects.get(webhook_token=token)
        secrets = ConnectionSecret.objects.get(connection_id=connection.pk).webhook_secrets
    stale = False
    try:
        webhooks.verify(raw, signature, timestamp, secrets, timezone.now().timestamp())
    except voicedock.Stale:
        stale = True
    except voicedock.Forged:
        _count(connection, "forged")
        raise Forged from None
    event = webhooks.read_event(raw)
    with scope.for_system("keep a webhook"):
        delivery = Delivery(
            connection_id=connection.pk,
            received_at=limiter.clock(),
            body_hash=hashlib.sha256(raw).digest(),
            event=text_lengths.fit(Delivery, "event", event.type),
            call_id_sent=text_lengths.cut_id(event.call_id, LONGEST_ID),
            payload=event.reduced(),
            signed_at=datetime.fromtimestamp(int(timestamp), UTC) if int(timestamp) < 10**11 else None,
            outcome=Outcome.SET_ASIDE if stale else Outcome.WAITING,
            error=STALE if stale else "",
        )
        Delivery.objects.bulk_create([delivery], ignore_conflicts=True)
        kept = Delivery.objects.get(connection_id=connection.pk, body_hash=delivery.body_hash)
        if kept.received_at != delivery.received_at:
            Delivery.objects.filter(pk=kept.pk).update(times=F("times") + 1)
        if not stale and kept.outcome == Outcome.SET_ASIDE and kept.error == STALE:  # now it came in time
            Delivery.objects.filter(pk=kept.pk).update(outcome=Outcome.WAITING, error="")
            return kept.pk
    if stale:
        _count(connection, "stale")
        runs.mark_due(connection, Kind.LIVE_CALLS, Kind.CALLS)
    return kept.pk if kept.outcome == Outcome.WAITING else None


def apply(delivery_id: int) -> None:
    """Apply one delivery unless somebody else is at it, or it is done. Opens a scope of its own."""
    try:
        with scope.for_system("apply a webhook"):
            waiting = Delivery.objects.select_for_update(skip_locked=True, of=("self",)).select_related("connection")
            delivery = waiting.filter(pk=delivery_id, outcome=Outcome.WAITING).first()
            if delivery is not None:
                _apply(delivery)
    except Exception as error:
        log.exception("webhook_not_applied", delivery=delivery_id)
        _failed(delivery_id, type(error).__name__)


def apply_waiting() -> None:
    """Those that a crash left behind, oldest first; opens scopes of its own."""
    with scope.for_system("webhooks left behind"):
        left = Delivery.objects.filter(outcome=Outcome.WAITING, received_at__lt=Now() - timedelta(seconds=2))
        waiting = list(left.order_by("id").values_list("pk", flat=True)[:MOST])
    for pk in waiting:
        apply(pk)


def forget() -> int:
    """Drop what was settled long ago: what it told is in the calls. Opens a scope of its own."""
    with scope.for_system("forget old webhooks"):
        Rejection.objects.filter(last_at__lt=Now() - REJECTIONS_KEPT).delete()
        old = Delivery.objects.filter(received_at__lt=Now() - KEPT).exclude(outcome=Outcome.WAITING)
        return old.delete()[0]


@scope.requires_scope
def drop(connection_ids: Collection[int], call_ids: Collection[str]) -> int:
    """Forget what was told of these calls, inside the caller's scope, which reaches all."""
    told = Delivery.objects.filter(connection_id__in=connection_ids, call_id_sent__in=call_ids)
    return told.delete()[0]


def _apply(delivery: Delivery) -> None:
    event = voicedock.WebhookEvent.restored(delivery.payload)
    facts, connection = CallUpdate.of_event(event), delivery.connection
    foreign = _is_foreign(connection, facts)
    outcome, words = (Outcome.SET_ASIDE, FOREIGN) if foreign else (Outcome.APPLIED, "")
    call = None if foreign else apply_update(connection, facts)
    if call is None and not foreign:
        outcome, words = Outcome.SET_ASIDE, NOT_KNOWN
        runs.mark_due(connection, Kind.LIVE_CALLS, Kind.CALLS)
    rows = Delivery.objects.filter(pk=delivery.pk)
    if call is not None and call.data_removed_at:
        rows.delete()
        return
    rows.update(outcome=outcome, error=words, attempts=F("attempts") + 1, applied_at=Now())
    if foreign:
        audit.record(None, None, "webhook.foreign-call", delivery, connection=connection.name, call=event.call_id)


def _is_foreign(connection: Connection, facts: CallUpdate) -> bool:
    """Whether it speaks of a call or line that another connection holds and this one does not."""
    ids = [one for one in (facts.remote_id, facts.webhook_call_id) if one]
    named = Q(remote_id__in=ids) | Q(webhook_call_id__in=ids) | Q(pk=_reference(facts))
    if (rows := set(Call.objects.filter(named).values_list("connection_id", flat=True))) - {connection.pk}:
        return connection.pk not in rows
    lines = Number.objects.filter(remote_id=facts.number_remote_id) if facts.number_remote_id else Number.objects.none()
    holders = set(lines.values_list("connection_id", flat=True))
    return bool(holders) and connection.pk not in holders


def _reference(facts: CallUpdate) -> UUID | None:
    try:
        return UUID(facts.reference)
    except ValueError:
        return None


def _failed(delivery_id: int, trouble: str) -> None:
    with scope.for_system("a webhook that could not be applied"):
        rows = Delivery.objects.filter(pk=delivery_id, outcome=Outcome.WAITING)
        rows.update(attempts=F("attempts") + 1, error=trouble[:300])
        rows.filter(attempts__gte=TRIES).update(outcome=Outcome.FAILED)


def _count(connection: Connection, reason: str) -> None:
    """Kept as a number only: whoever forges shall not fill our tables."""
    now = timezone.now()
    with scope.for_system("count a webhook that was not believed"):
        row = {"connection_id": connection.pk, "day": now.date(), "reason": reason}
        if not Rejection.objects.filter(**row).update(times=F("times") + 1, last_at=now):
            Rejection.objects.bulk_create([Rejection(**row)], ignore_conflicts=True)
    log.warning("webhook_rejected", connection=connection.pk, reason=reason)
