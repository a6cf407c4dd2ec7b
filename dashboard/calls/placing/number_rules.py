"""Which valid numbers are not called, each by a stated rule: emergency services, and kinds that cost extra."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType

INTERNATIONAL_NETWORK = "001"  # the region of phonenumbers for country codes that belong to no country


class Rule(enum.Enum):
    """Why a text is not called."""

    UNREADABLE = "unreadable"
    AMBIGUOUS = "ambiguous"
    INVALID = "invalid"
    EMERGENCY = "emergency"
    COSTLY = "costly"
    NOBODY_ANSWERS = "nobody-answers"
    COUNTRY = "country"
    OWN_LINE = "own-line"
    DO_NOT_CALL = "do-not-call"


COSTS_EXTRA = "calls to it cost extra, so it cannot be called here."
KINDS = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed-line",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed-or-mobile",
    PhoneNumberType.TOLL_FREE: "toll-free",
    PhoneNumberType.PREMIUM_RATE: "premium-rate",
    PhoneNumberType.SHARED_COST: "shared-cost",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.UAN: "company",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
SATELLITE = "satellite"
COSTLY = {  # those of `destination_rules.COSTLY_KINDS`
    "premium-rate": "This is a premium-rate number",
    "shared-cost": "This is a shared-cost number",
    "personal": "This is a personal number, which is forwarded anywhere",
    SATELLITE: "+{code} is no country but a satellite or other network",
}
NOBODY_ANSWERS = {
    "pager": "This is the number of a pager: nobody can talk there.",
    "voicemail": "This is the number of a voicemail: nobody can talk there.",
}


def kind_of(number: PhoneNumber) -> str:
    """What kind of number this is, as `Call.destination_kind` keeps it; "" where the numbering plan does not tell."""
    zeros = (number.number_of_leading_zeros or 1) if number.italian_leading_zero else None
    kind = _type_of(number.country_code or 0, number.national_number or 0, zeros)
    region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    if region == INTERNATIONAL_NETWORK and kind not in (PhoneNumberType.TOLL_FREE, PhoneNumberType.SHARED_COST):
        return "premium-rate" if kind == PhoneNumberType.PREMIUM_RATE else SATELLITE
    return KINDS.get(kind, "")


@lru_cache(maxsize=256)
def _type_of(country_code: int, national_number: int, leading_zeros: int | None) -> int:
    """Kept, since it is asked twice for each number that is read, and most of that time."""
    number = PhoneNumber(
        country_code=country_code,
        national_number=national_number,
        italian_leading_zero=leading_zeros is not None,
        number_of_leading_zeros=leading_zeros,
    )
    return int(phonenumbers.number_type(number))


def broken(number: PhoneNumber, allowed: Collection[str] = ()) -> tuple[Rule, str] | None:
    """The rule by which this number is not called, with words; None for one that may be. `number` is valid.

    `allowed` are kinds that may be called though they cost extra.
    """
    kind = kind_of(number)
    if kind in NOBODY_ANSWERS:
        return Rule.NOBODY_ANSWERS, NOBODY_ANSWERS[kind]
    if kind in COSTLY and kind not in allowed:
        return Rule.COSTLY, f"{COSTLY[kind].format(code=number.country_code)}: {COSTS_EXTRA}"
    return None


def is_emergency(number: PhoneNumber) -> bool:
    """Whether the digits after the country code are, exactly, an emergency number of a country with that code.

    A number is dialed internationally, country code first, so one that merely begins like an emergency number (Paris
    01 5…, Delhi 011…) reaches its subscriber. Exact equality is refused all the same: a carrier may dial nationally.
    """
    digits = phonenumbers.national_significant_number(number)
    regions = phonenumbers.region_codes_for_country_code(number.country_code or 0)
    return any(phonenumbers.is_emergency_number(digits, region) for region in regions)


def is_emergency_anywhere(digits: str) -> bool:
    """Whether bare digits, without a country code, are an emergency number of any country."""
    return any(phonenumbers.is_emergency_number(digits, region) for region in phonenumbers.SUPPORTED_REGIONS)


def is_short_in(digits: str, countries: Iterable[str]) -> bool:
    """Whether bare digits are an emergency number or another short number of one of these countries."""
    return any(phonenumbers.is_emergency_number(digits, region) or _is_short(digits, region) for region in countries)


def _is_short(digits: str, region: str) -> bool:
    try:
        return phonenumbers.is_valid_short_number_for_region(phonenumbers.parse(digits, region), region)
    except NumberParseException:
        return False
