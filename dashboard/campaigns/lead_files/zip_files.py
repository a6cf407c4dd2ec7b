"""What a zip file holds, and how large it becomes: checked before anything else reads it.

The sizes in a zip's directory are what its maker wrote there. `workbooks` reads in a process with a limit of its own,
for a directory that does not say the truth.
"""

from __future__ import annotations

import io
import struct
import zlib
from zipfile import BadZipFile, LargeZipFile, ZipFile

from dashboard.campaigns.lead_files.errors import BROKEN, ENCRYPTED, NOT_A_TABLE, FileRefused
from dashboard.campaigns.lead_files.limits import MB

MOST_UNPACKED = 300 * MB
MOST_ENTRIES = 5_000
IS_ENCRYPTED = 0x1
UNPACKED = "This file becomes too large when it is opened. Save the sheet with the people as CSV."
NUMBERS = "This is a spreadsheet of Apple Numbers. In Numbers choose File, Export to, CSV or Excel."
WRONG = (BadZipFile, LargeZipFile, struct.error, zlib.error, ValueError, KeyError, OSError, EOFError)
WRONG_KIND = (NotImplementedError, RuntimeError, IndexError, OverflowError, MemoryError)


def kind_of(content: bytes) -> str:
    """xlsx or ods. Raises `FileRefused`."""
    try:
        with ZipFile(io.BytesIO(content)) as file:
            return _kind(file)
    except FileRefused:
        raise
    except (*WRONG, *WRONG_KIND):
        raise FileRefused(BROKEN) from None


def _kind(file: ZipFile) -> str:
    entries = file.infolist()
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise FileRefused(UNPACKED)
    if any(entry.flag_bits & IS_ENCRYPTED for entry in entries):
        raise FileRefused(ENCRYPTED)
    names = {entry.filename for entry in entries}
    if "xl/workbook.xml" in names or "xl/workbook.bin" in names:
        return "xlsx"
    if "content.xml" in names and "spreadsheet" in _start(file, "mimetype", names):
        if "encryption-data" in _start(file, "META-INF/manifest.xml", names):
            raise FileRefused(ENCRYPTED)
        return "ods"
    raise FileRefused(_other(names))


def _other(names: set[str]) -> str:
    if any(name.endswith(".iwa") for name in names) or "Index.zip" in names:
        return NUMBERS
    documents = any(name.startswith(("word/", "ppt/")) for name in names) or "content.xml" in names
    return NOT_A_TABLE.format(what="a document" if documents else "a compressed file")


def _start(file: ZipFile, name: str, names: set[str]) -> str:
    if name not in names:
        return ""
    with file.open(name) as entry:
        return entry.read(64 * 1024).decode("utf-8", "replace")
