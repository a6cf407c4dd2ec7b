"""A file that gives no table of people, in words that say what helps."""

from __future__ import annotations

EMPTY = "This file is empty."
BROKEN = "This file is damaged or not complete. Open it in Excel, save it again and choose it once more."
ENCRYPTED = "This file is protected by a password. Open it, remove the password, save it and choose it again."
NOT_A_TABLE = "This is {what}, not a table. Choose a CSV or Excel file with one person in each row."
SAVE_AS = "Open it in Excel or LibreOffice and save it as .xlsx or CSV."


class FileRefused(ValueError):
    """`str()` says what is wrong and what helps; `field` is the setting that it is about: file, sheet, encoding, …"""

    def __init__(self, message: str, field: str = "file") -> None:
        super().__init__(message)
        self.message, self.field = message, field
