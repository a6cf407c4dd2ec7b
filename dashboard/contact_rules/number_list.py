"""Read a list of phone numbers, one in a line, as people paste it out of a sheet or upload it.

It is strict, because a wrong number on a do-not-call list leaves the right one callable: letters are no digits, and a
line with several numbers, or with one that can be read as several, is left to the person. Words beside a number, such
as a name, are kept with it, unless they may be a part of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat, ValidationResult

from dashboard.ui import phone_numbers

MOST_LINES = 10_000
LONGEST_NUMBER = 40
SEPARATORS = re.compile(r"[;,\t]")
PLAIN = re.compile(r"\+?[\d\s()./\-\u2010-\u2015]+")
DATE = re.compile(r"\d{4}-\d\d?-\d\d?|\d\d?[-./]\d\d?[-./]\d{4}")
LABEL = re.compile(r"[^\d+(]*")  # in front of a number: `Mob. 06 …`
WITH_WORDS = re.compile(r"(?P<number>\+?[\d\s()./\-\u2010-\u2015]*\d)(?P<words>[\s(/\-\u2010-\u2015]+[^\W\d_].*)")
ONLY_LABELS = re.compile(
    r"(?:tel|telefoon|telefon|phone|mob|mobiel|mobil|mobile|nummer|number|nr|no|t|m|p)", re.IGNORECASE
)
AROUND = " .:;,()'\"/-\u2010\u2011\u2012\u2013\u2014\u2015"  # words that are kept
TRUNK = "0"  # dialed before a number within the countries that have one: without it, a column of digits is no number
OLD_MEXICAN = re.compile(r"\+521(\d{10})")  # as destinations are read: the 1 of mobiles is dialed no more
NOT_A_NUMBER = "no phone number"
NO_COUNTRY = "the country code is missing: write the number like +31 6 1234 5678"
NO_ZERO = "neither a 0 nor a country code stands before it: write it with one of them"
NO_SUCH_CODE = "no country has the code after the +"
TOO_SHORT, TOO_LONG = "too short for a phone number{there}", "too long for a phone number{there}"
NO_SUCH_NUMBER = "no phone number{there} looks like this"
ONLY_A_DATE = "a date, and no phone number"
MORE_DIGITS = "there are more digits behind the number: leave only the number in this line"
LETTERS = "the letters may be a part of the number: leave only the number in this line, or write a comma behind it"
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
    """`numbers` in E.164, each once and in their order, with the words beside it, such as a name; `bad` has each line
    that was not understood."""

    numbers: dict[str, str] = field(default_factory=dict)
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
    read = [_read_cell(cell, written_in) for cell in cells]
    several = {number for numbers, _ in read for number in numbers}
    if len(several) == 1:
        (number,) = several
        found.repeated += number in found.numbers
        words = next(words for numbers, words in read if numbers)
        found.numbers[number] = found.numbers.get(number) or words
    elif not several:
        found.bad.append(BadLine(where, line, _why_not(cells, written_in)))
    else:
        is_one_cell = sum(bool(numbers) for numbers, _ in read) == 1
        found.bad.append(BadLine(where, line, SEVERAL_READINGS if is_one_cell else SEVERAL))


def _read_cell(cell: str, written_in: Sequence[str]) -> tuple[list[str], str]:
    """The numbers that the cell may be, and the words beside it."""
    seen = _seen(cell)
    text = LABEL.sub("", seen, count=1)
    before = SEPARATORS.split(seen.removesuffix(text))[-1]  # other cells of a line that was taken whole are left out
    if numbers := readings(text, written_in):
        return numbers, _kept(before)
    found = WITH_WORDS.fullmatch(text)
    if found is None or _has_digit(found["words"]) or _may_be_a_part(found, written_in):
        return [], ""
    return readings(found["number"], written_in), " ".join(filter(None, (_kept(before), _kept(found["words"]))))


def _kept(words: str) -> str:
    words = words.strip(AROUND)
    words = f"{words})" if words.count("(") > words.count(")") else words
    return "" if ONLY_LABELS.fullmatch(words) else " ".join(words.split())


def _may_be_a_part(found: re.Match[str], written_in: Sequence[str]) -> bool:
    """Whether there is a number as well when the letters are dialed, or mistaken for digits: `030 1234 AUTO`."""
    words = found["words"].strip(AROUND).split()
    longer = (" ".join([found["number"], *words[: at + 1]]) for at in range(len(words)))
    return any(readings(phonenumbers.convert_alpha_characters_in_number(text), written_in) for text in longer)


def _why_not(cells: Sequence[str], written_in: Sequence[str]) -> str:
    """What is wrong with the cell that is most like a number."""
    text = _bare(max(cells, key=_digits))
    if not _digits(text):
        return NOT_A_NUMBER
    if DATE.fullmatch(text):
        return ONLY_A_DATE
    found = WITH_WORDS.fullmatch(text)
    if found and readings(found["number"], written_in):
        return MORE_DIGITS if _has_digit(found["words"]) else LETTERS
    text = found["number"] if found else text
    if any(map(str.isalpha, text)):
        return LETTERS
    if text.startswith(("+", "00")):
        return _why_no_number(f"+{text.removeprefix('+').removeprefix('00')}", None)
    if not written_in:
        return NO_COUNTRY
    can_be = [one for one in written_in if _may_be_national(text, one)]
    return _why_no_number(text, can_be[0]) if can_be else NO_ZERO


def _why_no_number(text: str, country: str | None) -> str:
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException as error:
        is_long = error.error_type == NumberParseException.TOO_LONG
        is_code = error.error_type == NumberParseException.INVALID_COUNTRY_CODE
        return NO_SUCH_CODE if is_code else (TOO_LONG if is_long else TOO_SHORT).format(there=_there(country))
    words = {ValidationResult.TOO_SHORT: TOO_SHORT, ValidationResult.TOO_LONG: TOO_LONG}
    reason = words.get(phonenumbers.is_possible_number_with_reason(number), NO_SUCH_NUMBER)
    return reason.format(there=_there(country or phonenumbers.region_code_for_country_code(number.country_code or 0)))


def _there(country: str | None) -> str:
    name = phone_numbers.country(country or "", article=True)
    return f" in {name}" if name else ""


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))


def _seen(cell: str) -> str:
    """Without marks that cannot be seen, and quotes."""
    seen = "".join(char for char in cell if unicodedata.category(char) != "Cf")
    return seen.strip().strip("'\"").strip()


def _bare(cell: str) -> str:
    """The same, without what stands in front of the number."""
    return LABEL.sub("", _seen(cell), count=1)


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
