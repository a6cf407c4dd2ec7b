"""Names of people, companies, lines, assistants and campaigns: made readable, and safe to show beside other words.

`clean` is used for every name that a form takes and for every name that VoiceDock sends. `problem` is asked of names
that people type; what VoiceDock sends is cleaned and never refused.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from django.conf import settings

FSI, PDI = "\u2068", "\u2069"  # what stands between them does not reorder the text around it
DROPPED_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn"}
BLANK = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}  # drawn as nothing, though not of category Cf
BLANK_RANGES = ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
RIGHT_TO_LEFT = {"R", "AL", "AN"}
ALPHABETS = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "COPTIC", "CHEROKEE", "GEORGIAN", "HEBREW", "LISU"}
LOOK_ALIKES = {  # in each word the first letter is what the others can pass for, in lower case
    ord(other): word[0]
    for word in [
        "aаαɑᴀ",
        "bвβʙ",
        "cсϲᴄ",
        "dԁᴅ",
        "eеεєᴇ3",
        "gԍɡց",
        "hнһհ",
        "iі",
        "jјᴊ",
        "kкκᴋ",
        "lӏ1|iіιıɩɪʟ",
        "mмᴍ",
        "nпηոɴ",
        "oоοօ0ᴏ",
        "pрρᴘ",
        "qԛզ",
        "rгʀ",
        "sѕտ5ꜱ",
        "tтτᴛ",
        "uυսᴜ",
        "vνѵᴠ",
        "wԝшωա",
        "xхχ",
        "yуγүʏ",
        "zᴢ",
    ]
    for other in word[1:]
}


def clean(text: object, length: int = 0) -> str:
    """The name in one line of composed characters, without those that nobody sees; cut to `length` with an ellipsis."""
    if (plain := str(text)).isascii() and plain.isprintable():
        return _cut(" ".join(plain.split()), length)
    normal = " ".join(unicodedata.normalize("NFKC", plain).split())
    seen = " ".join("".join(char for char in normal if not _is_invisible(char)).split())
    return _cut(seen, length)


def problem(text: str, reserved: Iterable[str] = ()) -> str:
    """Why this name cannot be taken, in words for the person who typed it, or "". `reserved` are others' names."""
    if any(_mixes_scripts(word) for word in text.split()):
        return (
            "Letters of two alphabets stand in one word here and can pass for others. Write each word in one alphabet."
        )
    if text and skeleton(text) in {skeleton(name) for name in reserved}:
        return (
            f"{settings.RESELLER_NAME} uses this name. Add what tells the two apart, such as a middle name or a place."
        )
    return ""


def skeleton(text: str) -> str:
    """What is left of a name when everything that looks alike is written alike; for comparing, never for showing."""
    apart = unicodedata.normalize("NFKD", clean(text)).casefold()
    letters = "".join(char for char in apart if char.isalnum() or char == "|")
    return letters.translate(LOOK_ALIKES).replace("rn", "m").replace("vv", "w")


def isolate(name: object) -> str:
    """A name for a sentence without markup (titles, labels, mails): right-to-left writing stays within itself."""
    text = clean(name)
    return f"{FSI}{text}{PDI}" if has_right_to_left(text) else text


def has_right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(char) in RIGHT_TO_LEFT for char in text)


def _cut(text: str, length: int) -> str:
    return text if not length or len(text) <= length else f"{text[: length - 1].rstrip()}…"


def _is_invisible(char: str) -> bool:
    code = ord(char)
    if unicodedata.category(char) in DROPPED_CATEGORIES or code in BLANK:
        return True
    return any(first <= code <= last for first, last in BLANK_RANGES)


def _mixes_scripts(word: str) -> bool:
    scripts = {unicodedata.name(char, "").split(" ")[0] for char in word if char.isalpha()}
    return len(scripts & ALPHABETS) > 1
