"""What a file is, by its first bytes; what holds no table is refused in words that name it."""

from __future__ import annotations

import enum
import re

from dashboard.campaigns.lead_files import zip_files
from dashboard.campaigns.lead_files.errors import EMPTY, ENCRYPTED, NOT_A_TABLE, SAVE_AS, FileRefused
from dashboard.campaigns.lead_files.limits import MB, MOST_BYTES


class FileKind(enum.Enum):
    TEXT = "text"
    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"


TOO_LARGE = f"This file is larger than {MOST_BYTES // MB} MB. Split it, or remove the columns that are not needed."
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OTHERS = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"{\\rtf", "a text document"),
    (b"BEGIN:VCARD", "a list of contact cards (vCard)"),
    (b"\x1f\x8b", "a compressed file"),
    (b"7z\xbc\xaf", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"SQLite format 3", "a database"),
)
WEB_PAGE = f"This is a web page with the name of a spreadsheet. {SAVE_AS}"
OLD_XML = f"This is a spreadsheet in an old XML format. {SAVE_AS}"
JSON = "This is JSON, not a table. Choose a CSV or Excel file with one person in each row."
MARKUP = re.compile(rb"\s*<(!doctype|html|head|body|table|meta|style|\?xml)", re.IGNORECASE)
JSON_START = re.compile(rb"\s*(?:\{|\[\s*[\[{\"])")
DOCUMENT, ENCRYPTED_PACKAGE = (name.encode("utf-16-le") for name in ("WordDocument", "EncryptedPackage"))
OUTLOOK, SLIDES = (name.encode("utf-16-le") for name in ("__properties_version", "PowerPoint Document"))


def kind_of(content: bytes) -> FileKind:
    """Raises `FileRefused` for what holds no table of people."""
    if not content.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise FileRefused(EMPTY)
    if len(content) > MOST_BYTES:
        raise FileRefused(TOO_LARGE)
    if content.startswith(b"PK\x03\x04"):
        return FileKind(zip_files.kind_of(content))
    if content.startswith(OLE):
        return _of_ole(content)
    for start, what in OTHERS:
        if content.startswith(start):
            raise FileRefused(NOT_A_TABLE.format(what=what))
    _check_markup(content.removeprefix(b"\xef\xbb\xbf")[:1000])
    return FileKind.TEXT


def _of_ole(content: bytes) -> FileKind:
    if ENCRYPTED_PACKAGE in content:
        raise FileRefused(ENCRYPTED)
    if DOCUMENT in content or OUTLOOK in content or SLIDES in content:
        raise FileRefused(NOT_A_TABLE.format(what="a document of another program"))
    return FileKind.XLS


def _check_markup(start: bytes) -> None:
    if MARKUP.match(start):
        raise FileRefused(OLD_XML if b"Workbook" in start else WEB_PAGE)
    if JSON_START.match(start):
        raise FileRefused(JSON)
