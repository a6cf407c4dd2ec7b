"""The instructions of a campaign, with the places where a value is filled in for each person (`{{name}}`)."""

from __future__ import annotations

from typing import NamedTuple

from django.template.defaultfilters import linebreaksbr
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.calls.placing.variables import VARIABLE


class Piece(NamedTuple):
    """A piece draws itself, since no space may stand between it and the next one."""

    text: str
    is_variable: bool

    def __str__(self) -> SafeString:
        if self.is_variable:
            return format_html('<span class="variable">{}</span>', self.text)
        return linebreaksbr(self.text)


def parts(template: str) -> list[Piece]:
    """`Call {{name}}.` → the texts and the names in their order."""
    pieces = VARIABLE.split(template)
    return [Piece(text, bool(nth % 2)) for nth, text in enumerate(pieces) if text]
