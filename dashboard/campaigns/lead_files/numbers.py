"""The number in a cell: read as calls read it, with what spreadsheets do to numbers known and named.

A cell whose reading is a guess is not read; its row says what is meant, and one press reads all such rows so.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat

from dashboard.calls.placing import destinations, number_text
from dashboard.calls.placing.number_rules import COSTLY, Rule
from dashboard.calls.placing.number_text import NumberText
from dashboard.ui import phone_numbers
from dashboard.ui.account_team import ASK_TO_ALLOW_IT
from tenants.models import Tenant


class Repair(StrEnum):
    """What a person can let be read in all rows at once."""

    ZERO = "zero"
    PLUS = "plus"
    EXTENSION = "extension"


@dataclass(frozen=True)
class Reading:
    """A number (E.164), or why there is none, by a code and in words. `repair` would make it one."""

    number: str = ""
    code: str = ""
    reason: str = ""
    repair: Repair | None = None


NOTHING, SUM, SEVERAL = "empty", "sum", "several"
EMPTY = "There is no number in this row."
EXPONENT = "Excel turned the number into {text}, and the last digits are lost."
ZERO_LOST = "The first 0 is missing. Meant: {meant}?"
PLUS_LOST = "The + is missing. Meant: {meant}?"
HAS_EXTENSION = "Only the number itself can be called, without the extension {extension}. Meant: {meant}?"
TWO_NUMBERS = "There are several numbers in this cell. A row is one call."
TWO_READINGS = "This can be more than one number: {readings}."
NO_NUMBER = "This is not a number."
HELPS = {
    NOTHING: "Fill in the number, or remove the row.",
    SUM: "Make the column text in Excel, fill the numbers in again and save.",
    SEVERAL: "Keep one of them, or make two rows.",
    Rule.AMBIGUOUS.value: "Write it with + and the country code.",
    Rule.UNREADABLE.value: "Write the number in digits.",
    Rule.INVALID.value: "Check the digits.",
    Rule.COUNTRY.value: ASK_TO_ALLOW_IT,
    Rule.COSTLY.value: "Remove the row, or use another number of this person.",
    Rule.EMERGENCY.value: "Remove the row.",
    Rule.NOBODY_ANSWERS.value: "Use another number of this person.",
}
FLOAT = re.compile(r"(\+?\d{6,15})[.,]0+")
POWER = re.compile(r"(\d)(?:[.,](\d+))?[eE]\+?0*(\d{1,2})")
SEPARATED = re.compile(r"\s*(?:[/,;|\n]|\s(?:of|or|oder|en|and|und)\s)\s*")
LONGEST = 100  # characters of a cell that may be a number
FEWEST_DIGITS = 7  # of each, in a cell of several numbers


def read(text: str, tenant: Tenant, country: str, repairs: Collection[str] = ()) -> Reading:
    """`country` is that of numbers without a country code, `repairs` those that a person has let be read."""
    text = number_text.visible(text[: LONGEST + 1]).strip("'\"` ")
    if not text:
        return Reading(code=NOTHING, reason=EMPTY)
    if (whole := _without_power(text)) is None:
        return Reading(code=SUM, reason=EXPONENT.format(text=text))
    if len(text) > LONGEST:
        return Reading(code=Rule.UNREADABLE.value, reason=NO_NUMBER)
    return _read(whole, tenant, country, repairs)


def _without_power(text: str) -> str | None:
    """`31612345678.0` and `3.1612345678E+10` as their digits; None where digits are lost."""
    if whole := FLOAT.fullmatch(text):
        return whole[1]
    if not (power := POWER.fullmatch(text)):
        return text
    first, rest, exponent = power[1], power[2] or "", int(power[3])
    return first + rest if len(rest) == exponent else None


def _read(text: str, tenant: Tenant, country: str, repairs: Collection[str]) -> Reading:
    typed = number_text.parse(text)
    if typed.extension:
        return _with_extension(typed, tenant, country, repairs)
    try:
        number = destinations.parsed(text, country, kinds=tuple(COSTLY))
    except destinations.Ambiguous as error:
        return _ambiguous(error.readings, tenant, repairs)
    except destinations.NotCallable as error:
        return _not_callable(text, error)
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if refused := destinations.refused_for(tenant, e164, destinations.place_of_parsed(number)):
        return _refused(refused)
    if Repair.ZERO not in repairs and _lacks_zero(typed, e164, country):
        meant = phone_numbers.grouped_national(e164)
        return Reading(code=Repair.ZERO.value, reason=ZERO_LOST.format(meant=meant), repair=Repair.ZERO)
    return Reading(e164)


def _refused(refused: destinations.NotAllowed) -> Reading:
    return Reading(code=refused.rule.value, reason=str(refused))


def _with_extension(typed: NumberText, tenant: Tenant, country: str, repairs: Collection[str]) -> Reading:
    reading = _read(typed.text, tenant, country, repairs)
    if not reading.number or Repair.EXTENSION in repairs:
        return reading
    meant = phone_numbers.grouped(reading.number)
    words = HAS_EXTENSION.format(extension=typed.extension, meant=meant)
    return Reading(code=Repair.EXTENSION.value, reason=words, repair=Repair.EXTENSION)


def _ambiguous(readings: list[str], tenant: Tenant, repairs: Collection[str]) -> Reading:
    shown = [phone_numbers.grouped(number) for number in readings]
    if len(readings) > 1:
        words = TWO_READINGS.format(readings=" or ".join(shown))
        return Reading(code=Rule.AMBIGUOUS.value, reason=words)
    if refused := destinations.refused_for(tenant, readings[0]):
        return _refused(refused)
    if Repair.PLUS in repairs:
        return Reading(readings[0])
    return Reading(code=Repair.PLUS.value, reason=PLUS_LOST.format(meant=shown[0]), repair=Repair.PLUS)


def _not_callable(text: str, error: destinations.NotCallable) -> Reading:
    parts = [part for part in SEPARATED.split(text) if sum(char.isdigit() for char in part) >= FEWEST_DIGITS]
    if len(parts) > 1 and error.rule in (Rule.UNREADABLE, Rule.INVALID):
        return Reading(code=SEVERAL, reason=TWO_NUMBERS)
    if not any(char.isdigit() for char in text):
        return Reading(code=Rule.UNREADABLE.value, reason=NO_NUMBER)
    return Reading(code=error.rule.value, reason=str(error))


def _lacks_zero(typed: NumberText, number: str, country: str) -> bool:
    """Whether a number of a country that writes a 0 before it stands there without one, as spreadsheets leave it."""
    if typed.text.startswith(("+", "0", "(0", "(+")) or number.removeprefix("+") == typed.digits:
        return False
    plan = PhoneMetadata.metadata_for_region(country, None) if country in phonenumbers.SUPPORTED_REGIONS else None
    return plan is not None and plan.national_prefix == "0"
