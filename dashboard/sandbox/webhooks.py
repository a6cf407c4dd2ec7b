"""What VoiceDock tells without being asked: status updates and reports, signed (voicedock-api.md §11)."""

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

from . import chance, recordings
from .records import Call, World
from .wire import iso

log = logging.getLogger(__name__)
Deliver = Callable[[str, dict[str, str], bytes], object]  # what it returns is the answer to a question: bytes, or none
LARGEST_ANSWER = 256 * 1024  # bytes


@dataclass
class Event:
    """A webhook waiting to be signed and sent; `body` are the exact bytes."""

    url: str
    secret: str | None
    name: str
    call_id: str
    body: bytes
    question: str = ""  # its id, where the call waits for the answer


def status_update(world: World, call: Call, at: float) -> None:
    message: dict = {}
    if call.status != "in-progress":
        message["end_reason"] = call.end_reason
    if call.error:
        message["error"] = call.error
    _post(world, call, at, "status-update", message)


def end_of_call_report(world: World, call: Call, at: float) -> None:
    message = {
        "duration_seconds": call.seconds,
        "end_reason": call.end_reason,
        "started_at": iso(call.started_at),
        "ended_at": iso(call.ended_at),
        "summary": call.summary,
        "messages": call.messages,
        "analysis": call.analysis,
        "recording_url": recordings.address(world, call),
    }
    _post(world, call, at, "end-of-call-report", message)


def target(world: World, call: Call, name: str, tool: dict | None = None) -> tuple[str, str | None] | None:
    """Address and secret, the most specific first: the tool's, the assistant's, the account's (§11.1)."""
    if tool and tool.get("url"):
        return tool["url"], tool.get("secret")
    url, wanted = call.config.get("webhook_url"), call.config.get("webhook_events")
    if url:
        return (url, call.config.get("webhook_secret")) if wanted is None or name in wanted else None
    account = world.organizations[call.org_id].webhook_url
    return (account, None) if account else None


def ask(world: World, call: Call, at: float, name: str, message: dict, where: tuple, question: str) -> None:
    """Post a message whose answer counts."""
    _put(world, call, at, name, message, where, question)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The value of X-Webhook-Signature: HMAC-SHA256 over `timestamp.body` (§11.3)."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def headers(event: Event, wall: float) -> dict[str, str]:
    """The headers of one delivery at `wall` (Unix seconds); unsigned when the assistant has no secret."""
    timestamp = str(int(wall))
    sent = {
        "Content-Type": "application/json",
        "User-Agent": "HMS-Sovereign/1.0",
        "X-Webhook-Event": event.name,
        "X-Webhook-Timestamp": timestamp,
    }
    return sent | ({"X-Webhook-Signature": sign(event.secret, timestamp, event.body)} if event.secret else {})


def spoilt(event: Event, wall: float, fault: str | None, other: str = "") -> list[tuple[dict[str, str], bytes]]:
    """What really leaves: usually one delivery, with a fault none, two, or one that must not be believed.

    `other` is the id of a call of another organization.
    """
    usual = headers(event, wall)
    if fault == "webhook_lost":
        return []
    if fault == "webhook_twice":
        return [(usual, event.body)] * 2
    if fault == "webhook_forged":
        return [(usual | {"X-Webhook-Signature": "sha256=" + "0" * 64}, event.body)]
    if fault == "webhook_stale":
        return [(headers(event, wall - 600), event.body)]
    if fault == "webhook_unsigned":
        return [({name: value for name, value in usual.items() if name != "X-Webhook-Signature"}, event.body)]
    if fault == "webhook_reserialized":
        return [(usual, json.dumps(json.loads(event.body), indent=1).encode())]
    if fault == "webhook_foreign":
        body = event.body.replace(json.dumps(event.call_id).encode(), json.dumps(other).encode())
        return [(headers(replace(event, body=body), wall), body)]
    return [(usual, event.body)]


def _post(world: World, call: Call, at: float, name: str, message: dict) -> None:
    if where := target(world, call, name):
        _put(world, call, at, name, message, where)


def _put(
    world: World, call: Call, at: float, name: str, message: dict, where: tuple[str, str | None], question: str = ""
) -> None:
    number = world.numbers.get(call.number_id or "")
    uuids = world.switches.webhook_call_id == "uuid"
    common = {
        "type": name,
        "timestamp": iso(at),
        "call": {
            "id": chance.uuid_of("webhook", call.id) if uuids else call.id,
            "type": f"{call.direction}_phone_call",
            "status": call.status,
        },
        "phone_number": {"id": call.number_id, "number": call.our_number, "name": number.name if number else None},
        "customer": {"number": call.person},
        "assistant": call.config,
    }
    body = json.dumps({"message": common | message}, separators=(",", ":")).encode()
    url, secret = where
    world.outbox.append(Event(url, secret, name, call.id, body, question))


class Postman:
    """Delivers from threads of its own. The events of one call keep their order; what became of them is remembered."""

    def __init__(self, heard: Callable[[Event, object], None], threads: int = 4) -> None:
        self.heard = heard
        self.history: deque[dict] = deque(maxlen=1000)
        self._queues: list[queue.SimpleQueue] = [queue.SimpleQueue() for _ in range(threads)]
        for waiting in self._queues:
            threading.Thread(target=self._walk, args=(waiting,), daemon=True).start()

    def __call__(self, event: Event, sent: dict[str, str], body: bytes) -> None:
        self._queues[hash(event.call_id) % len(self._queues)].put((event, sent, body))

    def _walk(self, waiting: queue.SimpleQueue) -> None:
        while True:
            event, sent, body = waiting.get()
            result, said = _send(event.url, sent, body)
            if event.question:
                self.heard(event, said)
            self.history.append({"event": event.name, "call_id": event.call_id, "url": event.url, "result": result})


def _send(url: str, sent: dict[str, str], body: bytes) -> tuple[str, bytes]:
    try:
        request = urllib.request.Request(url, data=body, headers=sent, method="POST")
        with urllib.request.urlopen(request, timeout=10) as response:
            return str(response.status), response.read(LARGEST_ANSWER)
    except Exception as error:  # whatever the receiver does must not stop the postman
        log.debug("webhook to %s: %s", url, error)
        return str(error), b""
