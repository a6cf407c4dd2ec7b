"""The simulated VoiceDock: its state, clock, faults, webhooks and scenario, and how they move on in time."""

import json
import math
import threading
from abc import ABC, abstractmethod

from . import blocking_webhooks, calls, engine, initial_state, webhooks
from .clock import Clock
from .faults import Faults
from .http_messages import Request, Response
from .rate_limits import RateLimits
from .records import Call
from .request_log import RequestLog
from .scenario import Scenario, Step
from .state import State
from .webhooks import Deliver, Event


class Simulation(ABC):
    """Moves with its clock. `lock` guards the state; `advance` and `step` move it without a request."""

    def __init__(
        self,
        seed: str,
        clock: Clock,
        dataset: str | State,
        *,
        background_traffic: bool | None = None,
        deliver: Deliver | None = None,
    ) -> None:
        self.clock, self.lock = clock, threading.RLock()
        self.limits, self.faults, self.log = RateLimits(), Faults(seed), RequestLog()
        self.state = dataset if isinstance(dataset, State) else initial_state.build(dataset, seed, clock.now())
        self.dataset = "demo" if isinstance(dataset, State) else dataset
        self.base_url = self.state.base_url
        self.scenario: Scenario | None = None
        self._step_time: float | None = None
        self._deliver = deliver
        self.webhook_sender = None if deliver else webhooks.WebhookSender(self.receive_webhook_response)
        self._sending = threading.RLock()
        self._delayed: list[tuple[float, Event]] = []
        if background_traffic is not None:
            self.state.options.background_traffic = background_traffic

    @abstractmethod
    def handle_admin_request(self, request: Request) -> Response:
        """Answer a request to `/_sandbox`; scenarios run their steps through it."""

    @abstractmethod
    def is_admin_route(self, method: str, path: str) -> bool:
        """Whether the admin API has this path, given without `/_sandbox/`."""

    def step(self) -> None:
        """Move the state up to now and send the webhooks that are due."""
        self.move()
        self.send_webhooks()

    def advance(self, seconds: float) -> None:
        """Move the clock forward (sandbox seconds) and step."""
        self.clock.advance(seconds)
        self.step()

    def move(self) -> None:
        """Move the state up to now; the scenario's steps run at their own times, also one that moves the clock."""
        with self.lock:
            self.state.base_url = self.base_url
            while self.scenario and (step := self.scenario.due(self.clock.now())):
                self._step_time = self.scenario.started_at + step.at
                engine.step(self.state, self._step_time)
                self._run_scenario_step(self.scenario, step)
                self._step_time = None
            engine.step(self.state, self.clock.now())

    def now(self) -> float:
        """The time at which an admin request takes effect: of the scenario's step while one runs, else the clock's."""
        return self.clock.now() if self._step_time is None else self._step_time

    def play(self, scenario: Scenario | None) -> None:
        """Start a scenario now in place of the one before; None stops it and leaves everything as it is.

        Raises ValueError for an option that does not exist, before anything has started.
        """
        with self.lock:
            if scenario:
                self.state.options.update(scenario.options)
                scenario.started_at = self.now()
            self.state.scripted_people = {person.number: person for person in scenario.people} if scenario else {}
            self.scenario = scenario

    def end_call(self, call: Call) -> None:
        """The person on the phone hangs up."""
        if call.live:
            calls.end(self.state, call, self.now(), "ended", "user_hangup")

    def receive_webhook_response(self, event: Event, body: object) -> None:
        """Continue the call that waited for this response of a receiver."""
        try:
            data = json.loads(body) if isinstance(body, bytes | str) else None
        except ValueError:
            data = None
        with self.lock:
            self.move()
            blocking_webhooks.receive_response(self.state, event.call_id, event.pending_id, data, self.clock.now())

    def send_webhooks(self) -> None:
        with self._sending:
            with self.lock:
                waiting, self.state.outbox = self.state.outbox, []
                now = self.clock.now()
                due = [event for at, event in self._delayed if at <= now]
                self._delayed = [(at, event) for at, event in self._delayed if at > now]
            for event in waiting:
                self._send_with_fault(event)
            for event in due:
                self._send(event, None)

    def drop_delayed_webhooks(self) -> None:
        self._delayed = []

    def _run_scenario_step(self, scenario: Scenario, step: Step) -> None:
        """Make the step's request and record its status, also that of an error."""
        raw = json.dumps(step.body).encode()
        request = Request(step.method, f"/_sandbox/{step.path}", {}, raw, key="", peer="127.0.0.1")
        result: dict[str, object] = {"at": step.at, "path": step.path, "status": None}
        scenario.results.append(result)  # first: a step that moves the clock enters `move` again
        result["status"] = self.handle_admin_request(request).status

    def _send_with_fault(self, event: Event) -> None:
        """A delayed webhook leaves after its seconds, or as soon as the next one of its call has overtaken it."""
        fault = self.faults.take_for_webhook(event.name)
        if fault and fault.fault == "webhook_late":
            self._delayed.append((self.clock.now() + fault.seconds if fault.seconds else math.inf, event))
            return
        self._send(event, fault.fault if fault else None)
        overtaken = [entry for entry in self._delayed if entry[0] == math.inf and entry[1].call_id == event.call_id]
        self._delayed = [entry for entry in self._delayed if entry not in overtaken]
        for _, late_event in overtaken:
            self._send(late_event, None)

    def _send(self, event: Event, fault: str | None) -> None:
        foreign_call_id = self._call_of_another_organization(event.call_id)
        for headers, body in webhooks.deliveries(event, self.clock.wall_time(), fault, foreign_call_id):
            if self._deliver:
                response = self._deliver(event.url, headers, body)
                if event.pending_id and response is not None:
                    self.receive_webhook_response(event, response)
            elif self.webhook_sender:
                self.webhook_sender(event, headers, body)

    def _call_of_another_organization(self, call_id: str) -> str:
        own = self.state.calls.get(call_id)
        others = (call.id for call in self.state.calls.values() if own and call.org_id != own.org_id)
        return next(others, "call-of-somebody-else")
