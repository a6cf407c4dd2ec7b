"""Read a list of phone numbers, one in a line, as people paste it out of a sheet or upload it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

MOST_LINES = 20_000
LONGEST_LINE = 200
SEVERAL = re.compile(r"[;,\t]")
NOT_A_NUMBER = "no phone number"
NO_COUNTRY = "no phone number here: write it with its country code, like +31 6 1234 5678"


@dataclass
class NumberList:
    """`numbers` in E.164, each once; `bad` has each line that was not understood: its number, text and reason."""

    numbers: dict[str, None] = field(default_factory=dict)  # in their order
    bad: list[tuple[int, str, str]] = field(default_factory=list)
    repeated: int = 0

    @property
    def left(self) -> str:
        """The lines that were not understood, as they were typed."""
        return "\n".join(text for _, text, _ in self.bad)


def read(texts: Iterable[str], countries: Iterable[str]) -> NumberList:
    """Of each text the first cell of each line that is a number.

    A first line without one is the head of a table, and left out. Empty lines are left out, too.
    Numbers without a country code are read as in the first of these countries (ISO codes) that knows them.
    """
    found, written_in = NumberList(), list(countries)
    for text in texts:
        _read_into(found, text, written_in)
    return found


def _read_into(found: NumberList, text: str, written_in: list[str]) -> None:
    for at, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        number = _number_in(line, written_in)
        if number in found.numbers:
            found.repeated += 1
        elif number:
            found.numbers[number] = None
        elif not (at == 1 and _is_head(line, text)):
            found.bad.append((at, line[:LONGEST_LINE], NO_COUNTRY if any(map(str.isdigit, line)) else NOT_A_NUMBER))


def _is_head(line: str, text: str) -> bool:
    return "\n" in text.strip() and not any(map(str.isdigit, line))


def _number_in(line: str, written_in: list[str]) -> str:
    for cell in [line, *_cells(line)]:
        if number := e164(cell, written_in):
            return number
    return ""


def _cells(line: str) -> list[str]:
    separator = SEVERAL.search(line)
    if separator is None:
        return []
    try:
        return next(csv.reader([line], delimiter=separator[0]), [])
    except csv.Error:
        return line.split(separator[0])


def e164(text: str, written_in: Iterable[str]) -> str:
    """`06 12345678` → `+31612345678` in the Netherlands; "" for what is no number."""
    text = text.strip().strip("'\"").strip()
    text = f"+{text[2:]}" if text.startswith("00") else text
    if not text or len(text) > LONGEST_LINE:
        return ""
    for country in [None] if text.startswith("+") else [*written_in]:
        try:
            number = phonenumbers.parse(text, country)
        except NumberParseException:
            continue
        if phonenumbers.is_valid_number(number) and not number.extension:
            return phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return ""
