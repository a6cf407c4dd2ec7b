"""Read a list of phone numbers, one in a line, as people paste it out of a sheet or upload it.

It is strict, because a wrong number on a do-not-call list leaves the right one callable: letters are no digits, and a
line with several numbers, or with one that can be read as several, is left to the person.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat

MOST_LINES = 10_000
LONGEST_NUMBER = 40
SEPARATORS = re.compile(r"[;,\t]")
PLAIN = re.compile(r"\+?[\d\s()./\-\u2010-\u2015]+")
DATE = re.compile(r"\d{4}-\d\d?-\d\d?|\d\d?[-./]\d\d?[-./]\d{4}")
LABEL = re.compile(r"[^\d+(]*")  # in front of a number: `Mob. 06 …`
TRUNK = "0"  # dialed before a number within the countries that have one: without it, a column of digits is no number
OLD_MEXICAN = re.compile(r"\+521(\d{10})")  # as destinations are read: the 1 of mobiles is dialed no more
NOT_A_NUMBER = "no phone number"
NO_COUNTRY = "no phone number here: write it with its country code, like +31 6 1234 5678"
SEVERAL = "several numbers: write one in a line"
SEVERAL_READINGS = "can be read as numbers of several countries: write it with its country code"


@dataclass(frozen=True)
class BadLine:
    """A line that was not understood, whole, as it was typed; `where` is its number in the text it comes from."""

    where: str
    text: str
    reason: str


@dataclass
class NumberList:
    """`numbers` in E.164, each once and in their order; `bad` has each line that was not understood."""

    numbers: dict[str, None] = field(default_factory=dict)
    bad: list[BadLine] = field(default_factory=list)
    repeated: int = 0

    @property
    def left(self) -> str:
        """The lines that were not understood, as they were typed."""
        return "\n".join(one.text for one in self.bad)


def read(texts: dict[str, str], countries: Iterable[str]) -> NumberList:
    """The number in each line of these texts, which are named for errors: `""` for what is typed, `of the file`.

    A first line of several without a digit is the head of a table, and left out, as are empty lines. Numbers without a
    country code are read as in these countries (ISO codes).
    """
    found, written_in = NumberList(), list(countries)
    for name, text in texts.items():
        lines = text.splitlines()
        for at, line in enumerate(lines, start=1):
            is_head = at == 1 and len(lines) > 1 and not any(map(str.isdigit, line))
            if line.strip() and not is_head:
                _read_line(found, f"Line {at}{name and f' {name}'}", line, written_in)
    return found


def _read_line(found: NumberList, where: str, line: str, written_in: Sequence[str]) -> None:
    cells = [line] if PLAIN.fullmatch(_bare(line)) else SEPARATORS.split(line)
    read = [readings(cell, written_in) for cell in cells]
    several = {number for numbers in read for number in numbers}
    if len(several) == 1:
        (number,) = several
        found.repeated += number in found.numbers
        found.numbers[number] = None
    elif not several:
        reason = NO_COUNTRY if any(map(str.isdigit, line)) else NOT_A_NUMBER
        found.bad.append(BadLine(where, line, reason))
    else:
        is_one_cell = sum(map(bool, read)) == 1
        found.bad.append(BadLine(where, line, SEVERAL_READINGS if is_one_cell else SEVERAL))


def _bare(cell: str) -> str:
    """Without marks that cannot be seen, quotes, and what stands in front of the number."""
    seen = "".join(char for char in cell if unicodedata.category(char) != "Cf")
    return LABEL.sub("", seen.strip().strip("'\"").strip(), count=1)


def readings(text: str, written_in: Iterable[str]) -> list[str]:
    """The numbers (E.164) that this text may be: several where it has no country code and fits several countries."""
    text = _bare(text)
    if not PLAIN.fullmatch(text) or len(text) > LONGEST_NUMBER or DATE.fullmatch(text):
        return []
    text = f"+{text[2:]}" if text.startswith("00") else text
    countries = [None] if text.startswith("+") else [one for one in written_in if _may_be_national(text, one)]
    found = (_parsed(text, country) for country in countries)
    return list(dict.fromkeys(filter(None, found)))


def _may_be_national(text: str, country: str) -> bool:
    metadata = PhoneMetadata.metadata_for_region(country)
    return metadata is None or metadata.national_prefix != TRUNK or text.lstrip("( ").startswith(TRUNK)


def normalized(number: str) -> str:
    """A number as VoiceDock reports it, in the E.164 form that is dialed; "" for what is none."""
    return _parsed(number, None) or ("" if OLD_MEXICAN.fullmatch(number) else number)


def _parsed(text: str, country: str | None) -> str:
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return ""
    written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if old := OLD_MEXICAN.fullmatch(written):
        return _parsed(f"+52{old[1]}", None)
    return written if phonenumbers.is_valid_number(number) and not number.extension else ""
