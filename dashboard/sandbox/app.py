"""The sandbox as a WSGI application: limits, faults, key, operation, answer; the world is moved up to now first."""

import json
import math
import threading
from collections.abc import Callable, Iterable

from . import engine, levers, questions, recordings, webhooks, world
from .api import health, routes
from .api.context import Context
from .clock import Clock
from .errors import Refusal
from .exchange import Answer, ConnectionCut, Request
from .faults import Fault, Faults
from .limits import Limits
from .log import RequestLog
from .records import Organization, World
from .scenario import Scenario
from .webhooks import Deliver, Event

PREFIX = "/api/v1"
FREE = ("/health",)


def make(
    seed: str | int = "patchbay",
    clock: Clock | None = None,
    world: str | World = "demo",
    *,
    ambient: bool | None = None,
    deliver: Deliver | None = None,
) -> "Sandbox":
    """A sandbox ready to be asked. `world` is `demo`, `small` (no past, nobody calls) or a World of your own.

    `deliver(url, headers, body)` gets the webhooks in place of the network: in order, and in the thread of the request.
    """
    return Sandbox(str(seed), clock or Clock(), world, ambient=ambient, deliver=deliver)


class Sandbox:
    """Callable as WSGI application; `advance` and `step` move the world without a request."""

    def __init__(
        self,
        seed: str,
        clock: Clock,
        kind: str | World,
        *,
        ambient: bool | None = None,
        deliver: Deliver | None = None,
    ) -> None:
        self.clock, self.lock = clock, threading.RLock()
        self.limits, self.faults, self.log = Limits(), Faults(seed), RequestLog()
        self._deliver = deliver
        self.postman = None if deliver else webhooks.Postman(self.heard)
        self._sending = threading.RLock()
        self._held: list[tuple[float, Event]] = []
        self.world = kind if isinstance(kind, World) else world.build(kind, seed, clock.now())
        self.scenario: Scenario | None = None
        self.address = self.world.address
        self._moment: float | None = None
        self.kind = "demo" if isinstance(kind, World) else kind
        if ambient is not None:
            self.world.switches.ambient = ambient

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        request = Request.read(environ)
        self.step()
        answer = self.answer(request)
        self.send_webhooks()
        if answer.pause:
            environ.get("sandbox.pause", threading.Event().wait)(answer.pause)
        if answer.cut:
            raise ConnectionCut("cut by the sandbox")
        body = answer.encoded()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))} | answer.headers
        if answer.status == 204:
            del headers["Content-Length"], headers["Content-Type"]
        start_response(answer.status_line(), list(headers.items()))
        return [body]

    def step(self) -> None:
        """Move the world up to now and send what it has to say."""
        self.move()
        self.send_webhooks()

    def move(self) -> None:
        """Move the world up to now; a scenario's steps come at their own times, one may move the clock itself."""
        with self.lock:
            self.world.address = self.address
            while self.scenario and (step := self.scenario.due(self.clock.now())):
                self._moment = self.scenario.began + step.at
                engine.step(self.world, self._moment)
                self.scenario.take(self, step)
                self._moment = None
            engine.step(self.world, self.clock.now())

    def now(self) -> float:
        """What time it is for a lever: the moment of a scenario's step, whenever it is taken, or the clock's."""
        return self.clock.now() if self._moment is None else self._moment

    def play(self, scenario: Scenario | None) -> None:
        """Begin a scenario now, in place of the one before; none leaves everything as it stands."""
        with self.lock:
            self.world.scripted = {}
            if scenario:
                scenario.start(self)
            self.scenario = scenario

    def advance(self, seconds: float) -> None:
        """Let so much time pass (world seconds)."""
        self.clock.advance(seconds)
        self.step()

    def heard(self, event: Event, said: object) -> None:
        """What a receiver answered to a question; the call goes on in this moment."""
        try:
            told = json.loads(said) if isinstance(said, bytes | str) else None
        except ValueError:
            told = None
        with self.lock:
            self.move()
            questions.answered(self.world, event.call_id, event.question, told, self.clock.now())

    def send_webhooks(self) -> None:
        with self._sending:
            with self.lock:
                waiting, self.world.outbox = self.world.outbox, []
                now = self.clock.now()
                due = [event for at, event in self._held if at <= now]
                self._held = [(at, event) for at, event in self._held if at > now]
            for event in waiting:
                self._send(event)
            for event in due:
                self._carry(event, None)

    def forget_webhooks(self) -> None:
        """Those that were to come late."""
        self._held = []

    def answer(self, request: Request) -> Answer:
        """The answer to one request; what it changes is changed when this returns."""
        with self.lock:
            if request.path.startswith("/_sandbox"):
                return levers.answer(self, request)
            if request.path.startswith(recordings.PATH):
                return recordings.answer(self.world, request)
            org = self._organization(request.key)
            entry = self.log.arrived(request, self.clock.wall(), org)
            path = request.path.removeprefix(PREFIX) if request.path.startswith(PREFIX + "/") else ""
            fault: Fault | None = None
            try:
                self._within_limit(request, path)
                fault = self.faults.take(request.method, path, request.key)
                answer = (fault and fault.instead(self.world.switches.error_shape)) or self._operate(
                    request, path, org, fault
                )
            except Refusal as no:
                answer = self._refused(no)
            if fault:
                entry.fault, answer = fault.fault, fault.spoil(answer)
            answer.headers = self._limit_headers(request) | answer.headers
            answer.body = answer.encoded()
            self.log.answered(entry, answer)
            return answer

    def _operate(self, request: Request, path: str, org: Organization | None, fault: Fault | None) -> Answer:
        if path in FREE and request.method == "GET":
            return health.health(self.clock.now())
        self._authenticated(request.key)
        operation, ids = routes.find(request.method, path)
        if fault and fault.fault == "end_on_command" and (call := self.world.calls.get(ids[0])):
            levers.end_now(self, call)
        context = Context(self.world, org, request, self.limits, self.clock.now(), self.clock.wall())  # type: ignore[arg-type]
        return operation(context, *ids)

    def _organization(self, key: str) -> Organization | None:
        known = self.world.keys.get(key)
        return self.world.organizations.get(known.org_id) if known else None

    def _authenticated(self, key: str) -> None:
        known = self.world.keys.get(key)
        if known is None:
            raise Refusal(401, "Invalid or missing API key")
        if known.state != "active":
            raise Refusal(401, f"This API key is {known.state}", code=f"api_key_{known.state}")

    def _within_limit(self, request: Request, path: str) -> None:
        """A 429 comes before anything is done (§1.4)."""
        if path in FREE:
            return
        wall, allowed = self.clock.wall(), self.world.switches.requests_per_minute
        if not self.limits.take("requests", request.key, allowed, wall):
            wait = self.limits.retry_after("requests", request.key, wall)
            message = f"Too many requests. Please retry after {wait} seconds."
            raise Refusal(429, message, retry_after=wait, extra={"retry_after": wait})

    def _limit_headers(self, request: Request) -> dict[str, str]:
        wall, allowed = self.clock.wall(), self.world.switches.requests_per_minute
        return {
            "X-RateLimit-Limit": str(allowed),
            "X-RateLimit-Remaining": str(self.limits.left("requests", request.key, allowed, wall)),
            "X-RateLimit-Reset": str(int(-(-self.limits.resets_at("requests", request.key, wall) // 1))),
        }

    def _refused(self, no: Refusal) -> Answer:
        headers = {"Retry-After": str(no.retry_after)} if no.retry_after else {}
        return Answer(no.status, no.body(self.world.switches.error_shape), headers)

    def _send(self, event: Event) -> None:
        """What comes late does so after its seconds, or as soon as the next of its call has overtaken it."""
        fault = self.faults.take_for_webhook(event.name)
        if fault and fault.fault == "webhook_late":
            self._held.append((self.clock.now() + fault.seconds if fault.seconds else math.inf, event))
            return
        self._carry(event, fault.fault if fault else None)
        overtaken = [held for held in self._held if held[0] == math.inf and held[1].call_id == event.call_id]
        self._held = [held for held in self._held if held not in overtaken]
        for _, one in overtaken:
            self._carry(one, None)

    def _of_others(self, call_id: str) -> str:
        """A call of another organization than this one's, where there is one."""
        mine = self.world.calls.get(call_id)
        others = (call.id for call in self.world.calls.values() if mine and call.org_id != mine.org_id)
        return next(others, "call-of-somebody-else")

    def _carry(self, event: Event, fault: str | None) -> None:
        for sent, body in webhooks.spoilt(event, self.clock.wall(), fault, self._of_others(event.call_id)):
            if self._deliver:
                said = self._deliver(event.url, sent, body)
                if event.question and said is not None:
                    self.heard(event, said)
            elif self.postman:
                self.postman(event, sent, body)
