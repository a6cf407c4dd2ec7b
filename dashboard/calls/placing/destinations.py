"""Whom one may call: a number as people write it, read strictly, and refused in words to act on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from dashboard.calls.placing import number_rules, number_text
from dashboard.calls.placing.number_rules import Rule
from dashboard.calls.placing.number_text import NumberText
from dashboard.ui import countries, phone_numbers
from tenants.models import Tenant

COUNTRY_CODE = "Write the number with its country code, like +31 6 1234 5678."
NO_COUNTRY = "No country has this code. Check the digits after the +."
SHORT = "Emergency and short numbers cannot be called from here. " + COUNTRY_CODE
EXTENSION = "Leave out the extension ({extension}): only the number itself can be called."
DIGITS_ONLY = "A phone number has digits only. " + COUNTRY_CODE
SIP = "This is a SIP address. A call goes to a phone number. " + COUNTRY_CODE
TWO_NUMBERS = "These are several numbers. Type one of them."
TWO_READINGS = "This can be read as more than one number. Choose the one you mean."
ONE_READING = "The + is missing. Choose this number if it is the one you mean, or type it anew."
NOT_ALLOWED = (
    "This number rings in {there}. {name} may call: {allowed}. Your account team can add a country. Nothing was dialed."
)
SHORTEST = 6  # digits: anything up to this without a country code is a short number
KINDS = {PhoneNumberType.MOBILE: "mobile number", PhoneNumberType.FIXED_LINE: "landline number"}
COUNT = {1: "one", 2: "two", 3: "three"}
TRUNK_ZERO = re.compile(r"\(\s*0\s*\)")
MEXICAN_PREFIX = re.compile(r"(?:1|01|044|045)(\d{10})")  # for mobiles, and in force until 2019


class NotCallable(ValueError):
    """`str()` says what is wrong with the number, `rule` by which rule it is refused."""

    def __init__(self, words: str, rule: Rule) -> None:
        super().__init__(words)
        self.rule = rule


class Ambiguous(NotCallable):
    """The text has several `readings` (E.164), and only the user knows which is meant."""

    def __init__(self, readings: Sequence[str]) -> None:
        super().__init__(TWO_READINGS if len(readings) > 1 else ONE_READING, Rule.AMBIGUOUS)
        self.readings = list(readings)


def read(text: str, country: str = "") -> str:
    """`+31 6 1234-5678`, `0031…`, or as written in `country` (an ISO code), as E.164. Raises `NotCallable`."""
    typed = number_text.parse(text)
    _check_text(typed, country)
    found = list(_readings(typed.text, country))
    valid = {_e164(number): certain for number, certain in reversed(found) if phonenumbers.is_valid_number(number)}
    if len(valid) > 1 or (valid and not any(valid.values())):
        raise Ambiguous(list(valid)[::-1])
    if not valid:
        raise _unreadable(typed, found[0][0] if found else None)
    (e164,) = valid
    _check_rules(phonenumbers.parse(e164))
    return e164


def read_for(tenant: Tenant, text: str) -> str:
    """The same as this client writes numbers, and only where it may call. Raises `NotCallable`."""
    e164 = read(text, tenant.country)
    if words := country_refusal(tenant, e164):
        raise NotCallable(words, Rule.COUNTRY)
    return e164


def country_refusal(tenant: Tenant, e164: str) -> str:
    """Why this client may not call the country of this number, or ""."""
    code, allowed = phone_numbers.country_of(e164), tenant.allowed_countries
    if not allowed or code in allowed:
        return ""
    country = phone_numbers.country(code, article=True) or "no single country"
    return NOT_ALLOWED.format(there=country, name=tenant.name, allowed=countries.words(allowed))


def _check_text(typed: NumberText, country: str) -> None:
    text, digits = typed.text, typed.digits
    if text.lower().startswith(("sip:", "sips:")):
        raise NotCallable(SIP, Rule.UNREADABLE)
    if text.count("+") > 1:
        raise NotCallable(TWO_NUMBERS, Rule.UNREADABLE)
    if any(char.isalpha() for char in TRUNK_ZERO.sub("", text).partition(";phone-context=")[0]):
        raise NotCallable(DIGITS_ONLY if text.startswith("+") else COUNTRY_CODE, Rule.UNREADABLE)
    if typed.extension:
        raise NotCallable(EXTENSION.format(extension=typed.extension), Rule.UNREADABLE)
    if _is_short(text, digits, country):
        raise NotCallable(SHORT, Rule.EMERGENCY if number_rules.is_emergency_anywhere(digits) else Rule.INVALID)


def _is_short(text: str, digits: str, country: str) -> bool:
    """Digits that are an emergency number here; without a country to read them in, any few digits."""
    if not 0 < len(digits) <= SHORTEST:
        return False
    if text.startswith("+"):
        return number_rules.is_emergency_anywhere(digits)
    return phonenumbers.is_emergency_number(digits, country) if country else True


def _readings(text: str, country: str) -> Iterator[tuple[PhoneNumber, bool]]:
    """The numbers this may be, the likeliest first; with each whether the text itself says so.

    First by the rules of the number's own country: Italy, San Marino and the Ivory Coast keep the 0 of `(0)`, others
    do not dial it from abroad. Where both are numbers, neither is certain.
    """
    plus = text if text.startswith("+") or "phone-context" in text else ""
    if not plus and text.startswith("00"):
        plus = "+" + text[2:]
    for version in dict.fromkeys([plus, TRUNK_ZERO.sub(" ", plus)]):
        if version and (number := _parse(version)):
            yield number, True
    if country and not text.startswith("+") and (number := _parse(text, country)):
        yield number, True
    if not plus and not text.lstrip("(").startswith("0") and (number := _parse(f"+{text}")):
        yield number, False


def _parse(text: str, country: str | None = None) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    old = MEXICAN_PREFIX.fullmatch(_national(number)) if number.country_code == 52 else None
    return _parse(f"+52{old[1]}") if old and not phonenumbers.is_valid_number(number) else number


def _unreadable(typed: NumberText, number: PhoneNumber | None) -> NotCallable:
    """What is wrong with a text of which no reading is a number."""
    if number is None:
        coded = typed.text.startswith(("+", "00")) and len(typed.digits) > 3
        return NotCallable(NO_COUNTRY if coded else COUNTRY_CODE, Rule.UNREADABLE)
    if number_rules.is_emergency(number):
        return NotCallable(SHORT, Rule.EMERGENCY)
    if not typed.text.startswith(("+", "00")) and len(typed.digits) <= SHORTEST:
        return NotCallable(SHORT, Rule.INVALID)
    region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    words = _length(number, region) or f"No number {_where(number, region)} looks like this. Check it."
    return NotCallable(words, Rule.INVALID)


def _check_rules(number: PhoneNumber) -> None:
    if number_rules.is_emergency(number):
        raise NotCallable(SHORT, Rule.EMERGENCY)
    if broken := number_rules.broken(number):
        raise NotCallable(broken[1], broken[0])


def _length(number: PhoneNumber, region: str) -> str:
    """`A mobile number in Belgium has 9 digits after +32; one is missing here.`, where that is what is wrong."""
    national, plan = _national(number), PhoneMetadata.metadata_for_region(region, None)
    if plan is None:
        return ""
    for kind, description in ((PhoneNumberType.MOBILE, plan.mobile), (PhoneNumberType.FIXED_LINE, plan.fixed_line)):
        possible = description.possible_length if description else ()
        lengths = sorted(possible, key=lambda length: (abs(length - len(national)), length))
        for length in lengths:
            if length > 0 and length != len(national) and (what := _would_be(number, length, kind)):
                off = abs(length - len(national))
                amount, are = COUNT.get(off, str(off)), "is" if off == 1 else "are"
                wrong = f"{amount} {are} missing here" if len(national) < length else f"here {are} {amount} too many"
                return f"A {what} {_where(number, region)} has {length} digits after +{number.country_code}; {wrong}."
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


def _where(number: PhoneNumber, region: str) -> str:
    """`in Belgium`; `with +870` for a code that belongs to no country."""
    name = phone_numbers.country(region, article=True)
    return f"in {name}" if name else f"with +{number.country_code}"


def _national(number: PhoneNumber) -> str:
    return phonenumbers.national_significant_number(number)


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
