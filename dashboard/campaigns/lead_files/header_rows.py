"""Which rows of a file are its header, and the names of its columns."""

from __future__ import annotations

import re
from collections import Counter

from dashboard.campaigns.lead_files import column_words
from dashboard.campaigns.lead_files.rows import Row, cleaned, is_blank

MOST = 10  # rows above the first person
PHONE = re.compile(r"\+?[\d\s().\-/]{7,24}|\d(?:[.,]\d+)?[eE]\+?\d+")
LONGEST_NAME = 100  # characters


def guessed(first: list[Row]) -> int:
    """How many of the first rows are above the first person, blank ones included; 0 where the first is a person."""
    above = [row for row in first[:MOST] if row.line <= MOST and not is_blank(row)]
    known = {row.line: _known(row) for row in above if not _has_phone(row)}
    best = max(known, key=lambda line: (known[line], -line), default=0)
    if best and known[best]:
        return best
    has_phones = any(_has_phone(row) for row in first)
    return above[0].line if above and has_phones and not _has_phone(above[0]) and _is_like_names(above[0]) else 0


def names(header: list[Row], width: int) -> list[str]:
    """A name for each column, each once. One that spans two rows is in the upper of them; one without is `Column 3`."""
    found = [_name(header, place) or f"Column {place + 1}" for place in range(width)]
    seen = Counter[str]()
    for place, name in enumerate(found):
        seen[name] += 1
        if seen[name] > 1:
            found[place] = f"{name} ({seen[name]})"
    return found


def _name(header: list[Row], place: int) -> str:
    for row in header[:-3:-1]:  # the last two: what stands above them is a title
        if place < len(row.cells) and (name := " ".join(cleaned(row.cells[place]).split())):
            return name[:LONGEST_NAME]
    return ""


def _known(row: Row) -> int:
    return sum(bool(column_words.role_of(cell)) for cell in row.cells)


def _has_phone(row: Row) -> bool:
    return any(PHONE.fullmatch(cell.strip()) for cell in row.cells)


def _is_like_names(row: Row) -> bool:
    """Short texts, each once."""
    cells = [cell.strip() for cell in row.cells if cell.strip()]
    return len(set(cells)) == len(cells) and all(len(cell) <= LONGEST_NAME for cell in cells)
