"""A file as a table: its settings, the names of its columns, and its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple

from dashboard.campaigns.lead_files import file_kinds, header_rows, text_files, workbooks
from dashboard.campaigns.lead_files.errors import EMPTY, FileRefused
from dashboard.campaigns.lead_files.file_kinds import FileKind
from dashboard.campaigns.lead_files.limits import HEAD, MOST_COLUMNS, MOST_ROWS
from dashboard.campaigns.lead_files.rows import UNSTORABLE, Row, is_blank

NO_ROWS = "This file has the names of columns but no rows below them."
NO_CELLS = "This sheet is empty. Choose another sheet of this file."
TOO_MANY_ROWS = f"This file has more than {MOST_ROWS:,} rows. Split it into several files, one campaign for each."
TOO_MANY_COLUMNS = f"This file has more than {MOST_COLUMNS} columns. Remove those that the campaign does not need."


@dataclass(frozen=True)
class Options:
    """How a file is read. What is empty or None is guessed."""

    sheet: str = ""
    encoding: str = ""
    delimiter: str | None = None  # "" for a file of one column
    header_rows: int | None = None
    country: str = ""  # of the client: which code page its spreadsheets write


@dataclass(frozen=True)
class Table:
    """`options` are complete. `head` are the first rows; `rows()` reads all of them, each time anew."""

    content: bytes = field(repr=False)
    kind: FileKind
    options: Options
    headers: list[str]
    head: list[Row]
    sheets: list[str]

    def rows(self) -> Iterator[Row]:
        """The rows below the header, blank ones left out. Raises `FileRefused` where the file turns out broken."""
        below = (row for row in _read(self.content, self.kind, self.options)[1] if row.line > self._header_rows)
        fitted = (Row(row.line, self._fitted(row.cells)) for row in below)
        for count, row in enumerate(row for row in fitted if not is_blank(row)):
            if count == MOST_ROWS:
                raise FileRefused(TOO_MANY_ROWS)
            yield row

    @property
    def _header_rows(self) -> int:
        return self.options.header_rows or 0

    def _fitted(self, cells: list[str]) -> list[str]:
        """As many cells as there are columns; more only where they hold something."""
        width = len(self.headers)
        cells = [UNSTORABLE.sub("", cell) for cell in cells[: max(width, _used(cells))]]
        return cells[: max(width, _used(cells))] + [""] * (width - len(cells))


class Opened(NamedTuple):
    """The complete settings of a file, its rows, and the names of its sheets."""

    options: Options
    rows: Iterable[Row]
    sheets: list[str]


def opened(content: bytes, options: Options | None = None) -> Table:
    """The table in these bytes. Raises `FileRefused`, and nothing else, whatever the bytes are."""
    kind = file_kinds.kind_of(content)
    options, rows, sheets = _read(content, kind, options or Options())
    first = list(islice(rows, HEAD))
    if all(is_blank(row) for row in first):
        raise FileRefused(*((NO_CELLS, "sheet") if len(sheets) > 1 else (EMPTY, "file")))
    count = options.header_rows
    count = header_rows.guessed(first) if count is None else count
    below = [row for row in first if row.line > count and not is_blank(row)]
    if not below:
        raise FileRefused(NO_ROWS, "header_rows")
    headers = header_rows.names([row for row in first if row.line <= count], _width(below, first, count))
    if len(headers) > MOST_COLUMNS:
        raise FileRefused(TOO_MANY_COLUMNS)
    table = Table(content, kind, replace(options, header_rows=count), headers, [], sheets)
    return replace(table, head=[Row(row.line, table._fitted(row.cells)) for row in below])


def _read(content: bytes, kind: FileKind, options: Options) -> Opened:
    if kind == FileKind.TEXT:
        encoding, delimiter, rows = text_files.read(content, options.encoding, options.delimiter, options.country)
        return Opened(replace(options, encoding=encoding, delimiter=delimiter, sheet=""), rows, [])
    sheet, rows, sheets = workbooks.read(content, kind, options.sheet)
    return Opened(replace(options, sheet=sheet, encoding="", delimiter=""), rows, sheets)


def _width(below: list[Row], first: list[Row], count: int) -> int:
    """How many columns: as most rows have, and at least as many as have a name."""
    widths = [_used(row.cells) for row in below]
    named = max((_used(row.cells) for row in first if row.line <= count), default=0)
    return max(named, max(sorted(set(widths)), key=widths.count), 1)


def _used(cells: list[str]) -> int:
    """How many there are up to the last one with text. A row may have thousands of empty ones."""
    return next((place for place in range(len(cells), 0, -1) if cells[place - 1].strip()), 0)
