"""A number and its unit, which no line break parts."""

from __future__ import annotations

NO_BREAK = "\u00a0"


def with_unit(number: object, unit: str) -> str:
    """`0.3 s`, with a space at which no line ends."""
    return f"{number}{NO_BREAK}{unit}"
