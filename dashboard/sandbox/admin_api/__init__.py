"""The sandbox's own API under /_sandbox: no key, loopback only. VoiceDock has nothing like it."""

import re
from collections.abc import Callable

from ..errors import ApiError
from ..http_messages import Request, Response
from ..simulation import Simulation
from . import calls, clock, faults, logs, options, organizations, overview, scenarios

__all__ = ["ROUTES", "is_route", "respond"]

LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
Handler = Callable[..., Response]

ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "/_sandbox", overview.overview),
    ("POST", "/_sandbox/reset", overview.reset),
    ("GET", "/_sandbox/organizations", organizations.organizations),
    ("POST", "/_sandbox/organizations/([^/]+)", organizations.change_organization),
    ("POST", "/_sandbox/keys", organizations.change_key),
    ("POST", "/_sandbox/balance", organizations.balance),
    ("GET", "/_sandbox/log", logs.log),
    ("DELETE", "/_sandbox/log", logs.clear_log),
    ("GET", "/_sandbox/webhooks", logs.webhook_deliveries),
    ("GET", "/_sandbox/faults", faults.faults),
    ("POST", "/_sandbox/faults", faults.add_fault),
    ("DELETE", "/_sandbox/faults", faults.remove_faults),
    ("GET", "/_sandbox/options", options.options),
    ("POST", "/_sandbox/options", options.change_options),
    ("POST", "/_sandbox/outcomes", calls.set_outcome),
    ("POST", "/_sandbox/calls/inbound", calls.receive_inbound),
    ("POST", "/_sandbox/calls/([^/]+)/force", calls.force_status),
    ("POST", "/_sandbox/hang-up", calls.hang_up),
    ("GET", "/_sandbox/clock", clock.clock),
    ("POST", "/_sandbox/clock", clock.change_clock),
    ("GET", "/_sandbox/scenarios", scenarios.scenarios),
    ("POST", "/_sandbox/scenarios", scenarios.play),
    ("DELETE", "/_sandbox/scenarios", scenarios.stop),
]


def respond(simulation: Simulation, request: Request) -> Response:
    """The response of the handler for the method and path; an error always has shape A."""
    try:
        if request.peer not in LOOPBACK:
            raise ApiError(403, "The sandbox's controls answer on loopback only")
        if found := _find(request.method, request.path):
            handler, ids = found
            return handler(simulation, request, *ids)
        raise ApiError(404)
    except ApiError as error:
        return Response(error.status, error.body("A"))
    except (ValueError, TypeError) as error:
        return Response(400, ApiError(400, str(error)).body("A"))


def is_route(method: str, path: str) -> bool:
    """Whether there is such a request; `path` comes after `/_sandbox/`."""
    return _find(method, f"/_sandbox/{path}") is not None


def _find(method: str, path: str) -> tuple[Handler, tuple[str, ...]] | None:
    for known_method, pattern, handler in ROUTES:
        found = re.fullmatch(pattern, path.rstrip("/"))
        if found and known_method == method:
            return handler, found.groups()
    return None
