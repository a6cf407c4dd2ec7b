"""One rule for text of VoiceDock that is longer than its column: it is cut, and marked with "…".

A cut value never equals one that is complete: a caller ID ends in "…" and so differs from every number, an id ends in
a digest of the whole and so stays unique.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.db.models import CharField, Model

MARK = "…"
DIGEST_LENGTH = 16  # hexadecimal digits


def fit(model: type[Model], name: str, value: Any) -> Any:
    """`value`, cut to what the column `name` of `model` can hold."""
    field = model._meta.get_field(name)
    if not isinstance(value, str) or not isinstance(field, CharField) or field.max_length is None:
        return value
    return cut_id(value, field.max_length) if name.endswith("_id") else cut(value, field.max_length)


def fit_all(model: type[Model], values: dict[str, Any]) -> dict[str, Any]:
    """Values by column name, each cut to what its column can hold."""
    return {name: fit(model, name, value) for name, value in values.items()}


def cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - len(MARK)] + MARK


def cut_id(text: str, length: int) -> str:
    """Ids that differ still differ when cut, and an id is always cut in the same way."""
    if len(text) <= length:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]
    return text[: length - len(MARK) - DIGEST_LENGTH] + MARK + digest


def is_cut(text: str) -> bool:
    """Whether an id is not complete: VoiceDock cannot be asked about it."""
    return MARK in text
