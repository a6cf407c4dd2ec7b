"""The rows of a text file: its delimiter, and records whose quotes may not match."""

from __future__ import annotations

import io
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import islice

from dashboard.campaigns.lead_files import encodings
from dashboard.campaigns.lead_files.errors import FileRefused
from dashboard.campaigns.lead_files.limits import LONGEST_LINE, MOST_CELLS
from dashboard.campaigns.lead_files.rows import Row
from tenants import spreadsheets

DELIMITERS = {";": "Semicolon ;", ",": "Comma ,", "\t": "Tab", "|": "Line |", "": "Nothing: one column"}
SAMPLE = 100  # records by which the delimiter is guessed
MOST_LINES = 50  # of one record
DIRECTIVE = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # the first line of some exports, which Excel does not show
PHONE = re.compile(r"\+?[\d\s().\-/]{7,24}")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1f]")
FEW_CONTROL, MOST_CONTROL = 5, 0.01  # control characters of a text, and their share
START = 64 * 1024
LONG_LINE = "A line of this file is far too long for a row of a table. Check that it is a CSV file."
CHOOSE = "Choose one of the signs that split columns."


def read(
    content: bytes, encoding: str = "", delimiter: str | None = None, country: str = ""
) -> tuple[str, str, Iterator[Row]]:
    """The encoding, the delimiter and the rows; the first two guessed where they are not given."""
    if encoding:
        encodings.check(content, encoding)
    else:
        encoding = encodings.guessed(content, country)
    _check_text(content, encoding)
    if delimiter is None:
        delimiter = _guessed_delimiter(content, encoding)
    elif delimiter not in DELIMITERS:
        raise FileRefused(CHOOSE, "delimiter")
    return encoding, delimiter, _rows(content, encoding, delimiter)


def _check_text(content: bytes, encoding: str) -> None:
    start = _text(content, encoding).read(START)
    if len(CONTROL.findall(start)) > max(FEW_CONTROL, len(start) * MOST_CONTROL):
        raise FileRefused(encodings.NOT_TEXT)


def _text(content: bytes, encoding: str) -> io.TextIOWrapper:
    """Its lines end with a line feed, whatever ends them in the file."""
    name = "utf-8-sig" if encoding == "utf-8" else encoding
    return io.TextIOWrapper(io.BytesIO(content), name, errors="strict")


class _Lines:
    """The lines of a text, of which some can be put back."""

    def __init__(self, content: bytes, encoding: str) -> None:
        self._text, self._back = _text(content, encoding), deque[str]()
        first = self._next()
        self.directive = DIRECTIVE.fullmatch(first.strip("\ufeff"))
        if first and not self.directive:
            self._back.append(first)

    def take(self) -> str:
        """The next line with its line feed; "" after the last."""
        return self._back.popleft() if self._back else self._next()

    def put_back(self, lines: list[str]) -> None:
        self._back.extendleft(reversed(lines))

    def _next(self) -> str:
        line = self._text.readline(LONGEST_LINE + 1)
        if len(line) > LONGEST_LINE:
            raise FileRefused(LONG_LINE)
        return line


def in_one_record(cells: Sequence[str]) -> Sequence[str]:
    """These cells with line breaks only where `read` takes all of them for one record."""
    if not any("\n" in cell or "\r" in cell for cell in cells):
        return cells
    lines = [cell.splitlines() for cell in cells]
    are_many = sum(map(len, lines)) >= MOST_LINES
    return [(" " if are_many else "\n").join(one) for one in lines]


def _guessed_delimiter(content: bytes, encoding: str) -> str:
    lines = _Lines(content, encoding)
    if lines.directive and lines.directive[1] in DELIMITERS:
        return lines.directive[1]
    scores = {delimiter: _score(content, encoding, delimiter) for delimiter in ("", *DELIMITERS)}
    return max(scores, key=lambda delimiter: scores[delimiter])


def _score(content: bytes, encoding: str, delimiter: str) -> tuple[float, ...]:
    """How much a delimiter makes of the text: whole numbers in a column, then columns, the same in each row."""
    rows = [row.cells for row in islice(_records(_Lines(content, encoding), delimiter), SAMPLE)]
    rows = [cells for cells in rows if any(cell.strip() for cell in cells)] or rows
    if not rows:
        return (0.0, 0.0, 0.0)
    width, same = Counter(len(cells) for cells in rows).most_common(1)[0]
    phones = Counter(place for cells in rows for place, cell in enumerate(cells) if PHONE.fullmatch(cell.strip()))
    whole = max(phones.values(), default=0) / len(rows)
    return (round(whole, 1), same / len(rows) if width > 1 else 0.0, float(min(width, 50)))


def _rows(content: bytes, encoding: str, delimiter: str) -> Iterator[Row]:
    sample = islice(_records(_Lines(content, encoding), delimiter), SAMPLE)
    widths = Counter(len(row.cells) for row in sample if any(cell.strip() for cell in row.cells))
    width = widths.most_common(1)[0][0] if widths else 0
    return _records(_Lines(content, encoding), delimiter, width)


def _records(lines: _Lines, delimiter: str, width: int = 0) -> Iterator[Row]:
    """`width` is how many cells most records have: by it a record is chosen where its quotes do not match."""
    number = 0
    while line := lines.take():
        number += 1
        if not delimiter:
            yield Row(number, [line.rstrip("\n").strip('"')])
        elif '"' not in line:
            yield Row(number, _split(line.rstrip("\n"), delimiter))
        else:
            yield Row(number, _quoted(line, lines, delimiter, width))


def _quoted(first: str, lines: _Lines, delimiter: str, width: int) -> list[str]:
    """The cells of a record that begins with this line. A quote that is not closed ends with its line."""
    taken, quotes, size = [first], first.count('"'), len(first)
    while quotes % 2 and len(taken) < MOST_LINES and size <= LONGEST_LINE and (line := lines.take()):
        taken.append(line)
        quotes, size = quotes + line.count('"'), size + len(line)
    cells = spreadsheets.cells_of("".join(taken).rstrip("\n"), delimiter)
    if cells is not None and len(cells) > MOST_CELLS:
        cells = [*cells[:MOST_CELLS], delimiter.join(cells[MOST_CELLS:]).strip(delimiter)]
    if cells is not None and (len(taken) == 1 or not width or len(cells) <= width):
        return _unwrapped(cells, delimiter, width)
    lines.put_back(taken[1:])
    text = first.rstrip("\n")
    lenient = spreadsheets.cells_of(text, delimiter, strict=False)
    return lenient if lenient is not None and len(lenient) == width else _split(text, delimiter)


def _split(text: str, delimiter: str) -> list[str]:
    """What stands behind the most cells is one more, so that a line of delimiters alone does not become thousands."""
    cells = text.split(delimiter, MOST_CELLS)
    if len(cells) > MOST_CELLS:
        cells[MOST_CELLS] = cells[MOST_CELLS].strip(delimiter)
    return cells


def _unwrapped(cells: list[str], delimiter: str, width: int) -> list[str]:
    """A record that some program has put into quotes as a whole."""
    if len(cells) > 1 or width < 2 or cells[0].count(delimiter) != width - 1:
        return cells
    return spreadsheets.cells_of(cells[0], delimiter, strict=False) or cells
