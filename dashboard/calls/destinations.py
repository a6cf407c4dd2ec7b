"""Whom one may call: a number as people write it, read strictly, and refused in words to act on."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from dashboard.look import numbers

COUNTRY_CODE = "Write the number with its country code, like +31 6 1234 5678."
NO_COUNTRY = "No country has this code. Check the digits after the +."
COSTLY = {
    PhoneNumberType.PREMIUM_RATE: "This is a premium-rate number: calls to it cost extra, so it cannot be called here.",
    PhoneNumberType.SHARED_COST: "This is a shared-cost number: calls to it cost extra, so it cannot be called here.",
}
SHORT = "Emergency and short numbers cannot be called from here. " + COUNTRY_CODE
KINDS = {PhoneNumberType.MOBILE: "mobile number", PhoneNumberType.FIXED_LINE: "landline number"}
WITH_ARTICLE = ("Netherlands", "United Kingdom", "United States", "United Arab Emirates", "Philippines")
COUNT = {1: "one", 2: "two", 3: "three"}


class NotCallable(ValueError):
    """`str()` says what is wrong with the number."""


def read(text: str) -> str:
    """`+31 6 1234-5678` or `0031…` as E.164. Raises `NotCallable`."""
    plain = text.strip().replace("(0)", "")
    plain = "+" + plain[2:] if plain.startswith("00") else plain
    digits = sum(char.isdigit() for char in plain)
    if not plain.startswith("+"):
        raise NotCallable(SHORT if 0 < digits <= 6 else COUNTRY_CODE)
    if any(char.isalpha() for char in plain):
        raise NotCallable("A phone number has digits only. " + COUNTRY_CODE)
    try:
        number = phonenumbers.parse(plain)
    except NumberParseException as error:
        unknown = error.error_type == error.INVALID_COUNTRY_CODE and digits > 3
        raise NotCallable(NO_COUNTRY if unknown else COUNTRY_CODE) from None
    _check(number)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _check(number: PhoneNumber) -> None:
    if number.extension:
        raise NotCallable("Leave out the extension: only the number itself can be called.")
    region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    if region in ("ZZ", "", None):
        raise NotCallable(NO_COUNTRY)
    if phonenumbers.connects_to_emergency_number(_national(number), region):
        raise NotCallable(SHORT)
    if not phonenumbers.is_valid_number(number):
        raise NotCallable(_length(number, region) or f"No number in {_country(region)} looks like this. Check it.")
    if words := COSTLY.get(phonenumbers.number_type(number)):
        raise NotCallable(words)


def _length(number: PhoneNumber, region: str) -> str:
    """`A mobile number in Belgium has 9 digits after +32; one is missing here.`, where that is what is wrong."""
    national, plan = _national(number), PhoneMetadata.metadata_for_region(region, None)
    if plan is None:
        return ""
    for kind, told in ((PhoneNumberType.MOBILE, plan.mobile), (PhoneNumberType.FIXED_LINE, plan.fixed_line)):
        possible = told.possible_length if told else ()
        lengths = sorted(possible, key=lambda length: (abs(length - len(national)), length))
        for length in lengths:
            if length > 0 and length != len(national) and (what := _would_be(number, length, kind)):
                off = abs(length - len(national))
                amount, are = COUNT.get(off, str(off)), "is" if off == 1 else "are"
                wrong = f"{amount} {are} missing here" if len(national) < length else f"here {are} {amount} too many"
                return f"A {what} in {_country(region)} has {length} digits after +{number.country_code}; {wrong}."
    return ""


def _would_be(number: PhoneNumber, length: int, kind: int) -> str:
    """What it would be with the right number of digits, or nothing of this kind."""
    national = _national(number)
    for filler in "1234567890":
        digits = int((national + filler * length)[:length])
        found = phonenumbers.number_type(PhoneNumber(country_code=number.country_code, national_number=digits))
        if found in (kind, PhoneNumberType.FIXED_LINE_OR_MOBILE):
            return KINDS.get(found, "phone number")
    return ""


def _national(number: PhoneNumber) -> str:
    return phonenumbers.national_significant_number(number)


def _country(region: str) -> str:
    example = phonenumbers.example_number(region)
    name = numbers.region(phonenumbers.format_number(example, PhoneNumberFormat.E164)) if example else ""
    name = name.partition(",")[0]
    return (
        f"the {name}" if name in ("Netherlands", "United Kingdom", "United States", "Philippines") else name or region
    )
