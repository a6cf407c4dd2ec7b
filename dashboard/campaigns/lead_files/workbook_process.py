"""The program that `workbooks` starts: a workbook on its input, its rows as lines of JSON on its output.

First an object with the sheets, then `[line, cells]` for each row with cells, then `true`. A text instead says why it
is refused. It ends with a failure where the workbook is damaged, and by a signal where it grows beyond the limits.
"""

from __future__ import annotations

import datetime
import io
import json
import re
import resource
import sys
from typing import IO, Any
from zipfile import ZipFile

MEMORY = 1024 * 1024 * 1024  # bytes
SECONDS = 60  # of the processor
CHUNK = 1024 * 1024
LONGEST_NAME = 100  # characters of a sheet's name, as it is kept
WITHOUT_RESULT = re.compile(rb"</f>(?:<v\s*/>|<v></v>)?</c>|<f[^>]*/>(?:<v\s*/>|<v></v>)?</c>")
SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # of a sheet's name: no database keeps them
MOST_DIGITS = 15  # of a number that a spreadsheet keeps exactly
LONGEST_TEXT = 32_767  # characters of a cell, as in Excel


def main(kind: str, sheet: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import PasswordError

    content = sys.stdin.buffer.read()
    try:
        _write(content, kind, sheet)
    except MemoryError:
        _say("memory")
    except PasswordError:
        _say("password")


def _write(content: bytes, kind: str, wanted: str) -> None:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    shown = [meta.name for meta in book.sheets_metadata if _is_shown(meta)] or list(book.sheet_names)
    sheets = {CONTROL.sub("", name)[:LONGEST_NAME]: name for name in shown}
    if not sheets:
        return _say("no-sheets")
    if wanted and wanted not in sheets:
        return _say("sheet")
    name, sheet = _chosen(book, {wanted: sheets[wanted]} if wanted else sheets)
    left = sheet.start[1] if sheet.start else 0
    if kind == "xlsx" and sheet.height and _without_result(content) * 2 >= sheet.height:
        return _say("formulas")
    _say({"sheet": name, "sheets": list(sheets)})
    for number, row in enumerate(sheet.iter_rows() if sheet.height else (), 1):  # from the first row of the sheet
        if any(cell != "" for cell in row):
            _say([number, [""] * left + [_text(cell) for cell in row]])
    return _say(True)


def _is_shown(meta: Any) -> bool:
    return meta.visible.__repr__().endswith("Visible") and meta.typ.__repr__().endswith("WorkSheet")


def _chosen(book: Any, sheets: dict[str, str]) -> tuple[str, Any]:
    """The first sheet with a table, else the first with cells, else the first."""
    found = []
    for short, name in sheets.items():
        sheet = book.get_sheet_by_name(name)
        if sheet.height > 1 and sheet.width > 1:
            return short, sheet
        found.append((short, sheet))
    return next((pair for pair in found if pair[1].height), found[0])


def _text(value: Any) -> str:
    """A cell as text: numbers as their digits, dates as ISO has them."""
    if isinstance(value, str):
        return value[:LONGEST_TEXT].encode("utf-8", "replace").decode()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**MOST_DIGITS:
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M") if value.time() != datetime.time() else value.date().isoformat()
    if isinstance(value, datetime.time):
        return value.strftime("%H:%M")
    return str(value)


def _without_result(content: bytes) -> int:
    """How many cells of the workbook have a formula and no result, as programs other than spreadsheets write them."""
    with ZipFile(io.BytesIO(content)) as file:
        sheets = [name for name in file.namelist() if SHEET.fullmatch(name)]
        return sum(_count(file.open(name)) for name in sheets)


def _count(entry: IO[bytes]) -> int:
    """In parts that end before a cell begins."""
    count, rest = 0, b""
    with entry:
        while chunk := entry.read(CHUNK):
            whole, start, rest = (rest + chunk).rpartition(b"<c ")
            rest = start + rest
            count += len(WITHOUT_RESULT.findall(whole))
    return count + len(WITHOUT_RESULT.findall(rest))


def _say(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
