"""The instructions of a campaign, with the places where a value is filled in for each person (`{{name}}`)."""

from __future__ import annotations

import re
from typing import NamedTuple

VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")


class Piece(NamedTuple):
    text: str
    is_variable: bool


def parts(template: str) -> list[Piece]:
    """`Call {{name}}.` → the texts and the names in their order."""
    pieces = VARIABLE.split(template)
    return [Piece(text, bool(nth % 2)) for nth, text in enumerate(pieces) if text]
