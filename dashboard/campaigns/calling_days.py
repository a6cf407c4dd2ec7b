"""The days on which a campaign calls, in words."""

from __future__ import annotations

from collections.abc import Sequence

NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WORKDAYS, EVERY_DAY = [0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5, 6]


def weekdays_in_words(days: Sequence[int]) -> str:
    """`Monday to Friday`, `every day`, `Monday, Wednesday and Friday`; `—` for none. As `date.weekday()` has them."""
    chosen = sorted({day for day in days if day in range(7)})
    if chosen == EVERY_DAY:
        return "every day"
    if chosen == WORKDAYS:
        return "Monday to Friday"
    names = [NAMES[day] for day in chosen]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names) or "—"
