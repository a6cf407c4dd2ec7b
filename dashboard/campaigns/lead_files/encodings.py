"""How the bytes of a text file stand for letters: by its marks, else by what gives words."""

from __future__ import annotations

import codecs
import re
import unicodedata

from charset_normalizer import from_bytes

from dashboard.campaigns.lead_files.errors import FileRefused

NAMES = {
    "utf-8": "UTF-8",
    "cp1252": "Windows (Western European)",
    "cp1250": "Windows (Central European)",
    "cp1251": "Windows (Cyrillic)",
    "cp1253": "Windows (Greek)",
    "cp1254": "Windows (Turkish)",
    "cp1257": "Windows (Baltic)",
    "latin-1": "ISO 8859-1",
    "mac_roman": "Macintosh",
    "cp850": "DOS (Western European)",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16, little-endian",
    "utf-16-be": "UTF-16, big-endian",
    "utf-32": "UTF-32",
}
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
OF_COUNTRIES = {
    **dict.fromkeys(("PL", "CZ", "SK", "HU", "SI", "HR", "RO", "BA", "RS"), "cp1250"),
    **dict.fromkeys(("RU", "UA", "BY", "BG"), "cp1251"),
    **dict.fromkeys(("GR", "CY"), "cp1253"),
    "TR": "cp1254",
    **dict.fromkeys(("LT", "LV", "EE"), "cp1257"),
}  # what spreadsheets write there; elsewhere cp1252
SINGLE_BYTE = ["cp1252", "mac_roman", "cp850", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257"]
CHUNK = 1024 * 1024
SAMPLE = 64 * 1024
SAME = 0.02  # difference of disorder that says nothing
BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
ASCII_AT_START, ASCII_AT_END = re.compile(rb"[\x20-\x7e]*"), re.compile(rb"[\x20-\x7e]*\Z")
AROUND = 20  # bytes on each side of these
SIGNS = set("’‘“”„–—€£§°•…«»´©®\xa0")
UNREADABLE = "Not every letter of this file is {name}. Choose another text encoding."
NOT_TEXT = "This file is neither text nor a spreadsheet. Choose a CSV or Excel file with one person in each row."


def check(content: bytes, encoding: str) -> None:
    """Raises `FileRefused` where the bytes are not of this encoding."""
    if encoding not in NAMES:
        raise FileRefused("Choose one of the text encodings.", "encoding")
    if not _decodes(content, encoding):
        raise FileRefused(UNREADABLE.format(name=NAMES[encoding]), "encoding")


def guessed(content: bytes, country: str = "") -> str:
    """One of `NAMES` in which the bytes can be read. Raises `FileRefused` for what is no text."""
    for mark, encoding in MARKS:
        if content.startswith(mark) and _decodes(content, encoding):
            return encoding
    if b"\x00" in content:
        return _wide(content)
    if _decodes(content, "utf-8"):
        return "utf-8"
    return _single_byte(content, OF_COUNTRIES.get(country, "cp1252"))


def _wide(content: bytes) -> str:
    """UTF-16 without its mark: every second byte of most texts is zero."""
    pairs = max(len(content) // 2, 1)
    for encoding, start in (("utf-16-le", 1), ("utf-16-be", 0)):
        if content[start::2].count(0) > pairs * 0.4 and _decodes(content, encoding):
            return encoding
    raise FileRefused(NOT_TEXT)


def _single_byte(content: bytes, usual: str) -> str:
    """The usual one where nothing gives words better."""
    sample = _words_around(content)
    matches = list(from_bytes(sample, cp_isolation=SINGLE_BYTE))
    matches = [match for match in matches if match.chaos <= matches[0].chaos + SAME]
    names = {name for match in matches for name in match.could_be_from_charset if name in SINGLE_BYTE}
    likely = {name: _share_of_letters(sample, name) for name in names if _decodes(content, name)}
    if likely:
        best = max(likely.values())
        order = (usual, *SINGLE_BYTE)
        return next(name for name in order if likely.get(name, -1.0) >= best - SAME)
    return next(name for name in (usual, "cp1252", "latin-1") if _decodes(content, name))


def _words_around(content: bytes) -> bytes:
    """What stands around the first bytes beyond ASCII; the rest of a large file is only looked through for them."""
    found, size, seen = [], 0, 0
    for match in BEYOND_ASCII.finditer(content):
        start, end = match.span()
        before = ASCII_AT_END.search(content[max(start - AROUND, seen) : start])
        after = ASCII_AT_START.match(content[end : end + AROUND])
        found.append((before[0] if before else b"") + match[0] + (after[0] if after else b""))
        size, seen = size + len(found[-1]) + 1, end + (after.end() if after else 0)
        if size >= SAMPLE:
            break
    return b" ".join(found)[:SAMPLE]


def _share_of_letters(sample: bytes, encoding: str) -> float:
    """Of the characters beyond ASCII: how many are letters or the signs of printed text."""
    beyond = [char for char in sample.decode(encoding, "replace") if char > "\x7f"]
    letters = [char for char in beyond if char in SIGNS or unicodedata.category(char).startswith("L")]
    return len(letters) / max(len(beyond), 1)


def _decodes(content: bytes, encoding: str) -> bool:
    """In parts, so that no second copy of the file is held."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        for start in range(0, len(content), CHUNK):
            decoder.decode(content[start : start + CHUNK])
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True
