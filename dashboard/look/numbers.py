"""Phone numbers as people of their country write them; the E.164 form stays beside them for copying."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

E164 = re.compile(r"\+[1-9][0-9]{6,14}\b")
TYPES = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed line",
    PhoneNumberType.TOLL_FREE: "free to call",
    PhoneNumberType.PREMIUM_RATE: "premium rate",
    PhoneNumberType.SHARED_COST: "shared cost",
    PhoneNumberType.VOIP: "internet line",
}
PLAINER = {"Britain (UK)": "United Kingdom", "Korea (South)": "South Korea", "Korea (North)": "North Korea"}


def grouped(e164: str) -> str:
    """`+31612345678` → `+31 6 12345678`; what is not a number stays as it is."""
    number = _parse(e164)
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL) if number else e164


def within(text: str) -> str:
    """The text with every number in it grouped."""
    return E164.sub(lambda found: grouped(found[0]), text)


def region(e164: str) -> str:
    """`+31612345678` → `Netherlands, mobile`. Where the plan does not tell mobile from fixed, the country alone."""
    number = _parse(e164)
    if number is None:
        return ""
    code = phonenumbers.region_code_for_number(number)
    kind = TYPES.get(phonenumbers.number_type(number))
    return ", ".join(part for part in (_countries().get(code or "", code or ""), kind) if part)


def _parse(e164: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(e164) if e164.startswith("+") else None
    except phonenumbers.NumberParseException:
        return None


@cache
def _countries() -> dict[str, str]:
    """Country names of the time zone database: the geocoder of phonenumbers takes four seconds to import."""
    table = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return {code: PLAINER.get(name, name) for code, name in rows}
