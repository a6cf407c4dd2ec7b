"""The initials that stand for a person."""

from __future__ import annotations

from typing import Any

from tenants import names


def initials(name: Any) -> str:
    """`Dora Bloom` → `DB`, `dora@bloom.test` → `DT`; the first two letters of a single word."""
    text = str(names.clean(name))
    words = [word for word in text.replace(".", " ").replace("@", " ").split() if word[0].isalnum()]
    return (words[0][0] + words[-1][0] if len(words) > 1 else text[:2]).upper()
