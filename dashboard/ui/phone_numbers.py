"""Phone numbers as people of their country write them; the E.164 form stays beside them for copying."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from django.utils import timezone
from phonenumbers import PhoneNumberFormat, PhoneNumberType
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number

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
KEPT = 4096  # numbers whose writing and region each process keeps: working them out is most of the time of a row
LONG_GROUP = re.compile(r"(?<!\d)\d{7,10}(?!\d)")
PARTS = {7: (3, 4), 8: (4, 4), 9: (3, 3, 3), 10: (3, 3, 4)}  # of groups that some plans leave too long to compare
WITH_ARTICLE = ("Netherlands", "United", "Philippines", "Bahamas", "Gambia", "Maldives", "Seychelles", "Comoros")


@lru_cache(maxsize=KEPT)
def grouped(e164: str) -> str:
    """`+31612345678` → `+31 6 1234 5678`; what is not a number stays as it is."""
    number = _parse(e164)
    return in_parts(phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)) if number else e164


@lru_cache(maxsize=KEPT)
def grouped_national(e164: str) -> str:
    """`+31612345678` → `06 1234 5678`, as within its own country; "" for what is not a number."""
    number = _parse(e164)
    return in_parts(phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)) if number else ""


def in_parts(text: str) -> str:
    """The text with its long groups of digits split: `+31 6 12345678` → `+31 6 1234 5678`."""
    return LONG_GROUP.sub(lambda found: _parts(found[0]), text)


def example(country_code: str) -> str:
    """A mobile number of this country as people write it there, for a placeholder; "" where none is known."""
    number = phonenumbers.example_number_for_type(country_code, PhoneNumberType.MOBILE)
    return in_parts(phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)) if number else ""


def within(text: str) -> str:
    """The text with every number in it grouped."""
    return E164.sub(lambda found: grouped(found[0]), text)


@lru_cache(maxsize=KEPT)
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


def clock_there(e164: str, now: datetime | None = None) -> str:
    """`14:07`, the local time where the number rings; `05:07 to 08:07` where its digits leave several zones open."""
    number, moment = _parse(e164), now or timezone.now()
    clocks = sorted(filter(None, (_local(moment, zone) for zone in time_zones_for_number(number)))) if number else []
    first, last = (f"{clock:%H:%M}" for clock in (clocks[0], clocks[-1])) if clocks else ("", "")
    return first if first == last else f"{first} to {last}"


def zones_of(e164: str) -> list[str]:
    """The names of the time zones in which the number may ring."""
    number = _parse(e164)
    return [name for name in time_zones_for_number(number) if name != UNKNOWN_TIMEZONE] if number else []


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


def _parts(digits: str) -> str:
    parts, at = [], 0
    for length in PARTS[len(digits)]:
        parts.append(digits[at : at + length])
        at += length
    return " ".join(parts)


def _local(moment: datetime, zone: str) -> datetime | None:
    """The wall time in a zone, without the zone, so that several can be compared; None for `Etc/Unknown`."""
    try:
        return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    except ZoneInfoNotFoundError:
        return None


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
