"""Faults to order: what goes wrong, on which route, for which key, how often (voicedock-api.md §15)."""

import re
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase

from . import chance, strange
from .errors import SHAPES, TITLES, Refusal
from .exchange import Answer

KINDS = ("html502", "slow", "hang", "cut", "lost", "truncated", "end_on_command", *strange.KINDS)
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
VALUES = {  # what may be said of one, in words
    "route": "a pattern such as /calls/*/control",
    "method": "a method such as POST",
    "key": "a key",
    "times": "a whole number, 0 for until it is taken off",
    "seconds": "above 0 and at most 3600",
    "shape": f"one of {', '.join(SHAPES)}",
    "retry_after": "whole seconds, at least 1",
    "chance": "above 0 and at most 1",
}
HTML_502 = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass
class Fault:
    """`route` is a pattern like `/calls/*/control`; `times` counts down, None lasts. `seconds` are real ones.

    `chance` is the share of the requests it could meet that it does meet; only those count for `times`.

    A status (`"503"`) refuses without effect, `html502` too; `slow` does and answers late; `hang` does nothing and
    never answers; `cut` drops the connection before, `lost` after it was done; `truncated` answers half;
    `end_on_command` ends the call in the moment a command for it arrives; `unknown_values`, `missing_fields` and
    `extra_fields` answer in ways that are not documented. The `webhook_…` kinds meet
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

    def meets(self, method: str, path: str, key: str) -> bool:
        right_route = fnmatchcase(path, self.route) or fnmatchcase(path, self.route.rstrip("/"))
        return right_route and self.method.upper() in ("", method) and self.key in ("", key)

    def instead(self, shape: str) -> Answer | None:
        """The answer that is given in place of doing anything, if this fault is of that kind."""
        if self.fault.isdigit():
            status = int(self.fault)
            retry = self.retry_after or (45 if status == 429 else None)
            refusal = Refusal(status, "Fault ordered in the sandbox", retry_after=retry)
            return Answer(status, refusal.body(self.shape or shape), {"Retry-After": str(retry)} if retry else {})
        if self.fault == "html502":
            return Answer(502, HTML_502, {"Content-Type": "text/html"})
        if self.fault == "hang":
            return Answer(pause=self.seconds or 60.0, cut=True)
        return Answer(cut=True) if self.fault == "cut" else None

    def spoil(self, answer: Answer) -> Answer:
        """What is left of an answer after the request was done."""
        if self.fault == "slow":
            answer.pause += self.seconds or 5.0
        elif self.fault == "lost":
            answer.pause, answer.cut = self.seconds or 0.0, True
        elif self.fault == "truncated":
            whole = answer.encoded()
            answer.body = whole[: len(whole) // 2]
        elif self.fault in strange.KINDS:
            answer.body = strange.made(self.fault, answer.body)
        return answer


def _fits(name: str, value: object) -> bool:
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
        self._ordered: list[Fault] = []
        self._last = 0
        self._luck = chance.about(seed, "faults")

    def order(self, wanted: dict) -> Fault:
        """Add one; ValueError says what is wrong with it."""
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
            if not _fits(name, value):
                raise ValueError(f"{name} must be {VALUES[name]}")
        self._last += 1
        fault = Fault(self._last, kind, **values)
        self._ordered.append(fault)
        return fault

    def take(self, method: str, path: str, key: str) -> Fault | None:
        """The first fault that meets this request, used up by one."""
        for fault in self._ordered:
            fits = fault.fault not in WEBHOOK_KINDS and (fault.fault != "end_on_command" or path.endswith("/control"))
            if fits and fault.meets(method, path, key) and self._strikes(fault):
                return self._used(fault)
        return None

    def take_for_webhook(self, event: str) -> Fault | None:
        """The first fault that meets a delivery of this event, used up by one."""
        for fault in self._ordered:
            if fault.fault in WEBHOOK_KINDS and fault.meets("", event, "") and self._strikes(fault):
                return self._used(fault)
        return None

    def _strikes(self, fault: Fault) -> bool:
        return fault.chance >= 1 or self._luck.random() < fault.chance

    def _used(self, fault: Fault) -> Fault:
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self._ordered.remove(fault)
        return fault

    def clear(self, fault_id: int | None = None) -> None:
        self._ordered = [fault for fault in self._ordered if fault_id is not None and fault.id != fault_id]

    def listed(self) -> list[dict]:
        return [asdict(fault) for fault in self._ordered]
