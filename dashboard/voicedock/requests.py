"""Checked parts of request bodies and query strings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from .errors import Invalid
from .outbound import E164

MAX_PAGE = 1000  # entries of a page (`voicedock-api.md §1.5`)


def paging(limit: int, offset: int) -> dict[str, int]:
    if not 1 <= limit <= MAX_PAGE or offset < 0:
        raise Invalid(f"A page has 1 to {MAX_PAGE} entries.", param="limit")
    return {"limit": limit, "offset": offset}


def period(start: datetime | None, end: datetime | None) -> dict[str, str]:
    return {name: iso(at) for name, at in (("start_date", start), ("end_date", end)) if at is not None}


def iso(at: datetime) -> str:
    if at.tzinfo is None:
        raise Invalid("A time without its zone can mean several moments.", param="start_date")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wall_time(at: time) -> str:
    """`HH:MM:SS`, the only form that all of VoiceDock's pages show (`§16` 12)."""
    if not isinstance(at, time):
        raise Invalid("Give the hours in which the campaign calls.", param="starts")
    return at.strftime("%H:%M:%S")


def required_text(value: Any, message: str, param: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Invalid(message, param=param)
    return value.strip()


def require_fields(fields: Mapping[str, Any]) -> None:
    if not fields:
        raise Invalid("There is nothing to change.")


def lead(phone_number: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(phone_number, str) or not E164.fullmatch(phone_number):
        raise Invalid("Give the number with its country code, like +31201234567.", param="phone_number")
    texts = {str(name): "" if value is None else str(value) for name, value in variables.items()}
    return {"phone_number": phone_number} | ({"variables": texts} if texts else {})
