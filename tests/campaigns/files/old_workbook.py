"""Writes a workbook as Excel 97 to 2003 saved it: records of BIFF8 in the stream `Workbook` of an OLE compound file."""

from __future__ import annotations

import struct
from collections.abc import Sequence

SECTOR, SMALLEST = 512, 4096  # a shorter stream would be kept in the mini stream
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
BOF, EOF, CODEPAGE, BOUNDSHEET, DIMENSIONS, NUMBER, LABEL = 0x809, 0x0A, 0x42, 0x85, 0x200, 0x203, 0x204
GLOBALS, WORKSHEET, BIFF8, UTF_16 = 5, 0x10, 0x600, 1200


def workbook(sheet: str, rows: Sequence[Sequence[str | float]]) -> bytes:
    """One sheet with these cells; an empty text is no cell."""
    start = _record(BOF, struct.pack("<HHHHII", BIFF8, GLOBALS, 0x0DBB, 1996, 0, 6))
    start += _record(CODEPAGE, struct.pack("<H", UTF_16))
    named = struct.pack("<BB", len(sheet), 1) + sheet.encode("utf-16-le")
    position = len(start) + 4 + 6 + len(named) + len(_record(EOF))
    start += _record(BOUNDSHEET, struct.pack("<IBB", position, 0, 0) + named) + _record(EOF)
    return _compound(start + _sheet(rows))


def _sheet(rows: Sequence[Sequence[str | float]]) -> bytes:
    found = _record(BOF, struct.pack("<HHHHII", BIFF8, WORKSHEET, 0x0DBB, 1996, 0, 6))
    found += _record(DIMENSIONS, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0))
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            place = struct.pack("<HHH", row, column, 0)
            if isinstance(cell, float):
                found += _record(NUMBER, place + struct.pack("<d", cell))
            elif cell:
                found += _record(LABEL, place + struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le"))
    return found + _record(EOF)


def _record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _compound(stream: bytes) -> bytes:
    """A sector of the table of sectors, one of the directory, and those of the stream."""
    stream = stream.ljust(max(SMALLEST, -(-len(stream) // SECTOR) * SECTOR), b"\0")
    sectors = len(stream) // SECTOR
    table = [FAT, END, *range(3, sectors + 2), END]
    header = struct.pack("<8s16xHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6,
                         0, 1, 1, 0, SMALLEST, END, 0, END, 0)  # fmt: skip
    header += struct.pack("<109I", 0, *[FREE] * 108)
    directory = _entry("Root Entry", 5, child=1, start=END, size=0)
    directory += _entry("Workbook", 2, child=FREE, start=2, size=len(stream))
    directory += _entry("", 0, child=FREE, start=0, size=0) * 2
    return header + struct.pack("<128I", *table, *[FREE] * (128 - len(table))) + directory + stream


def _entry(name: str, kind: int, *, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le").ljust(64, b"\0")
    length = 2 * len(name) + 2 if name else 0
    return struct.pack("<64sHBBIII16xI16xIQ", text, length, kind, 1, FREE, FREE, child, 0, start, size)
