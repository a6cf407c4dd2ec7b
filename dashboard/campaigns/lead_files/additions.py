"""Rows that are added to those of a file: one file of both, whose columns are those of the first and any new ones."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from dashboard.campaigns.lead_files import column_words, columns, people, uploads
from dashboard.campaigns.lead_files.column_words import Role
from dashboard.campaigns.lead_files.columns import Column
from dashboard.campaigns.lead_files.errors import FileRefused
from dashboard.campaigns.lead_files.limits import MOST_BYTES
from dashboard.campaigns.lead_files.refused_rows import WHY
from dashboard.campaigns.lead_files.rows import Row
from dashboard.campaigns.lead_files.table import Options, Table
from dashboard.campaigns.lead_files.text_files import in_one_record
from dashboard.campaigns.lead_files.uploads import Columns, Prepared
from dashboard.campaigns.models import CampaignFile

Key = tuple[str, ...]
Where = Callable[[int, str, Column], int | None]
DELIMITER = ";"
SPECIAL = frozenset('";\r\n')
NO_NUMBER = (
    "It is not clear which column of these rows holds the numbers. Give the columns the names that they have in {file}."
)
TOGETHER = "Both together are larger than one campaign can be. Make another campaign of these rows."


@dataclass(frozen=True)
class Added:
    """`left_out`: rows of the file before that were not read, and that the added ones have again but for the number."""

    prepared: Prepared
    columns: Columns
    left_out: int


def add(file: CampaignFile, more: Prepared, *, known: Columns | None, not_read: Collection[int]) -> Added:
    """`known` is how the columns of the added rows were read before, `not_read` are lines of the file before.

    Raises `FileRefused`. Takes as long as reading both does; no scope is needed.
    """
    before = people.of(file)
    names, found = list(file.headers), columns.read(file.columns, len(file.headers))
    places = _places(more.table, known, names, found)
    if columns.place_of_number(found) not in places:
        raise FileRefused(NO_NUMBER.format(file=file.name))
    width, number = len(names), columns.place_of_number(found) or 0
    again = Counter[Key]()
    if WHY in more.table.headers:
        again.update(_key(_moved(row, places, width), number) for row in more.table.rows())
    left_out, content = 0, io.BytesIO()
    _write(content, [names])
    for row in before.rows():
        cells = _padded(row, file, found, width)
        if row.line in not_read and again[key := _key(cells, number)]:
            again[key] -= 1
            left_out += 1
        else:
            _write(content, [cells])
    _write(content, (_moved(row, places, width) for row in more.table.rows()))
    name = f"{file.name} and {more.name}"[: uploads.LONGEST_NAME]
    prepared = uploads.prepare(name, content.getvalue(), Options(encoding="utf-8", delimiter=DELIMITER, header_rows=1))
    chosen = Columns(found, file.country, file.repairs, file.columns_from)
    return Added(prepared, chosen, left_out)


def _key(cells: Sequence[str], number: int) -> Key:
    """What a row that was corrected has in common with itself. An exported cell may have an apostrophe in front."""
    rest = [cell.strip().removeprefix("'") for place, cell in enumerate(cells) if place != number]
    return tuple(rest[: max((at + 1 for at, cell in enumerate(rest) if cell), default=0)])


def _places(more: Table, known: Columns | None, names: list[str], found: list[Column]) -> list[int | None]:
    """Where each column of the added rows goes; `names` and `found` grow by those that are new.

    By its name, else by what it is; rows without names of their columns have them in the same order.
    """
    guessed = known.found if known else columns.guessed(more.headers, more.head)
    where = _by_name(names, found) if more.options.header_rows else _by_place(guessed, found)
    places: list[int | None] = []
    for nth, (header, column) in enumerate(zip(more.headers, guessed, strict=True)):
        place = where(nth, header, column)
        if header == WHY:
            place = None
        elif place is None or place in places:
            place = len(names)
            names.append(header)
            found.append(_new(column, header, place, found))
        places.append(place)
    return places


def _by_name(names: Sequence[str], found: Sequence[Column]) -> Where:
    by_name = {column_words.letters_of(name): place for place, name in reversed([*enumerate(names)])}
    by_use = {_use(column): place for place, column in enumerate(found) if _use(column)}
    return lambda nth, header, column: by_name.get(column_words.letters_of(header), by_use.get(_use(column)))


def _by_place(guessed: Sequence[Column], found: Sequence[Column]) -> Where:
    """Nowhere, so that it is asked, where the numbers stand in another column."""
    width = len(found) if columns.place_of_number(guessed) == columns.place_of_number(found) else 0
    return lambda nth, header, column: nth if nth < width else None


def _use(column: Column) -> str:
    return "" if column.role == Role.NOT_USED else column.stored


def _new(column: Column, header: str, place: int, found: Sequence[Column]) -> Column:
    """A text that only the added rows have; no column is a second number or name."""
    if column.role == Role.NOT_USED or column.role in column_words.CONSENTS:
        return column
    name = column.variable or columns.variable_name(header, place)
    return Column(Role.VARIABLE, columns.unused(name, {known.variable for known in found}))


def _padded(row: Row, file: CampaignFile, found: Sequence[Column], width: int) -> list[str]:
    """With the number that was typed in its place. Cells beyond the columns stay where they are: it is not read."""
    cells = list(row.cells)
    corrected = file.corrections.get(str(row.line))
    if corrected is not None:
        cells[columns.place_of_number(found) or 0] = corrected
    return cells + [""] * (width - len(cells))


def _moved(row: Row, places: Sequence[int | None], width: int) -> list[str]:
    """Cells beyond the columns go behind them, so that the row is not read and says why."""
    cells = [""] * width
    for place, cell in zip(places, row.cells, strict=False):
        if place is not None:
            cells[place] = cell
    return cells + [cell for cell in row.cells[len(places) :] if cell.strip()]


def _write(content: io.BytesIO, rows: Iterable[Sequence[str]]) -> None:
    for cells in rows:
        content.write((DELIMITER.join(map(_quoted, in_one_record(cells))) + "\n").encode("utf-8", "replace"))
        if content.tell() > MOST_BYTES:
            raise FileRefused(TOGETHER)


def _quoted(cell: str) -> str:
    return cell if SPECIAL.isdisjoint(cell) else f'"{cell.replace(chr(34), chr(34) * 2)}"'
