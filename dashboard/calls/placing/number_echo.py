"""What a typed number is read as, shown before it is dialed: grouped, with its country, kind and local time."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import phonenumbers

from dashboard.calls.placing import destinations, number_text
from dashboard.calls.placing.intents import OWN_NUMBER
from dashboard.contact_rules import rules as contact_rules
from dashboard.ui import phone_numbers
from tenants.isolation import scope
from tenants.models import Tenant

ABROAD = "00"
PLAIN = re.compile(r"\+?[\d\s\-./]+")  # only such a text is regrouped; brackets and labels stay as they were typed


@dataclass(frozen=True)
class NumberEcho:
    """`typed` is the text this is about, and `grouped` the same digits with the usual spaces, or "".

    `e164` is the number that would be called. Without one, `reason` says why, and `readings` are what it may mean.
    """

    typed: str
    grouped: str = ""
    e164: str = ""
    reason: str = ""
    readings: Sequence[tuple[str, str]] = ()

    @property
    def number(self) -> str:
        return phone_numbers.grouped(self.e164)

    @property
    def place(self) -> str:
        return phone_numbers.region(self.e164)

    @property
    def clock(self) -> str:
        return phone_numbers.clock_there(self.e164)


@scope.requires_scope
def outside_hours(tenant: Tenant, echo: NumberEcho) -> str:
    """That it is outside of the calling hours of the rules for that number, in words, or ""."""
    there = contact_rules.outside_hours(tenant, echo.e164) if echo.e164 else None
    if there is None:
        return ""
    hours = there.words()
    return f"Outside of calling hours: {hours}" if hours else "No calling hours there"


def of(tenant: Tenant, text: str, *, line: str = "", own: Collection[str] = ()) -> NumberEcho:
    """`line` is the number that the call is to leave from; a number without a country code is read in its country.

    `own` are the numbers (E.164) of the client's lines, which are not called.
    """
    typed = text.strip()
    if not typed:
        return NumberEcho(typed)
    try:
        e164 = destinations.read_for(tenant, typed, line=line)
    except destinations.Ambiguous as error:
        readings = [(e164, phone_numbers.region(e164)) for e164 in error.readings]
        return NumberEcho(typed, reason=str(error), readings=readings)
    except destinations.NotCallable as error:
        return NumberEcho(typed, _grouped(typed, destinations.countries_of(tenant, line)), reason=str(error))
    if e164 in own:
        return NumberEcho(typed, _regrouped(typed, e164), reason=OWN_NUMBER)
    return NumberEcho(typed, _regrouped(typed, e164), e164)


def _regrouped(typed: str, e164: str) -> str:
    """The number as it was written: nationally, with its country code, or with what is dialed before that code."""
    if not PLAIN.fullmatch(typed):
        return ""
    digits, international = _digits(typed), phone_numbers.grouped(e164)
    if digits.endswith(e164[1:]) and digits != e164:
        prefix = digits.removesuffix(e164[1:])
        return f"{prefix}{'' if prefix == ABROAD else ' '}{international[1:]}"
    return next((text for text in _writings(e164) if _digits(text) == digits), "")


def _writings(e164: str) -> list[str]:
    return [phone_numbers.grouped(e164), phone_numbers.grouped_national(e164)]


def _grouped(typed: str, countries: Sequence[str]) -> str:
    """The beginning of a number in the groups of its country."""
    if not PLAIN.fullmatch(typed):
        return ""
    digits = _digits(typed)
    if digits.startswith(ABROAD):  # read as + whatever the country dials abroad
        return ABROAD + _as_you_type("+" + digits.removeprefix(ABROAD))[1:]
    return _as_you_type(digits, *countries[:1]) if digits.startswith("+") or countries else ""


def _as_you_type(digits: str, country: str = "ZZ") -> str:
    formatter = phonenumbers.AsYouTypeFormatter(country)
    text = ""
    for char in digits:
        text = formatter.input_digit(char)
    return phone_numbers.in_parts(text.strip())


def _digits(text: str) -> str:
    return ("+" if text.startswith("+") else "") + number_text.parse(text).digits
