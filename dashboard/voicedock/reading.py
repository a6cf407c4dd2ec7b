"""Read single values out of answers: what is missing or of another kind is nothing, never an error.

Text comes without what PostgreSQL cannot keep (NUL, halves of surrogate pairs).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

LARGEST = 2**31 - 1  # what an integer column holds
DEEPEST = 40


def first(data: Mapping[str, Any], *names: str) -> Any:
    """The first of these fields that is there and not null: the same thing has several names (`§16`)."""
    return next((data[name] for name in names if data.get(name) is not None), None)


def text(value: Any) -> str | None:
    """A string, or a number as one; empty is nothing."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**30:
        value = str(value)
    return clean(value) or None if isinstance(value, str) else None


def link(value: Any) -> str | None:
    """An address that a page may lead to: nothing but the web's."""
    found = text(value)
    return found if found and found.lower().startswith(("https://", "http://")) else None


def whole(value: Any) -> int | None:
    """A count or seconds, from 0 to what a column holds; "84" and 84.2 are 84."""
    found = _finite(value)
    return int(found) if found is not None and 0 <= found <= LARGEST else None


def hundredths(value: Any) -> Decimal | None:
    """Minutes or money with two decimals; may be negative."""
    found = _finite(value)
    return round(Decimal(repr(found)), 2) if found is not None and abs(found) <= LARGEST else None


def flag(value: Any, default: bool = False) -> bool:
    return value if isinstance(value, bool) else default


def moment(value: Any) -> datetime | None:
    """An ISO date-time, in UTC; one without a zone is taken as UTC. None beside 2000 to 2100: zones would overflow."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        return found if 2000 <= found.year <= 2100 else None
    except (ValueError, OverflowError):
        return None


def clock(value: Any) -> time | None:
    """A time of day, `HH:MM:SS` or `HH:MM` (`§16` 12)."""
    if not isinstance(value, str):
        return None
    try:
        return time.fromisoformat(value.strip()).replace(microsecond=0, tzinfo=None)
    except ValueError:
        return None


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; anything else in it is left out."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def messages(value: Any) -> tuple[tuple[str, str], ...]:
    """A transcript as (role, content)."""
    lines = ((text(one.get("role")) or "", text(one.get("content")) or "") for one in items(value))
    return tuple(line for line in lines if line[1])


def clean(value: Any, depth: int = 0) -> Any:
    """The same, as far as it can be kept and sent on as JSON; what is nested absurdly deep is left out."""
    if depth > DEEPEST or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {clean(str(key)): clean(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [clean(one, depth + 1) for one in value]
    return value


def _finite(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None
