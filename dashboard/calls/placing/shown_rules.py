"""The contact rules that a form shows against a person: a reason in it sets aside these and no others."""

from __future__ import annotations

from collections.abc import Iterable

from dashboard.contact_rules.rules import Rule
from dashboard.contact_rules.verdict import from_stored, to_stored


def to_field(rules: Iterable[Rule], number: str) -> str:
    """`attempts,hours +31612345678`: with the person (E.164) against whom they stand; "" for none."""
    stored = to_stored(rules)
    return f"{stored} {number}" if stored else ""


def from_field(text: str, number: str) -> tuple[Rule, ...]:
    """Those that were shown against this person."""
    stored, _, shown_for = text.partition(" ")
    return from_stored(stored) if shown_for == number else ()
