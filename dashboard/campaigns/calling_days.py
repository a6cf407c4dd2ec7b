"""The days on which a campaign calls, in words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def weekdays_in_words(days: Sequence[int]) -> str:
    """`Monday to Friday`, `every day`, `Monday, Wednesday and Friday`; `—` for none. As `date.weekday()` has them."""
    chosen = sorted({day for day in days if day in range(7)})
    if len(chosen) == 7:
        return "every day"
    parts = []
    for _, run in groupby(chosen, key=lambda day: day - chosen.index(day)):  # days that follow each other
        names = [NAMES[day] for day in run]
        parts += [f"{names[0]} to {names[-1]}"] if len(names) > 2 else names
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts) or "—"
