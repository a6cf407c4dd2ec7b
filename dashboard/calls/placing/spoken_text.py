"""Texts that an assistant will speak or read: what cannot be seen is left out, and `{{` is never there by mistake."""

from __future__ import annotations

import unicodedata

from dashboard.calls.placing.variables import VARIABLE

DIRECTION_MARKS = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
NOT_A_VARIABLE = "Write a value to fill in as {{name}}: two braces on both sides, and letters, digits and _ between."
BRACES_IN_VALUE = "A value cannot hold {{ or }}: it would be taken for another value to fill in."


def clean(text: str) -> str:
    """Without control characters and marks that turn the direction of writing: what is shown is what is sent."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in plain if char == "\n" or not _is_invisible(char)).strip()


def one_line(text: str) -> str:
    return " ".join(clean(text).split())


def has_braces(text: str) -> bool:
    return "{{" in text or "}}" in text


def has_broken_variable(text: str) -> bool:
    """Whether braces are left beside the complete variables."""
    return has_braces(VARIABLE.sub("", text))


def _is_invisible(char: str) -> bool:
    return ord(char) in DIRECTION_MARKS or unicodedata.category(char) in ("Cc", "Cs")
