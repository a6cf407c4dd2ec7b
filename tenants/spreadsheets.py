"""Exports as CSV or Excel workbook, with no cell that a spreadsheet evaluates as a formula; the cells of a record."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import Any

from django.db.models import TextChoices
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation.trans_real import parse_accept_lang_header
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

PARAMETER = "format"
SEMICOLON_LANGUAGES = {"nl", "de", "fr", "it", "es", "pt", "pl", "da", "sv", "nb", "fi"}  # decimals have a comma
BYTE_ORDER_MARK = "\ufeff"  # without it Excel does not read the file as UTF-8
IN_MEMORY = 4 * 1024 * 1024  # bytes; a larger workbook is kept on disk
CHUNK = 64 * 1024
LONGEST_CELL = 32_000  # characters; Excel takes 32,767
MOST_ROWS = 20_000  # of a workbook, which is complete before it is sent; CSV has no limit
CUT = "This workbook ends here after {rows} rows and is not complete. Export CSV for all of them."
STARTS_FORMULA = "=+\\-@\uff1d\uff0b\uff0d\uff20"  # the wide forms count in Japanese spreadsheets
AT_START = re.compile(f"\\A(?=[\\s\\x00-\\x20\"']*[{STARTS_FORMULA}]|[\\t\\r\\n])")
AFTER_SPLIT = re.compile(f"([;,\\t\\r\\n|])(?=[ \"']*[{STARTS_FORMULA}])")


class Format(TextChoices):
    """The file formats; the values are those of the URL parameter."""

    COMMA = "comma", "CSV with commas"
    SEMICOLON = "semicolon", "CSV with semicolons"
    EXCEL = "xlsx", "Excel"

    @property
    def suffix(self) -> str:
        return "xlsx" if self is Format.EXCEL else "csv"

    @property
    def kind(self) -> str:
        """The name in the audit trail."""
        return self.suffix.upper()

    @property
    def content_type(self) -> str:
        if self is Format.EXCEL:
            return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return "text/csv; charset=utf-8"


def chosen(request: HttpRequest) -> Format:
    """The requested format; by default CSV as spreadsheets in the user's language expect it."""
    wanted = request.GET.get(PARAMETER, "")
    if wanted in Format.values:
        return Format(wanted)
    languages = parse_accept_lang_header(request.headers.get("Accept-Language", "")[:200])
    first = languages[0][0].partition("-")[0] if languages else ""
    return Format.SEMICOLON if first in SEMICOLON_LANGUAGES else Format.COMMA


def response(name: str, head: Sequence[str], rows: Iterable[Sequence[object]], form: Format) -> StreamingHttpResponse:
    """A streamed attachment; `name` is without the suffix."""
    return StreamingHttpResponse(
        chunks(head, rows, form),
        content_type=form.content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{form.suffix}"',
            "Cache-Control": "no-store",
        },
    )


def chunks(head: Sequence[str], rows: Iterable[Sequence[object]], form: Format) -> Iterator[bytes]:
    """The bytes of the file. Rows are read as they are needed."""
    return _workbook(head, rows) if form is Format.EXCEL else _csv(head, rows, form)


def escape_formula(value: object) -> str:
    """A CSV cell that no spreadsheet evaluates as a formula, whichever separator it uses to split the file.

    An apostrophe goes before each character that would begin a formula: at the start, and after each separator or line
    break inside. Phone numbers begin with +, so they get one too.
    """
    return AFTER_SPLIT.sub(r"\1'", AT_START.sub("'", str(value)))


def cells_of(record: str, delimiter: str, *, strict: bool = True) -> list[str] | None:
    """The cells of one record of a CSV file, line breaks inside of its quotes included.

    None where the quotes do not match: a quote that is never closed, or text behind a closed one. With `strict=False`
    quotes that do not match are taken as `csv` takes them, but a record that does not end stays None.
    """
    try:
        found = list(csv.reader([record], delimiter=delimiter, strict=strict))
    except csv.Error:
        return None
    return found[0] if len(found) == 1 else None


def plain(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """CSV with commas whose cells are as they are: for our own readers, never for a person's spreadsheet."""
    return _lines(rows, ",", "\n")


class _Echo:
    """A file for `csv.writer` whose `write` returns the line."""

    def write(self, line: str) -> str:
        return line


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]], form: Format) -> Iterator[bytes]:
    escaped = ([escape_formula(cell) for cell in row] for row in chain([head], rows))
    yield BYTE_ORDER_MARK.encode()
    yield from _lines(escaped, ";" if form is Format.SEMICOLON else ",", "\r\n")


def _lines(rows: Iterable[Sequence[object]], delimiter: str, end: str) -> Iterator[bytes]:
    writer: Any = csv.writer(_Echo(), delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator=end)
    for row in rows:
        yield writer.writerow(row).encode("utf-8", "replace")


def _workbook(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """One sheet of typed cells: text is text, whatever it begins with, and needs no apostrophe."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Export")
    sheet.append([_cell(sheet, cell) for cell in head])
    for count, row in enumerate(rows):
        if count == MOST_ROWS:
            sheet.append([_cell(sheet, CUT.format(rows=count))])
            break
        sheet.append([_cell(sheet, cell) for cell in row])
    with SpooledTemporaryFile(IN_MEMORY) as file:
        book.save(file)
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk


def _cell(sheet: Any, value: object) -> WriteOnlyCell:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return WriteOnlyCell(sheet, value)
    text = ILLEGAL_CHARACTERS_RE.sub("", str(value)).encode("utf-8", "replace").decode()
    if len(text) > LONGEST_CELL:
        text = text[:LONGEST_CELL] + "…"
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"  # else a text that begins with = is kept as a formula, and #N/A as an error
    return cell
