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
    PhoneNumberType.PERSONAL_NUMBER: "personal number",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "company number",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
PLAINER = {"Britain (UK)": "United Kingdom", "Korea (South)": "South Korea", "Korea (North)": "North Korea"}
MORE_COUNTRIES = {"AC": "Ascension Island", "TA": "Tristan da Cunha", "XK": "Kosovo"}  # not in the table of zones
NETWORKS = {  # country codes that belong to no country: region 001 of phonenumbers
    800: "International freephone",
    808: "International shared-cost",
    979: "International premium-rate",
    870: "Satellite",
    881: "Satellite",
}
WITH_ARTICLE = ("Netherlands", "United", "Philippines", "Bahamas", "Gambia", "Maldives", "Seychelles", "Comoros")


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
    code = phonenumbers.region_code_for_number(number) or ""
    if code == "001":
        return NETWORKS.get(number.country_code or 0, "International network")
    kind = TYPES.get(phonenumbers.number_type(number))
    return ", ".join(part for part in (_countries().get(code, code), kind) if part)


def country(code: str, *, article: bool = False) -> str:
    """`NL` → `Netherlands`, with the article `the Netherlands`; "" for what is no country."""
    name = _countries().get(code, "").partition(",")[0]
    return f"the {name}" if article and (name.startswith(WITH_ARTICLE) or name.endswith("Islands")) else name


def countries() -> dict[str, str]:
    """Every country with telephone numbers: ISO code and name, by name."""
    names = {code: _countries().get(code, "") for code in phonenumbers.SUPPORTED_REGIONS}
    return dict(sorted(((code, name) for code, name in names.items() if name), key=lambda pair: pair[1]))


def country_of(e164: str) -> str:
    """The ISO code of the country where a number rings, "" where there is none."""
    number = _parse(e164)
    code = phonenumbers.region_code_for_number(number) if number else None
    return code if code in phonenumbers.SUPPORTED_REGIONS else ""


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
    return {code: PLAINER.get(name, name) for code, name in rows} | MORE_COUNTRIES
