"""VoiceDock's webhooks: their signatures, and the event in the body, reduced to what is in use (`§11`)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from . import parsing, states
from .capabilities import Family, family_of
from .errors import InvalidSignature, Malformed, StaleTimestamp
from .parsing import clean, date_time, first_present, integer, mapping, text, url

TOLERANCE = 300  # seconds, both ways

_DIRECTIONS = {"inbound_phone_call": "inbound", "outbound_phone_call": "outbound", "web_call": "web"}
_DIRECTIONS |= {"inboundPhoneCall": "inbound", "outboundPhoneCall": "outbound", "webCall": "web"}  # the oldest pages


def sign(secret: str, timestamp: str, raw_body: bytes) -> str:
    """The signature without `sha256=`: HMAC-SHA256 over timestamp, a dot and the raw body (`§11.3`)."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + raw_body, hashlib.sha256).hexdigest()


def verify(raw_body: bytes, signature: str | None, timestamp: str | None, secrets: Sequence[str], now: float) -> int:
    """The index of the secret that signed this body; `now` in Unix seconds.

    Raises `InvalidSignature`, and `StaleTimestamp` for a valid one more than five minutes from `now`. Nothing of the
    body may be read before.
    """
    timestamp, given = (timestamp or "").strip(), (signature or "").strip().removeprefix("sha256=")
    if not given or not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise InvalidSignature
    found = None
    for index, secret in enumerate(secrets):  # every secret is tried, so that the time taken reveals nothing
        fits = hmac.compare_digest(sign(secret, timestamp, raw_body).encode(), given.encode("utf-8", "replace"))
        if fits and secret and found is None:
            found = index
    if found is None:
        raise InvalidSignature
    if abs(now - int(timestamp)) > TOLERANCE:
        raise StaleTimestamp
    return found


@dataclass(frozen=True)
class WebhookEvent:
    """One event (`§11.5`). `call_id` may differ from the id of the call in REST; `reference` is our call's id, echoed.

    `number` is ours and `customer` the person's, both None on web calls. `provider` is that of the model really used.
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
        """As JSON, which `restored` reads; nothing else of the webhook has to be stored."""
        payload = {name: getattr(self, name) for name in self.__dataclass_fields__}  # `asdict` copies each value
        for name in ("timestamp", "started_at", "ended_at"):
            payload[name] = payload[name].isoformat() if payload[name] else None
        return payload | {"messages": [list(line) for line in self.messages]}

    @classmethod
    def restored(cls, payload: dict[str, Any]) -> Self:
        """From what `reduced` returned."""
        times = {name: date_time(payload.get(name)) for name in ("timestamp", "started_at", "ended_at")}
        lines = tuple((role, content) for role, content in payload.get("messages") or ())
        return cls(**{name: payload.get(name) for name in cls.__dataclass_fields__} | times | {"messages": lines})


def read_event(raw: bytes) -> WebhookEvent:
    """Read a verified body. Raises `Malformed` without a type or a call id; all other fields may be missing."""
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        data = None
    message = mapping(mapping(data).get("message")) or mapping(data)
    call = mapping(message.get("call"))
    kind, call_id = text(message.get("type")), text(call.get("id"))
    if not kind or not call_id:
        raise Malformed("This webhook is no event of a call.")
    line = mapping(first_present(message, "phone_number", "phoneNumber"))
    assistant = mapping(message.get("assistant"))
    return WebhookEvent(
        type=kind,
        timestamp=date_time(message.get("timestamp")),
        call_id=call_id,
        call_type=text(call.get("type")) or "",
        status=states.normal(text(call.get("status")) or ""),
        number_id=text(line.get("id")),
        number=text(line.get("number")),
        customer=text(mapping(message.get("customer")).get("number")),
        reference=text(mapping(assistant.get("metadata")).get("our_ref")),
        provider=text(mapping(assistant.get("llm_config")).get("provider")),
        duration_seconds=integer(message.get("duration_seconds")),
        end_reason=text(message.get("end_reason")),
        error=text(message.get("error")),
        started_at=date_time(message.get("started_at")),
        ended_at=date_time(message.get("ended_at")),
        summary=text(message.get("summary")),
        messages=parsing.messages(message.get("messages")),
        analysis=clean(mapping(first_present(message, "analysis", "analysis_result"))) or None,
        recording_url=url(message.get("recording_url")),
    )
