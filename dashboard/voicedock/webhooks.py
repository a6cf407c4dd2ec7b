"""What VoiceDock tells without being asked: whether it is genuine, and the little of it that we keep (§11)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from . import reading, states
from .capabilities import Family, family_of
from .errors import Forged, Malformed, Stale
from .reading import clean, first, link, mapping, moment, text, whole

TOLERANCE = 300  # seconds, both ways

_DIRECTIONS = {"inbound_phone_call": "inbound", "outbound_phone_call": "outbound", "web_call": "web"}
_DIRECTIONS |= {"inboundPhoneCall": "inbound", "outboundPhoneCall": "outbound", "webCall": "web"}  # the oldest pages


def sign(secret: str, timestamp: str, raw_body: bytes) -> str:
    """The signature without its `sha256=`: HMAC over timestamp, a dot and the bytes as they came (`§11.3`)."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + raw_body, hashlib.sha256).hexdigest()


def verify(raw_body: bytes, signature: str | None, timestamp: str | None, secrets: Sequence[str], now: float) -> int:
    """Which of our secrets signed these bytes, as its index; `now` in Unix seconds.

    Raises `Forged`, and `Stale` for a genuine one more than five minutes from now. Nothing may be read before.
    """
    timestamp, given = (timestamp or "").strip(), (signature or "").strip().removeprefix("sha256=")
    if not given or not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise Forged
    found = None
    for index, secret in enumerate(secrets):  # each is tried, so that the time taken tells nothing
        fits = hmac.compare_digest(sign(secret, timestamp, raw_body).encode(), given.encode("utf-8", "replace"))
        if fits and secret and found is None:
            found = index
    if found is None:
        raise Forged
    if abs(now - int(timestamp)) > TOLERANCE:
        raise Stale
    return found


@dataclass(frozen=True)
class WebhookEvent:
    """One event (`§11.5`). `call_id` may be another one than REST uses for the call; `reference` is our own, echoed.

    `number` is ours and `customer` the person, both null on web calls. `provider` is that of the model really used.
    """

    type: str
    timestamp: datetime | None
    call_id: str
    call_type: str
    status: str
    number_id: str | None
    number: str | None
    customer: str | None
    reference: str | None
    provider: str | None
    duration_seconds: int | None
    end_reason: str | None
    error: str | None
    started_at: datetime | None
    ended_at: datetime | None
    summary: str | None
    messages: tuple[tuple[str, str], ...]
    analysis: dict[str, Any] | None
    recording_url: str | None

    @property
    def direction(self) -> str | None:
        return _DIRECTIONS.get(self.call_type)

    @property
    def family(self) -> Family:
        return family_of(self.provider)

    @property
    def is_terminal(self) -> bool:
        return states.is_terminal(self.status, self.ended_at)

    def reduced(self) -> dict[str, Any]:
        """The same as JSON can hold it; `restored` reads it back. Nothing else of the webhook needs to be kept."""
        kept = asdict(self)
        for name in ("timestamp", "started_at", "ended_at"):
            kept[name] = kept[name].isoformat() if kept[name] else None
        return kept | {"messages": [list(line) for line in self.messages]}

    @classmethod
    def restored(cls, kept: dict[str, Any]) -> Self:
        """From what `reduced` gave."""
        times = {name: moment(kept.get(name)) for name in ("timestamp", "started_at", "ended_at")}
        lines = tuple((role, content) for role, content in kept.get("messages") or ())
        return cls(**{name: kept.get(name) for name in cls.__dataclass_fields__} | times | {"messages": lines})


def read_event(raw: bytes) -> WebhookEvent:
    """Read a verified body. Raises `Malformed` when it is no event of a call; all else may be missing."""
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        data = None
    message = mapping(mapping(data).get("message")) or mapping(data)
    call = mapping(message.get("call"))
    kind, call_id = text(message.get("type")), text(call.get("id"))
    if not kind or not call_id:
        raise Malformed("This webhook is no event of a call.")
    line = mapping(first(message, "phone_number", "phoneNumber"))
    assistant = mapping(message.get("assistant"))
    return WebhookEvent(
        type=kind,
        timestamp=moment(message.get("timestamp")),
        call_id=call_id,
        call_type=text(call.get("type")) or "",
        status=states.normal(text(call.get("status")) or ""),
        number_id=text(line.get("id")),
        number=text(line.get("number")),
        customer=text(mapping(message.get("customer")).get("number")),
        reference=text(mapping(assistant.get("metadata")).get("our_ref")),
        provider=text(mapping(assistant.get("llm_config")).get("provider")),
        duration_seconds=whole(message.get("duration_seconds")),
        end_reason=text(message.get("end_reason")),
        error=text(message.get("error")),
        started_at=moment(message.get("started_at")),
        ended_at=moment(message.get("ended_at")),
        summary=text(message.get("summary")),
        messages=reading.messages(message.get("messages")),
        analysis=clean(mapping(first(message, "analysis", "analysis_result"))) or None,
        recording_url=link(message.get("recording_url")),
    )
