"""Whom one may call: a number as people write it, read strictly, and refused in words to act on."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from dashboard.calls.placing import number_rules, number_text
from dashboard.calls.placing.number_rules import COSTLY, Rule
from dashboard.calls.placing.number_text import NumberText
from dashboard.contact_rules import recipients
from dashboard.ui import phone_numbers
from dashboard.ui.account_team import CAN_ALLOW_IT, CAN_ALLOW_THEM
from tenants.models import Tenant
from tenants.names import isolate

COUNTRY_CODE = "Write the number with its country code, like +31 6 1234 5678."
NO_COUNTRY = "No country has this code. Check the digits after the +."
TOO_SHORT = "This number is too short. "
TOO_LONG = "This number is too long. "
EMERGENCY = "Emergency and short numbers cannot be called from here. In an emergency, dial it on a phone."
SHORT = (
    "Emergency and short numbers cannot be called from here: they only work on a phone in their own country. Type the "
    "whole number of the person or company, like +31 6 1234 5678."
)
EXTENSION = "Leave out the extension ({extension}): only the number itself can be called."
DIGITS_ONLY = "A phone number has digits only. " + COUNTRY_CODE
SIP = "This is a SIP address. A call goes to a phone number. " + COUNTRY_CODE
TWO_NUMBERS = "These are several numbers. Type one of them."
TWO_READINGS = "This can be read as more than one number. Choose the one you mean."
ONE_READING = "The + is missing. Choose this number if it is the one you mean, or type it anew."
NOT_ALLOWED = f"{{name}} may not call {{there}}. {CAN_ALLOW_IT}"
KIND_NOT_ALLOWED = f"{{what}}: calls to it cost extra. {{name}} may not call such numbers. {CAN_ALLOW_THEM}"
SHORTEST = 6  # digits: no number of a person is shorter in most countries, and short numbers are not longer
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


class NotAllowed(NotCallable):
    """A number that could be called, but not by this client: `e164`."""

    def __init__(self, words: str, rule: Rule, e164: str) -> None:
        super().__init__(words, rule)
        self.e164 = e164


@dataclass(frozen=True)
class Place:
    """Where a number rings, as a call keeps it: ISO code of the country, "" for networks of none, and kind."""

    country: str
    kind: str


def read(text: str, *written_in: str, kinds: Collection[str] = ()) -> str:
    """`+31 6 1234-5678`, `0031…`, or as written in one of these countries (ISO codes), as E.164.

    `kinds` are kinds of numbers that may be called though they cost extra. Raises `NotCallable`; `Ambiguous` when two
    of the countries read two numbers.
    """
    return _e164(parsed(text, *written_in, kinds=kinds))


def parsed(text: str, *written_in: str, kinds: Collection[str] = ()) -> PhoneNumber:
    """The same as `phonenumbers` has it, for whoever asks more about the number."""
    typed, written_in = number_text.parse(text), tuple(filter(None, written_in))
    _check_text(typed, written_in)
    found = list(_readings(typed.text, written_in))
    valid = [(number, certain) for number, certain in found if phonenumbers.is_valid_number(number)]
    readings = list(dict.fromkeys(_e164(number) for number, _ in valid))
    if len(readings) > 1 or (valid and not any(certain for _, certain in valid)):
        raise Ambiguous(readings)
    if not valid:
        raise _unreadable(typed, found[0][0] if found else None)
    number = valid[0][0]
    _check_rules(number, kinds)
    return number


def read_for(tenant: Tenant, text: str, *, line: str = "") -> str:
    """The same as this client writes numbers, and only where it may call. Raises `NotCallable`, `NotAllowed`.

    `line` is the number (E.164) that the call is to leave from.
    """
    e164 = read(text, *countries_of(tenant, line), kinds=tuple(COSTLY))
    if refused := refused_for(tenant, e164):
        raise refused
    return e164


def place_of(e164: str) -> Place:
    """Where this number rings and what kind it is; both "" for what is no number."""
    number = recipients.parse(e164)
    return place_of_parsed(number) if number else Place("", "")


def place_of_parsed(number: PhoneNumber) -> Place:
    region = phonenumbers.region_code_for_number(number)
    return Place(region if region in phonenumbers.SUPPORTED_REGIONS else "", number_rules.kind_of(number))


def countries_of(tenant: Tenant, line: str = "") -> list[str]:
    """Where a number without a country code is read: the country of the line, and that of the client."""
    return list(dict.fromkeys(filter(None, (phone_numbers.country_of(line), tenant.country))))


def refusal(tenant: Tenant, e164: str) -> str:
    """Why this client may not call the country or the kind of this number, or ""."""
    return str(refused_for(tenant, e164) or "")


def refused_for(tenant: Tenant, e164: str, place: Place | None = None) -> NotAllowed | None:
    """Why this client may not call this number. The kind of a network of no country is allowed or not; any other
    number needs its country besides. `place` is that of the number, where it is known."""
    place, allowed, name = place or place_of(e164), tenant.allowed_countries, isolate(tenant.name)
    if place.kind in COSTLY and place.kind not in tenant.allowed_kinds:
        what = COSTLY[place.kind].format(code=phonenumbers.parse(e164).country_code)
        return NotAllowed(KIND_NOT_ALLOWED.format(what=what, name=name), Rule.COSTLY, e164)
    if not allowed or place.country in allowed or (not place.country and place.kind in COSTLY):
        return None
    country = phone_numbers.country(place.country, article=True) or "numbers of no single country"
    return NotAllowed(NOT_ALLOWED.format(there=country, name=name), Rule.COUNTRY, e164)


def _check_text(typed: NumberText, written_in: Sequence[str]) -> None:
    text, digits = typed.text, typed.digits
    if text.lower().startswith(("sip:", "sips:")):
        raise NotCallable(SIP, Rule.UNREADABLE)
    if text.count("+") > 1:
        raise NotCallable(TWO_NUMBERS, Rule.UNREADABLE)
    if any(char.isalpha() for char in TRUNK_ZERO.sub("", text).partition(";phone-context=")[0]):
        raise NotCallable(DIGITS_ONLY if text.startswith("+") else COUNTRY_CODE, Rule.UNREADABLE)
    if typed.extension:
        raise NotCallable(EXTENSION.format(extension=typed.extension), Rule.UNREADABLE)
    if not 0 < len(digits) <= SHORTEST:
        return
    anywhere = text.startswith("+") or not written_in
    if number_rules.is_emergency_anywhere(digits) if anywhere else number_rules.is_short_in(digits, written_in):
        emergency = number_rules.is_emergency_anywhere(digits)
        raise NotCallable(*((EMERGENCY, Rule.EMERGENCY) if emergency else (SHORT, Rule.INVALID)))
    if not text.startswith("+") and not written_in:
        raise NotCallable(TOO_SHORT + COUNTRY_CODE, Rule.INVALID)


def _readings(text: str, written_in: Sequence[str]) -> Iterator[tuple[PhoneNumber, bool]]:
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
    for country in written_in:
        if not text.startswith("+") and (number := _parse(text, country)):
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
    coded = typed.text.startswith(("+", "00"))
    too_short = 0 < len(typed.digits) <= (3 if coded else SHORTEST)
    if number is None:
        unknown = NO_COUNTRY if coded and typed.digits else COUNTRY_CODE
        return NotCallable(TOO_SHORT + COUNTRY_CODE if too_short else unknown, Rule.UNREADABLE)
    if number_rules.is_emergency(number):
        return NotCallable(EMERGENCY, Rule.EMERGENCY)
    region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    unlike = f"No number {_where(number, region)} looks like this. Check it."
    words = _length(number, region, "" if coded else typed.digits)
    words = words or (TOO_SHORT + COUNTRY_CODE if too_short else unlike)
    return NotCallable(words, Rule.INVALID)


def _check_rules(number: PhoneNumber, kinds: Collection[str]) -> None:
    if number_rules.is_emergency(number):
        raise NotCallable(EMERGENCY, Rule.EMERGENCY)
    if broken := number_rules.broken(number, kinds):
        raise NotCallable(broken[1], broken[0])


def _length(number: PhoneNumber, region: str, typed: str) -> str:
    """`A mobile number in Belgium has 9 digits after +32; one is missing here.`, where that is what is wrong.

    `typed` are the digits of a number that was written without its country code: `has 10 digits`, the 0 included.
    """
    plan = PhoneMetadata.metadata_for_region(region, None)
    kinds = [(PhoneNumberType.MOBILE, plan.mobile), (PhoneNumberType.FIXED_LINE, plan.fixed_line)] if plan else []
    for national in dict.fromkeys([_national(number), str(number.national_number)]):  # a 0 may be a trunk prefix
        for kind, described in kinds:
            for length in _nearest(described.possible_length if described else (), len(national)):
                if what := _would_be(number, national, length, kind):
                    trunk = len(typed) - len(national) if typed else 0
                    digits = f"{length + trunk} digits" if typed else f"{length} digits after +{number.country_code}"
                    return _wrong_length(f"A {what} {_where(number, region)} has {digits}", length - len(national))
    return ""


def _nearest(lengths: Iterable[int], actual: int) -> list[int]:
    """Other lengths than the actual one, the nearest first."""
    others = (length for length in lengths if length > 0 and length != actual)
    return sorted(others, key=lambda length: (abs(length - actual), length))


def _wrong_length(rule: str, missing: int) -> str:
    amount, are = COUNT.get(abs(missing), str(abs(missing))), "is" if abs(missing) == 1 else "are"
    if missing > 0:
        return f"{TOO_SHORT}{rule}; {amount} {are} missing here."
    return f"{TOO_LONG}{rule}; here {are} {amount} too many."


def _would_be(number: PhoneNumber, national: str, length: int, kind: int) -> str:
    """What it would be with the right number of digits, or nothing of this kind."""
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
