"""Parse single values of responses: what is missing or of another type is None, never an error.

Text comes without what PostgreSQL cannot store (NUL, halves of surrogate pairs).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

MAX_INTEGER = 2**31 - 1  # what an integer column holds
MAX_DEPTH = 40  # levels of nested JSON


def first_present(data: Mapping[str, Any], *names: str) -> Any:
    """The first of these fields that is present and not null: VoiceDock has several names for one thing (`§16`)."""
    return next((data[name] for name in names if data.get(name) is not None), None)


def text(value: Any) -> str | None:
    """A string, or a number as a string; None when empty."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**30:
        value = str(value)
    return clean(value) or None if isinstance(value, str) else None


def url(value: Any) -> str | None:
    """A URL that a page may link to: http or https, else None."""
    found = text(value)
    return found if found and found.lower().startswith(("https://", "http://")) else None


def integer(value: Any) -> int | None:
    """A count or seconds, from 0 to what a column holds; "84" and 84.2 are 84."""
    found = _finite(value)
    return int(found) if found is not None and 0 <= found <= MAX_INTEGER else None


def decimal(value: Any) -> Decimal | None:
    """Minutes or money, rounded to two decimals; may be negative."""
    found = _finite(value)
    return round(Decimal(repr(found)), 2) if found is not None and abs(found) <= MAX_INTEGER else None


def boolean(value: Any, default: bool = False) -> bool:
    return value if isinstance(value, bool) else default


def date_time(value: Any) -> datetime | None:
    """An ISO date-time, in UTC (assumed where no zone is given). None outside of 2000 to 2100: conversions overflow."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        return found if 2000 <= found.year <= 2100 else None
    except (ValueError, OverflowError):
        return None


def time_of_day(value: Any) -> time | None:
    """A time of day, `HH:MM:SS` or `HH:MM` (`§16` 12)."""
    if not isinstance(value, str):
        return None
    try:
        return time.fromisoformat(value.strip()).replace(microsecond=0, tzinfo=None)
    except ValueError:
        return None


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[dict[str, Any]]:
    """The JSON objects of a list; other items are left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def messages(value: Any) -> tuple[tuple[str, str], ...]:
    """A transcript as (role, content) pairs, without empty lines."""
    lines = ((text(item.get("role")) or "", text(item.get("content")) or "") for item in objects(value))
    return tuple(line for line in lines if line[1])


def clean(value: Any, depth: int = 0) -> Any:
    """The same JSON value, without what PostgreSQL or JSON cannot store; what is nested too deep becomes None."""
    if depth > MAX_DEPTH or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {clean(str(key)): clean(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item, depth + 1) for item in value]
    return value


def is_too_deep(value: Any, depth: int = 0) -> bool:
    """Whether `clean` would leave something out since it is nested too deep."""
    if depth > MAX_DEPTH:
        return True
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(is_too_deep(item, depth + 1) for item in items)


def _finite(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None
