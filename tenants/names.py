"""Names of people, companies, numbers, assistants and campaigns: cleaned, checked, and safe to show within other text.

`clean` is used for every name from a form or from VoiceDock. `problem` checks names that people type; a name from
VoiceDock is cleaned and never refused.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from django.conf import settings

FSI, PDI = "\u2068", "\u2069"  # text between them does not reorder the text around it
DROPPED_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn"}
BLANK = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}  # invisible, though not of category Cf
BLANK_RANGES = ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
RIGHT_TO_LEFT = {"R", "AL", "AN"}
ALPHABETS = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "COPTIC", "CHEROKEE", "GEORGIAN", "HEBREW", "LISU"}
LOOK_ALIKES = {  # in each string the others look like the first letter, in lower case
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
    """The name as one line of composed, visible characters, cut to `length` with an ellipsis."""
    if (plain := str(text)).isascii() and plain.isprintable():
        return _cut(" ".join(plain.split()), length)
    normal = " ".join(unicodedata.normalize("NFKC", plain).split())
    visible = " ".join("".join(char for char in normal if not _is_invisible(char)).split())
    return _cut(visible, length)


def problem(text: str, reserved: Iterable[str] = ()) -> str:
    """Why this name is refused, for the person who typed it, or "". `reserved` are names it may not look like."""
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
    """The name with characters that look alike replaced by one of them; for comparing, never for showing."""
    decomposed = unicodedata.normalize("NFKD", clean(text)).casefold()
    letters = "".join(char for char in decomposed if char.isalnum() or char == "|")
    return letters.translate(LOOK_ALIKES).replace("rn", "m").replace("vv", "w")


def isolate(name: object) -> str:
    """A name for text without markup (titles, labels, mails), with isolating characters around right-to-left text."""
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
