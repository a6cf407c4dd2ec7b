"""A line for each figure of a bench: what was measured beside its floor, and whether that is within its goal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

WIDEST = 44  # characters of a name


@dataclass(frozen=True)
class Figure:
    """In milliseconds where it is a time; `ratio` is what counts, and `goal` what it may be at most."""

    name: str
    p50: float
    p95: float
    floor: float
    ratio: float
    goal: float

    @property
    def is_met(self) -> bool:
        return self.ratio <= self.goal

    def line(self) -> str:
        times = f"{self.p50:8.1f} {self.p95:8.1f} {self.floor:8.1f} {self.ratio:7.2f} {self.goal:6.2f}"
        return f"{self.name:<{WIDEST}}{times}  {'ok' if self.is_met else 'short'}"


def report(figures: Sequence[Figure], *, as_json: bool) -> int:
    """Print them; the exit code is 1 when one is short."""
    for figure in figures:
        print(json.dumps(asdict(figure) | {"ok": figure.is_met}) if as_json else figure.line(), flush=True)
    return 0 if all(figure.is_met for figure in figures) else 1
