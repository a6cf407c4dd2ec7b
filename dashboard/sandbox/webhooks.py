"""Webhooks of VoiceDock: status updates, reports and the blocking ones, signed (voicedock-api.md §11)."""

import hashlib
import hmac
import json
import logging
import queue
import threading
import urllib.request
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from . import random_source, recordings
from .records import Call
from .serializers import iso
from .state import State

log = logging.getLogger(__name__)
Deliver = Callable[[str, dict[str, str], bytes], object]  # returns the response's body for a blocking webhook
LARGEST_RESPONSE = 256 * 1024  # bytes
TIMEOUT = 10  # seconds


@dataclass
class Event:
    """A webhook waiting to be signed and sent; `body` holds the exact bytes."""

    url: str
    secret: str | None
    name: str
    call_id: str
    body: bytes
    pending_id: str = ""  # set where the call waits for the response


def status_update(state: State, call: Call, at: float) -> None:
    message: dict[str, Any] = {}
    if call.status != "in-progress":
        message["end_reason"] = call.end_reason
    if call.error:
        message["error"] = call.error
    _send_to_target(state, call, at, "status-update", message)


def end_of_call_report(state: State, call: Call, at: float) -> None:
    message = {
        "duration_seconds": call.seconds,
        "end_reason": call.end_reason,
        "started_at": iso(call.started_at),
        "ended_at": iso(call.ended_at),
        "summary": call.summary,
        "messages": call.messages,
        "analysis": call.analysis,
        "recording_url": recordings.url(state, call),
    }
    _send_to_target(state, call, at, "end-of-call-report", message)


def target(state: State, call: Call, name: str, tool: dict[str, Any] | None = None) -> tuple[str, str | None] | None:
    """URL and secret, the most specific first: the tool's, the assistant's, the account's (§11.1)."""
    if tool and tool.get("url"):
        return tool["url"], tool.get("secret")
    url, wanted = call.config.get("webhook_url"), call.config.get("webhook_events")
    if url:
        return (url, call.config.get("webhook_secret")) if wanted is None or name in wanted else None
    account_url = state.organizations[call.org_id].webhook_url
    return (account_url, None) if account_url else None


def send(
    state: State,
    call: Call,
    at: float,
    name: str,
    message: dict[str, Any],
    target: tuple[str, str | None],
    pending_id: str = "",
) -> None:
    """Put a webhook into the outbox."""
    number = state.numbers.get(call.number_id or "")
    other_id = state.options.webhook_call_id == "uuid"
    common = {
        "type": name,
        "timestamp": iso(at),
        "call": {
            "id": random_source.uuid_for("webhook", call.id) if other_id else call.id,
            "type": f"{call.direction}_phone_call",
            "status": call.status,
        },
        "phone_number": {"id": call.number_id, "number": call.our_number, "name": number.name if number else None},
        "customer": {"number": call.counterpart_number},
        "assistant": call.config,
    }
    body = json.dumps({"message": common | message}, separators=(",", ":")).encode()
    url, secret = target
    state.outbox.append(Event(url, secret, name, call.id, body, pending_id))


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The value of X-Webhook-Signature: HMAC-SHA256 over `timestamp.body` (§11.3)."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def headers(event: Event, wall_time: float) -> dict[str, str]:
    """The headers of one delivery at `wall_time` (Unix seconds); unsigned when the assistant has no secret."""
    timestamp = str(int(wall_time))
    unsigned = {
        "Content-Type": "application/json",
        "User-Agent": "HMS-Sovereign/1.0",
        "X-Webhook-Event": event.name,
        "X-Webhook-Timestamp": timestamp,
    }
    if not event.secret:
        return unsigned
    return unsigned | {"X-Webhook-Signature": sign(event.secret, timestamp, event.body)}


def deliveries(
    event: Event, wall_time: float, fault: str | None, foreign_call_id: str = ""
) -> list[tuple[dict[str, str], bytes]]:
    """Headers and body of each delivery: usually one, with a fault none, two, or one that must not be trusted.

    `foreign_call_id` is the id of a call of another organization.
    """
    usual = headers(event, wall_time)
    if fault == "webhook_lost":
        return []
    if fault == "webhook_twice":
        return [(usual, event.body)] * 2
    if fault == "webhook_forged":
        return [(usual | {"X-Webhook-Signature": "sha256=" + "0" * 64}, event.body)]
    if fault == "webhook_stale":
        return [(headers(event, wall_time - 600), event.body)]
    if fault == "webhook_unsigned":
        return [({name: value for name, value in usual.items() if name != "X-Webhook-Signature"}, event.body)]
    if fault == "webhook_reserialized":
        return [(usual, json.dumps(json.loads(event.body), indent=1).encode())]
    if fault == "webhook_foreign":
        body = event.body.replace(json.dumps(event.call_id).encode(), json.dumps(foreign_call_id).encode())
        return [(headers(replace(event, body=body), wall_time), body)]
    return [(usual, event.body)]


def _send_to_target(state: State, call: Call, at: float, name: str, message: dict[str, Any]) -> None:
    if found := target(state, call, name):
        send(state, call, at, name, message, found)


class WebhookSender:
    """Delivers from threads of its own. The events of one call keep their order; `history` has the last results.

    `on_response(event, body)` is called with the response to a webhook for which a call waits.
    """

    def __init__(self, on_response: Callable[[Event, object], None], threads: int = 4) -> None:
        self.on_response = on_response
        self.history: deque[dict[str, str]] = deque(maxlen=1000)
        self._queues: list[queue.SimpleQueue[tuple[Event, dict[str, str], bytes]]] = [
            queue.SimpleQueue() for _ in range(threads)
        ]
        for waiting in self._queues:
            threading.Thread(target=self._run, args=(waiting,), daemon=True).start()

    def __call__(self, event: Event, headers: dict[str, str], body: bytes) -> None:
        self._queues[hash(event.call_id) % len(self._queues)].put((event, headers, body))

    def _run(self, waiting: "queue.SimpleQueue[tuple[Event, dict[str, str], bytes]]") -> None:
        while True:
            event, headers, body = waiting.get()
            result, response_body = _post(event.url, headers, body)
            if event.pending_id:
                self.on_response(event, response_body)
            self.history.append({"event": event.name, "call_id": event.call_id, "url": event.url, "result": result})


def _post(url: str, headers: dict[str, str], body: bytes) -> tuple[str, bytes]:
    try:
        request = urllib.request.Request(url, data=body, headers=headers, method="POST")
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            return str(response.status), response.read(LARGEST_RESPONSE)
    except Exception as error:  # whatever the receiver does must not stop this thread
        log.debug("webhook to %s failed: %s", url, error)
        return str(error), b""
