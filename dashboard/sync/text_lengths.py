"""One rule for text of VoiceDock that is longer than its column: it is cut, and the cut shows.

Nothing that was cut equals anything that was not: a caller ID ends in "…" and so differs from every line, an id ends
in a digest of the whole and so stays unique.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.db.models import CharField, Model

MARK = "…"
DIGEST = 16  # hexadecimal digits


def fit(model: type[Model], name: str, value: Any) -> Any:
    """`value` as the column `name` of `model` can hold it."""
    field = model._meta.get_field(name)
    if not isinstance(value, str) or not isinstance(field, CharField) or field.max_length is None:
        return value
    return cut_id(value, field.max_length) if name.endswith("_id") else cut(value, field.max_length)


def fit_all(model: type[Model], values: dict[str, Any]) -> dict[str, Any]:
    """Names of columns and their values, each as its column can hold it."""
    return {name: fit(model, name, value) for name, value in values.items()}


def cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - len(MARK)] + MARK


def cut_id(text: str, length: int) -> str:
    """Two ids that differ anywhere differ afterwards too, and the same id is cut the same way every time."""
    if len(text) <= length:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:DIGEST]
    return text[: length - len(MARK) - DIGEST] + MARK + digest


def is_cut(text: str) -> bool:
    """Whether this is not all of an id: VoiceDock cannot be asked about it."""
    return MARK in text
