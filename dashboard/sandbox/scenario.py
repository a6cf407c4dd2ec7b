"""A timetable for the sandbox, in a TOML file: which lever is pulled when, and what people on the phone do.

name = "The caller hangs up"
about = "One line for whoever chooses it."

[switches]                      # set at the start; GET /_sandbox/switches lists them
outcome = "conversation"

[[step]]                        # `at` seconds after the start, on the sandbox's clock
at = 12
lever = "faults"                # POST /_sandbox/faults with this body
body = { fault = "503", times = 3 }

[[person]]                      # whoever has this number, called or calling
number = "+31612340042"
answers_after = 3               # seconds; never when it is 0
says = ["Hello?", "Not now."]
hangs_up_after = 12             # seconds after the answer
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .exchange import Request
from .switches import Switches

if TYPE_CHECKING:
    from .app import Sandbox

SHIPPED = Path(__file__).with_name("scenarios")


@dataclass(frozen=True)
class Step:
    """`at` is in seconds since the start; `method` and `lever` are a path of the control interface."""

    at: float
    lever: str
    body: dict[str, Any] = field(default_factory=dict)
    method: str = "POST"


@dataclass(frozen=True)
class Person:
    """What one number does; what is not said here is left to chance."""

    number: str
    answers_after: float | None = None
    says: list[str] = field(default_factory=list)
    hangs_up_after: float | None = None


@dataclass
class Scenario:
    name: str
    about: str = ""
    switches: dict[str, Any] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    began: float = 0.0
    told: list[dict[str, Any]] = field(default_factory=list)

    def start(self, sandbox: Sandbox) -> None:
        """ValueError for a switch that does not exist; nothing has begun then."""
        sandbox.world.switches.turn(self.switches)
        self.began = sandbox.now()
        sandbox.world.scripted = {person.number: person for person in self.people}

    def due(self, now: float) -> Step | None:
        """The next step whose time has come."""
        step = self.steps[len(self.told)] if len(self.told) < len(self.steps) else None
        return step if step and self.began + step.at <= now else None

    def take(self, sandbox: Sandbox, step: Step) -> None:
        """Pull the lever; what it answered is remembered, an error too."""
        from . import levers

        raw = json.dumps(step.body).encode()
        request = Request(step.method, f"/_sandbox/{step.lever}", {}, raw, key="", peer="127.0.0.1")
        told: dict[str, Any] = {"at": step.at, "lever": step.lever, "status": None}
        self.told.append(told)  # before: a lever that moves the clock comes by here again
        told["status"] = levers.answer(sandbox, request).status

    def shown(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "about": self.about,
            "steps": len(self.steps),
            "taken": self.told,
            "done": len(self.told) == len(self.steps),
        }


def read(text: str) -> Scenario:
    """A scenario from TOML; ValueError says what is wrong with it, and where."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"not TOML: {error}") from error
    if not isinstance(said.get("name"), str):
        raise ValueError("name: a scenario needs one, as text")
    if not isinstance(said.get("about", ""), str):
        raise ValueError("about: must be text")
    steps = _each(text, said.pop("step", []), "step", _step)
    people = _each(text, said.pop("person", []), "person", _person)
    if unknown := set(said) - {"name", "about", "switches"}:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    _switches(said.get("switches", {}))
    return Scenario(**said, steps=sorted(steps, key=lambda step: step.at), people=people)


def find(name: str) -> Scenario:
    """A file, or one of those that come with the sandbox, by the name of its file."""
    path = Path(name)
    if not path.is_file():
        path = SHIPPED / f"{name}.toml"
        if not name.replace("-", "").isalnum() or not path.is_file():
            raise ValueError(f"scenario: there is no file {name}, and none of {', '.join(shipped())}")
    try:
        return read(path.read_text("utf-8"))
    except UnicodeDecodeError:
        raise ValueError(f"{path.name}: not TOML: no text in UTF-8") from None
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error


def shipped() -> dict[str, Scenario]:
    return {path.stem: read(path.read_text("utf-8")) for path in sorted(SHIPPED.glob("*.toml"))}


def _each(text: str, said: Any, name: str, make: Callable[[dict[str, Any]], Any]) -> list[Any]:
    """The tables `[[name]]`; what is wrong in one is told with its number and its line."""
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        raise ValueError(f"{name}: write each as a table of its own, [[{name}]]")
    heads = [nth for nth, line in enumerate(text.splitlines(), 1) if re.match(rf"\s*\[\[\s*{name}\s*\]\]", line)]
    made = []
    for nth, one in enumerate(said):
        try:
            made.append(make(one))
        except ValueError as error:
            line = f" (line {heads[nth]})" if len(heads) == len(said) else ""
            raise ValueError(f"{name} {nth + 1}{line}: {error}") from error
    return made


def _step(said: dict[str, Any]) -> Step:
    from . import levers

    step = _made(Step, said)
    _seconds("at", step.at)
    if not isinstance(step.lever, str) or step.method not in ("GET", "POST", "DELETE"):
        raise ValueError("lever must be the text of a path, and method GET, POST or DELETE")
    if not levers.there_is(step.method, step.lever):
        raise ValueError(f"lever: there is no {step.method} /_sandbox/{step.lever}")
    if not isinstance(step.body, dict):
        raise ValueError("body must be a table")
    return step


def _person(said: dict[str, Any]) -> Person:
    person = _made(Person, said)
    if not isinstance(person.number, str) or not re.fullmatch(r"\+[1-9][0-9]{5,14}", person.number):
        raise ValueError("number must be a phone number like +31612340042")
    for name in ("answers_after", "hangs_up_after"):
        if (value := getattr(person, name)) is not None:
            _seconds(name, value)
    if not isinstance(person.says, list) or not all(isinstance(one, str) for one in person.says):
        raise ValueError("says must be a list of texts")
    return person


def _seconds(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"{name} must be seconds, 0 or more")


def _switches(said: Any) -> None:
    if not isinstance(said, dict):
        raise ValueError("switches: write them as a table, [switches]")
    try:
        Switches().turn(said)
    except ValueError as error:
        raise ValueError(f"switches: {error}") from error


def _made(kind: Any, said: dict[str, Any]) -> Any:
    if unknown := set(said) - {one.name for one in fields(kind)}:
        raise ValueError(f"unknown {', '.join(sorted(unknown))}")
    if lacking := [one.name for one in fields(kind) if one.name not in said and _needed(one)]:
        raise ValueError(f"{lacking[0]} is missing")
    return kind(**said)


def _needed(one: Any) -> bool:
    return one.default is MISSING and one.default_factory is MISSING
