"""Injected faults: what goes wrong, on which route, for which key, how often (voicedock-api.md §15)."""

import re
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from . import random_source, schema_drift
from .errors import SHAPES, TITLES, ApiError
from .http_messages import Response

KINDS = ("html502", "slow", "hang", "cut", "lost", "truncated", "end_on_command", *schema_drift.KINDS)
WEBHOOK_KINDS = (
    "webhook_lost",
    "webhook_twice",
    "webhook_late",
    "webhook_forged",
    "webhook_stale",
    "webhook_unsigned",
    "webhook_reserialized",
    "webhook_foreign",
)
VALUES = {  # the fields of a fault, and what they must be
    "route": "a pattern such as /calls/*/control",
    "method": "a method such as POST",
    "key": "a key",
    "times": "a whole number, 0 for until it is removed",
    "seconds": "above 0 and at most 3600",
    "shape": f"one of {', '.join(SHAPES)}",
    "retry_after": "whole seconds, at least 1",
    "chance": "above 0 and at most 1",
}
HTML_502 = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass
class Fault:
    """`route` is a pattern like `/calls/*/control`; `times` counts down, None lasts. `seconds` are real ones.

    `chance` is the share of the matching requests to which it applies; only those count for `times`.

    A status (`"503"`) is an error response without effect, `html502` too; `slow` responds late; `hang` does nothing and
    never responds; `cut` drops the connection before the operation, `lost` after it; `truncated` sends half of the
    response; `end_on_command` ends the call just before a command for it is carried out; `unknown_values`,
    `missing_fields` and `extra_fields` change a response to one that is not documented. The `webhook_…` kinds apply to
    deliveries, with the event name as route; `webhook_late` comes `seconds` of the sandbox's clock later, or is
    overtaken by the next one of its call.
    """

    id: int
    fault: str
    route: str = "*"
    method: str = ""
    key: str = ""
    times: int | None = 1
    seconds: float | None = None
    shape: str = ""
    retry_after: int | None = None
    chance: float = 1.0

    def matches(self, method: str, path: str, key: str) -> bool:
        route_matches = fnmatchcase(path, self.route) or fnmatchcase(path, self.route.rstrip("/"))
        return route_matches and self.method.upper() in ("", method) and self.key in ("", key)

    def replacement(self, shape: str) -> Response | None:
        """The response in place of the operation, if this fault is of that kind."""
        if self.fault.isdigit():
            status = int(self.fault)
            retry = self.retry_after or (45 if status == 429 else None)
            error = ApiError(status, "Fault ordered in the sandbox", retry_after=retry)
            return Response(status, error.body(self.shape or shape), {"Retry-After": str(retry)} if retry else {})
        if self.fault == "html502":
            return Response(502, HTML_502, {"Content-Type": "text/html"})
        if self.fault == "hang":
            return Response(pause=self.seconds or 60.0, cut=True)
        return Response(cut=True) if self.fault == "cut" else None

    def alter(self, response: Response) -> Response:
        """The response that is sent after the operation."""
        if self.fault == "slow":
            response.pause += self.seconds or 5.0
        elif self.fault == "lost":
            response.pause, response.cut = self.seconds or 0.0, True
        elif self.fault == "truncated":
            encoded = response.encoded()
            response.body = encoded[: len(encoded) // 2]
        elif self.fault in schema_drift.KINDS:
            response.body = schema_drift.apply(self.fault, response.body)
        return response


def _is_valid(name: str, value: object) -> bool:
    if name in ("route", "method", "key"):
        return isinstance(value, str)
    if name == "shape":
        return value in SHAPES
    if value is None or isinstance(value, bool) or not isinstance(value, int | float):
        return name == "times" and value is None
    if name in ("times", "retry_after"):
        return isinstance(value, int) and 1 <= value <= 10**6
    return 0 < value <= (1 if name == "chance" else 3600)


class Faults:
    def __init__(self, seed: str) -> None:
        self._faults: list[Fault] = []
        self._last_id = 0
        self._rng = random_source.rng_for(seed, "faults")

    def add(self, wanted: dict[str, Any]) -> Fault:
        """Add a fault; a ValueError names what is wrong with it."""
        kind = str(wanted.get("fault", ""))
        known = re.fullmatch(r"[45]\d\d", kind) and int(kind) in TITLES
        if not known and kind not in KINDS + WEBHOOK_KINDS:
            raise ValueError(
                f"fault must be a status ({', '.join(map(str, TITLES))}) or one of {', '.join(KINDS + WEBHOOK_KINDS)}"
            )
        if unknown := set(wanted) - VALUES.keys() - {"fault"}:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        values = {name: value for name, value in wanted.items() if name in VALUES and value not in ("", None)}
        if "times" in wanted:
            values["times"] = wanted["times"] or None
        for name, value in values.items():
            if not _is_valid(name, value):
                raise ValueError(f"{name} must be {VALUES[name]}")
        self._last_id += 1
        fault = Fault(self._last_id, kind, **values)
        self._faults.append(fault)
        return fault

    def take(self, method: str, path: str, key: str) -> Fault | None:
        """The first fault that applies to this request; its count goes down."""
        for fault in self._faults:
            possible = fault.fault not in WEBHOOK_KINDS and (
                fault.fault != "end_on_command" or path.endswith("/control")
            )
            if possible and fault.matches(method, path, key) and self._happens(fault):
                return self._count_down(fault)
        return None

    def take_for_webhook(self, event: str) -> Fault | None:
        """The first fault that applies to a delivery of this event; its count goes down."""
        for fault in self._faults:
            if fault.fault in WEBHOOK_KINDS and fault.matches("", event, "") and self._happens(fault):
                return self._count_down(fault)
        return None

    def _happens(self, fault: Fault) -> bool:
        return fault.chance >= 1 or self._rng.random() < fault.chance

    def _count_down(self, fault: Fault) -> Fault:
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self._faults.remove(fault)
        return fault

    def clear(self, fault_id: int | None = None) -> None:
        self._faults = [fault for fault in self._faults if fault_id is not None and fault.id != fault_id]

    def to_json(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._faults]
