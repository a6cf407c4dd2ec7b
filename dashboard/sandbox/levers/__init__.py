"""The sandbox's own controls under /_sandbox: no key, loopback only; the vendor has nothing like them."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import Refusal
from ..exchange import Answer, Request
from . import callers, course, memory, organizations, trouble
from .callers import end_now

if TYPE_CHECKING:
    from ..app import Sandbox

__all__ = ["LEVERS", "answer", "end_now", "there_is"]

LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")


def answer(sandbox: "Sandbox", request: Request) -> Answer:
    """The levers are told apart by method and path; an error is always shape A."""
    try:
        if request.peer not in LOOPBACK:
            raise Refusal(403, "The sandbox's controls answer on loopback only")
        if found := _found(request.method, request.path):
            lever, ids = found
            return lever(sandbox, request, *ids)
        raise Refusal(404)
    except Refusal as no:
        return Answer(no.status, no.body("A"))
    except (ValueError, TypeError) as error:
        return Answer(400, Refusal(400, str(error)).body("A"))


def there_is(method: str, path: str) -> bool:
    """Whether a scenario may pull this one; `path` is what comes after /_sandbox/."""
    return _found(method, f"/_sandbox/{path}") is not None


def _found(method: str, path: str) -> tuple[Callable, tuple] | None:
    for known, pattern, lever in LEVERS:
        found = re.fullmatch(pattern, path.rstrip("/"))
        if found and known == method:
            return lever, found.groups()
    return None


LEVERS: list[tuple[str, str, Callable]] = [
    ("GET", "/_sandbox", memory.overview),
    ("GET", "/_sandbox/organizations", organizations.organizations),
    ("POST", "/_sandbox/organizations/([^/]+)", organizations.change_organization),
    ("POST", "/_sandbox/keys", organizations.change_key),
    ("GET", "/_sandbox/log", memory.log),
    ("DELETE", "/_sandbox/log", memory.clear_log),
    ("GET", "/_sandbox/webhooks", memory.deliveries),
    ("GET", "/_sandbox/faults", trouble.faults),
    ("POST", "/_sandbox/faults", trouble.order_fault),
    ("DELETE", "/_sandbox/faults", trouble.clear_faults),
    ("GET", "/_sandbox/switches", trouble.switches),
    ("POST", "/_sandbox/switches", trouble.switches),
    ("POST", "/_sandbox/outcomes", callers.outcome),
    ("POST", "/_sandbox/calls/inbound", callers.ring),
    ("POST", "/_sandbox/calls/([^/]+)/force", callers.force),
    ("GET", "/_sandbox/clock", course.clock),
    ("POST", "/_sandbox/clock", course.clock),
    ("POST", "/_sandbox/balance", organizations.balance),
    ("POST", "/_sandbox/hang-up", callers.hang_up),
    ("GET", "/_sandbox/scenarios", course.scenarios),
    ("POST", "/_sandbox/scenarios", course.play),
    ("DELETE", "/_sandbox/scenarios", course.stop),
    ("POST", "/_sandbox/reset", course.reset),
]
