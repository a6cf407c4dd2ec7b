"""A text whose variables are filled in, piece by piece: each value stands out, and so does one that is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.calls.placing.variables import VARIABLE


@dataclass(frozen=True)
class FilledPiece:
    """A piece draws itself, since no space may stand between it and the next one.

    `name` is that of a variable, `missing` what stands in the place of a value that it has not.
    """

    text: str
    name: str = ""
    missing: str = ""

    def __str__(self) -> SafeString:
        if not self.name:
            return format_html("{}", self.text)
        tone = "" if self.text else " variable--missing"
        return format_html('<span class="variable{}">{}</span>', tone, self.text or self.missing)


def pieces(template: str, filled: Mapping[str, str], *, missing: Mapping[str, str] | None = None) -> list[FilledPiece]:
    """`missing` has the words for variables without a value; by default those of campaigns, which name the column."""
    parts = VARIABLE.split(template)
    return [
        _variable(part, filled, missing) if nth % 2 else FilledPiece(part) for nth, part in enumerate(parts) if part
    ]


def _variable(name: str, filled: Mapping[str, str], missing: Mapping[str, str] | None) -> FilledPiece:
    words = f"no value for {name} in this row" if missing is None else missing.get(name, name)
    return FilledPiece(filled.get(name, "").strip(), name, words)
