"""Countries by their ISO codes: read as people write them, and told in words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dashboard.ui import phone_numbers

ALIASES = {
    "uk": "GB",
    "great britain": "GB",
    "britain": "GB",
    "england": "GB",
    "usa": "US",
    "united states of america": "US",
    "america": "US",
    "holland": "NL",
    "nederland": "NL",
    "belgië": "BE",
    "belgique": "BE",
    "deutschland": "DE",
    "czechia": "CZ",
    "turkey": "TR",
}
EVERY_COUNTRY = "every country"


class UnknownCountry(ValueError):
    """`str()` is what was written."""


def read(text: str) -> list[str]:
    """`Netherlands, be, the UK` → `["BE", "GB", "NL"]`. Raises `UnknownCountry`."""
    words = (part.strip() for part in re.split(r"[,;\n]", text))
    return sorted({_code(word) for word in words if word})


def words(codes: Sequence[str]) -> str:
    """`Belgium, Netherlands`; no codes are every country."""
    return ", ".join(sorted(phone_numbers.country(code) or code for code in codes)) or EVERY_COUNTRY


def _code(word: str) -> str:
    plain = re.sub(r"^the\s+", "", word.casefold())
    names = {name.partition(",")[0].casefold(): code for code, name in phone_numbers.countries().items()}
    if plain.upper() in phone_numbers.countries():
        return plain.upper()
    if code := names.get(plain) or ALIASES.get(plain):
        return code
    raise UnknownCountry(word)
