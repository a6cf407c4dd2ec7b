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
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .exchange import Request

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
        self.began = sandbox.clock.now()
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
        answer = levers.answer(sandbox, request)
        self.told.append({"at": step.at, "lever": step.lever, "status": answer.status})

    def shown(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "about": self.about,
            "steps": len(self.steps),
            "taken": self.told,
            "done": len(self.told) == len(self.steps),
        }


def read(text: str) -> Scenario:
    """A scenario from TOML; ValueError says what is wrong with it."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"not TOML: {error}") from error
    if not isinstance(said.get("name"), str):
        raise ValueError("name: a scenario needs one")
    steps = [_made(Step, one, f"step {nth}") for nth, one in enumerate(said.pop("step", []), 1)]
    people = [_made(Person, one, f"person {nth}") for nth, one in enumerate(said.pop("person", []), 1)]
    if unknown := set(said) - {"name", "about", "switches"}:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    return Scenario(**said, steps=sorted(steps, key=lambda step: step.at), people=people)


def find(name: str) -> Scenario:
    """A file, or one of those that come with the sandbox, by the name of its file."""
    path = Path(name)
    if not path.is_file():
        path = SHIPPED / f"{name}.toml"
        if not name.replace("-", "").isalnum() or not path.is_file():
            raise ValueError(f"scenario: there is no file {name}, and none of {', '.join(shipped())}")
    return read(path.read_text("utf-8"))


def shipped() -> dict[str, Scenario]:
    return {path.stem: read(path.read_text("utf-8")) for path in sorted(SHIPPED.glob("*.toml"))}


def _made(kind: Any, said: dict[str, Any], where: str) -> Any:
    known = {one.name for one in fields(kind)}
    if unknown := set(said) - known:
        raise ValueError(f"{where}: unknown {', '.join(sorted(unknown))}")
    try:
        return kind(**said)
    except TypeError as error:
        raise ValueError(f"{where}: {error}") from error
