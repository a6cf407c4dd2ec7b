"""The consent that the columns of a file carry: its kind, its source and its time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime

from dashboard.campaigns.lead_files.column_words import Role

KEYS = {Role.CONSENT_KIND: "kind", Role.CONSENT_SOURCE: "source", Role.CONSENT_TIME: "time"}
ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?P<rest>.*)")
DAY_FIRST = re.compile(r"(?P<day>\d{1,2})[-./](?P<month>\d{1,2})[-./](?P<year>\d{4})(?P<rest>.*)")
MONTH_FIRST = re.compile(r"(?P<month>\d{1,2})[-./](?P<day>\d{1,2})[-./](?P<year>\d{4})(?P<rest>.*)")
CLOCK = re.compile(r"[T,\s]*(\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?")
MONTHS_FIRST = {"US", "PH", "FM"}  # countries that write 12/31/2026


def time_of(text: str, country: str) -> str:
    """`14-5-2026 9:30` → `2026-05-14T09:30`, a day without a time → `2026-05-14`; "" for what is no day."""
    pattern = MONTH_FIRST if country in MONTHS_FIRST else DAY_FIRST
    found = ISO.fullmatch(text) or pattern.fullmatch(text)
    if not found:
        return ""
    year, month, day = (int(found[part]) for part in ("year", "month", "day"))
    if not found["rest"].strip():
        return _or_none(lambda: date(year, month, day).isoformat())
    clock = CLOCK.fullmatch(found["rest"].rstrip())
    if not clock:
        return ""
    return _or_none(lambda: datetime(year, month, day, int(clock[1]), int(clock[2])).isoformat(timespec="minutes"))


def _or_none(written: Callable[[], str]) -> str:
    try:
        return written()
    except ValueError:
        return ""
