"""A row of a file."""

from __future__ import annotations

import re
from typing import NamedTuple

UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ud800-\udfff]")


class Row(NamedTuple):
    """`line` is the row as a spreadsheet counts it, from 1: a record with line breaks in a cell is one."""

    line: int
    cells: list[str]


def is_blank(row: Row) -> bool:
    return not any(cell.strip() for cell in row.cells)


def cleaned(cell: str) -> str:
    """Without control characters, which no person sees and no database keeps."""
    return UNSTORABLE.sub("", cell).strip()
