"""Countries by their ISO codes: read as people write them, and told in words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dashboard.ui import phone_numbers
from tenants.destination_rules import EU

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
THE_EU = "the EU"


class UnknownCountry(ValueError):
    """`str()` is what was written."""


def read(text: str) -> list[str]:
    """`Netherlands, be, the UK` → `["BE", "GB", "NL"]`. Raises `UnknownCountry`."""
    words = [part.strip() for part in re.split(r"[,;\n]", text)]
    union = EU if any(_plain(word) in ("eu", "european union") for word in words) else ()
    return sorted({_code(word) for word in words if word and _plain(word) not in ("eu", "european union")} | {*union})


def words(codes: Sequence[str]) -> str:
    """`Belgium, Netherlands`, or `the EU, United Kingdom`; no codes are every country."""
    union = [THE_EU] if set(EU) <= set(codes) else []
    others = (code for code in codes if not union or code not in EU)
    return ", ".join([*union, *sorted(phone_numbers.country(code) or code for code in others)]) or EVERY_COUNTRY


def _plain(word: str) -> str:
    return re.sub(r"^the\s+", "", word.casefold())


def _code(word: str) -> str:
    plain = _plain(word)
    names = {name.partition(",")[0].casefold(): code for code, name in phone_numbers.countries().items()}
    if plain.upper() in phone_numbers.countries():
        return plain.upper()
    if code := names.get(plain) or ALIASES.get(plain):
        return code
    raise UnknownCountry(word)
