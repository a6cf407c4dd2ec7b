"""The sandbox as a WSGI application: rate limits, faults, API keys and operations, after the state was moved to now."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from . import admin_api, recordings
from .api import health, routes
from .api.context import Context
from .clock import Clock
from .errors import ApiError
from .faults import Fault
from .http_messages import ConnectionCut, Request, Response
from .records import Organization
from .simulation import Simulation
from .state import State
from .webhooks import Deliver

PREFIX = "/api/v1"
WITHOUT_KEY = ("/health",)


def make(
    seed: str | int = "patchbay",
    clock: Clock | None = None,
    dataset: str | State = "demo",
    *,
    background_traffic: bool | None = None,
    deliver: Deliver | None = None,
) -> "Sandbox":
    """A sandbox that can be called. `dataset` is `demo`, `small` (no past, no background traffic) or a State.

    `deliver(url, headers, body)` receives the webhooks in place of the network: in order, in the request's thread.
    """
    return Sandbox(str(seed), clock or Clock(), dataset, background_traffic=background_traffic, deliver=deliver)


class Sandbox(Simulation):
    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request.read(environ)
        self.step()
        response = self.respond(request)
        self.send_webhooks()
        if response.pause:
            environ.get("sandbox.pause", threading.Event().wait)(response.pause)
        if response.cut:
            raise ConnectionCut("cut by the sandbox")
        body = response.encoded()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))} | response.headers
        if response.status == 204:
            del headers["Content-Length"], headers["Content-Type"]
        start_response(response.status_line(), list(headers.items()))
        return [body]

    def respond(self, request: Request) -> Response:
        """The response to one request; its changes are made when this returns."""
        with self.lock:
            if request.path.startswith("/_sandbox"):
                return self.handle_admin_request(request)
            if request.path.startswith(recordings.PATH):
                return recordings.respond(self.state, request)
            return self._respond_and_log(request)

    def handle_admin_request(self, request: Request) -> Response:
        return admin_api.respond(self, request)

    def is_admin_route(self, method: str, path: str) -> bool:
        return admin_api.is_route(method, path)

    def _respond_and_log(self, request: Request) -> Response:
        org = self._organization(request.key)
        entry = self.log.add(request, self.clock.wall_time(), org)
        path = request.path.removeprefix(PREFIX) if request.path.startswith(PREFIX + "/") else ""
        fault: Fault | None = None
        try:
            self._check_rate_limit(request, path)
            fault = self.faults.take(request.method, path, request.key)
            replacement = fault and fault.replacement(self.state.options.error_shape)
            response = replacement or self._operate(request, path, org, fault)
        except ApiError as error:
            response = self._error_response(error)
        if fault:
            entry.fault, response = fault.fault, fault.alter(response)
        response.headers = self._rate_limit_headers(request) | response.headers
        response.body = response.encoded()
        self.log.complete(entry, response)
        return response

    def _operate(self, request: Request, path: str, org: Organization | None, fault: Fault | None) -> Response:
        if path in WITHOUT_KEY and request.method == "GET":
            return health.health(self.clock.now())
        self._check_key(request.key)
        operation, ids = routes.find(request.method, path)
        if fault and fault.fault == "end_on_command" and (call := self.state.calls.get(ids[0])):
            self.end_call(call)
        context = Context(self.state, org, request, self.limits, self.clock.now(), self.clock.wall_time())  # type: ignore[arg-type]
        return operation(context, *ids)

    def _organization(self, key: str) -> Organization | None:
        known = self.state.keys.get(key)
        return self.state.organizations.get(known.org_id) if known else None

    def _check_key(self, key: str) -> None:
        known = self.state.keys.get(key)
        if known is None:
            raise ApiError(401, "Invalid or missing API key")
        if known.state != "active":
            raise ApiError(401, f"This API key is {known.state}", code=f"api_key_{known.state}")

    def _check_rate_limit(self, request: Request, path: str) -> None:
        """A 429 comes before anything is done (§1.4)."""
        if path in WITHOUT_KEY:
            return
        wall_time, allowed = self.clock.wall_time(), self.state.options.requests_per_minute
        if not self.limits.take("requests", request.key, allowed, wall_time):
            wait = self.limits.retry_after("requests", request.key, wall_time)
            message = f"Too many requests. Please retry after {wait} seconds."
            raise ApiError(429, message, retry_after=wait, extra={"retry_after": wait})

    def _rate_limit_headers(self, request: Request) -> dict[str, str]:
        wall_time, allowed = self.clock.wall_time(), self.state.options.requests_per_minute
        return {
            "X-RateLimit-Limit": str(allowed),
            "X-RateLimit-Remaining": str(self.limits.left("requests", request.key, allowed, wall_time)),
            "X-RateLimit-Reset": str(int(-(-self.limits.resets_at("requests", request.key, wall_time) // 1))),
        }

    def _error_response(self, error: ApiError) -> Response:
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
        return Response(error.status, error.body(self.state.options.error_shape), headers)
