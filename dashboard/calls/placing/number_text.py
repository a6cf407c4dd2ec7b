"""The number in a typed or pasted text: without invisible characters, labels and extensions."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote

SCHEME = re.compile(r"(?:tel|callto)\s*:\s*", re.IGNORECASE)
LABEL = re.compile(
    r"(?:telephone|telefoon|telefon|tel|tél|t|phone|ph|p|mobile|mobiel|mob|m|cell|gsm|handy)\b\s*[.:]*\s*(?=[+(\d])",
    re.IGNORECASE,
)
EXTENSION = re.compile(
    r"""(?P<number>.*\d.*?)
    [\s,;.]*
    (?: ;?ext(?:ension|n)?\b | ;?ext(?==) | tst | toestel | durchwahl | dw | poste | interno | int | anexo | ramal
      | доб | extensión | x | \# | ,+ | ; )
    [\s.:=]* (?P<extension>\d{1,8}) [\s\#]*""",
    re.IGNORECASE | re.VERBOSE,
)
FEWEST_DIGITS = 5  # in front of an extension: less than that is no number by itself


@dataclass(frozen=True)
class NumberText:
    """`text` is the number as it was written, `extension` what stood behind it."""

    text: str
    extension: str = ""

    @property
    def digits(self) -> str:
        return "".join(str(unicodedata.digit(char)) for char in self.text if char.isdigit())


def parse(typed: str) -> NumberText:
    """`tel:+31-20-555-0150;ext=12` → `+31-20-555-0150` and `12`."""
    text = visible(typed)
    if scheme := SCHEME.match(text):
        text = unquote(text[scheme.end() :]).strip()
    if label := LABEL.match(text):
        text = text[label.end() :]
    text = re.sub(r"^\++\s*(?:00(?=\s*[1-9]))?", "+", text)  # ++31 and +0031 are slips of the hand
    found = EXTENSION.fullmatch(text)
    if found and sum(char.isdigit() for char in found["number"]) >= FEWEST_DIGITS:
        return NumberText(found["number"].strip(), found["extension"])
    return NumberText(text)


def visible(typed: str) -> str:
    """What a reader sees of it: compatible forms made one, control and formatting characters (bidi marks) removed."""
    if typed.isascii() and typed.isprintable():  # nothing of that is in it, as in most of 100,000 cells
        return typed.strip()
    text = "".join(" " if char.isspace() else char for char in unicodedata.normalize("NFKC", typed))
    return "".join(char for char in text if unicodedata.category(char) not in ("Cc", "Cf")).strip()
