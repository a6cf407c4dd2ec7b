"""A scenario: which requests to the admin API are made when, and what certain people on the phone do.

`scenario_files` reads scenarios from TOML, `Simulation.play` runs them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Step:
    """`at` is in seconds since the start; `path` comes after `/_sandbox/`."""

    at: float
    path: str
    body: dict[str, Any] = field(default_factory=dict)
    method: str = "POST"


@dataclass(frozen=True)
class ScriptedPerson:
    """What the person with one number does; what is not given is random."""

    number: str
    answers_after: float | None = None
    says: list[str] = field(default_factory=list)
    hangs_up_after: float | None = None


@dataclass
class Scenario:
    """`results` has one entry for each step that was run: its time, path and HTTP status."""

    name: str
    about: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    people: list[ScriptedPerson] = field(default_factory=list)
    started_at: float = 0.0
    results: list[dict[str, Any]] = field(default_factory=list)

    def due(self, now: float) -> Step | None:
        """The next step, once its time has come."""
        step = self.steps[len(self.results)] if len(self.results) < len(self.steps) else None
        return step if step and self.started_at + step.at <= now else None

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "about": self.about,
            "steps": len(self.steps),
            "taken": self.results,
            "done": len(self.results) == len(self.steps),
        }
