"""Which webhooks are taken in, and as which row: signature and time are checked before anything of a body is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dashboard import voicedock
from dashboard.sync import text_lengths
from dashboard.voicedock import WebhookEvent, webhooks
from dashboard.webhooks.models import Delivery

MAX_ID_LENGTH = 200  # characters, as in `Call`
EVENT_LENGTH: int = Delivery._meta.get_field("event").max_length  # type: ignore[assignment]
LATEST = 10**11  # Unix seconds that a column for times holds


@dataclass(frozen=True)
class Endpoint:
    """Where the webhooks of one connection arrive, and the secrets that one may be signed with."""

    connection_id: int
    secrets: Sequence[str]


@dataclass(frozen=True)
class NewDelivery:
    """One verified webhook, ready to be stored; `payload` is JSON. A stale one is stored and not applied."""

    connection_id: int
    body_hash: bytes
    event: str
    call_id: str
    payload: str
    signed_at: float | None
    stale: bool
    times: int = 1

    @property
    def key(self) -> tuple[int, bytes]:
        """The same body for the same connection is one row."""
        return self.connection_id, self.body_hash


def admit(
    endpoint: Endpoint, raw: bytes, signature: str, timestamp: str, now: float
) -> tuple[NewDelivery, WebhookEvent]:
    """The row of this webhook and what it says; `now` in Unix seconds.

    Raises `voicedock.InvalidSignature`, and `voicedock.Malformed` for an authentic body that is no event of a call.
    """
    stale = False
    try:
        webhooks.verify(raw, signature, timestamp, endpoint.secrets, now)
    except voicedock.StaleTimestamp:
        stale = True
    event = webhooks.read_event(raw)
    signed_at = int(timestamp)
    delivery = NewDelivery(
        connection_id=endpoint.connection_id,
        body_hash=hashlib.sha256(raw).digest(),
        event=text_lengths.cut(event.type, EVENT_LENGTH),
        call_id=text_lengths.cut_id(event.call_id, MAX_ID_LENGTH),
        payload=json.dumps(event.reduced()),
        signed_at=float(signed_at) if signed_at < LATEST else None,
        stale=stale,
    )
    return delivery, event


def folded(deliveries: Iterable[NewDelivery]) -> list[NewDelivery]:
    """One row for each body, in the order of arrival: one statement cannot write a row twice."""
    rows: dict[tuple[int, bytes], NewDelivery] = {}
    for delivery in deliveries:
        known = rows.get(delivery.key)
        if known is None:
            rows[delivery.key] = delivery
        else:
            stale = known.stale and delivery.stale
            rows[delivery.key] = replace(known, times=known.times + delivery.times, stale=stale)
    return list(rows.values())


def columns(rows: Sequence[NewDelivery]) -> list[list[Any]]:
    """The parameters of `storage.STORE`, for rows with different keys."""
    return [
        [row.connection_id for row in rows],
        [row.body_hash for row in rows],
        [row.event for row in rows],
        [row.call_id for row in rows],
        [row.payload for row in rows],
        [row.signed_at for row in rows],
        [row.times for row in rows],
        [row.stale for row in rows],
    ]
