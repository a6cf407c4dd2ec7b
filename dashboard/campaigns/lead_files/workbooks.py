"""The rows of a workbook, read by a process of its own (`workbook_process.py`).

The package that reads workbooks ends its process where a small file names a far cell, and a damaged one may make it do
anything. Its process has little memory and time, no keys in its environment and no network to ask.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO, Any

from dashboard.campaigns.lead_files.errors import BROKEN, ENCRYPTED, FileRefused
from dashboard.campaigns.lead_files.file_kinds import FileKind
from dashboard.campaigns.lead_files.rows import Row

PROGRAM = Path(__file__).with_name("workbook_process.py")
TOO_LARGE = "This workbook is too large to be read here. Save the sheet with the people as CSV."
NO_SHEET = "This workbook has no sheet of this name. Choose one of its sheets."
NO_SHEETS = "This workbook has no sheet with cells."
FORMULAS = (
    "The cells of this sheet hold formulas without their results. Open the file in Excel, save it there and choose it "
    "again."
)
REFUSALS = {
    "password": (ENCRYPTED, "file"),
    "sheet": (NO_SHEET, "sheet"),
    "no-sheets": (NO_SHEETS, "file"),
    "formulas": (FORMULAS, "file"),
    "memory": (TOO_LARGE, "file"),
}


def read(content: bytes, kind: FileKind, sheet: str = "") -> tuple[str, Iterator[Row], list[str]]:
    """The name of the sheet, its rows, and the names of all its sheets. Raises `FileRefused`."""
    process = subprocess.Popen(
        [sys.executable, "-I", str(PROGRAM), kind.value, sheet],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
    )
    Thread(target=_feed, args=(process.stdin, content), daemon=True).start()
    answers = _answers(process)
    first = next(answers)
    return first["sheet"], (Row(line, cells) for line, cells in answers), first["sheets"]


def _feed(pipe: IO[bytes], content: bytes) -> None:
    with suppress(OSError), pipe:  # it may end before it has read all
        pipe.write(content)


def _answers(process: subprocess.Popen[bytes]) -> Iterator[Any]:
    """What it writes, a value a line, up to `true`. Whoever stops reading ends the process."""
    try:
        for line in process.stdout or ():
            answer = json.loads(line)
            if answer is True:
                return
            if isinstance(answer, str):
                raise FileRefused(*REFUSALS[answer])
            yield answer
        raise FileRefused(TOO_LARGE if process.wait() < 0 else BROKEN)
    finally:
        process.kill()
        if process.stdout:
            process.stdout.close()
        process.wait()
