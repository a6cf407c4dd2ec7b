"""Which line a call leaves from, where nobody has chosen one: by a rule whose reason is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers

from dashboard.ui import phone_numbers
from tenants.models import NumberDedication

SAME_AREA = "Its area code is that of the number you call."
SAME_COUNTRY = "It is in the same country as the number you call."
USUAL = "It is the usual line for calls out."
FIRST = "It is the first of your lines."
ONLY = "It is your only line."
NO_LINE_THERE = "No line of yours is in {country}, so it is the usual one."
OF_PRESET = "It is the line of this preset."
PRESET_LINE_LEFT = "The line of this preset is not yours any more. This one was chosen by rule: {reason}"
CHOSEN = "You chose it."
NAMED = "It came with the link that you opened."


@dataclass(frozen=True)
class LineChoice:
    """`line` is one of the client's own open lines; None where it has none."""

    line: NumberDedication | None
    reason: str = ""


def choose(
    lines: Sequence[NumberDedication], e164: str, *, usual: int | None, preset_number: int | None = None
) -> LineChoice:
    """The line for a call to this number ("" while none is typed), out of these lines of the client.

    The one with `preset_number`, the id of the number that a preset names. Else those in the country of the person, of
    these those with the same area code, of these the usual one (`usual` is its key), else the first.
    """
    if preset_number is None:
        return _by_number(lines, e164, usual)
    line = next((line for line in lines if line.is_open and line.number_id == preset_number), None)
    if line is not None:
        return LineChoice(line, OF_PRESET)
    choice = _by_number(lines, e164, usual)
    reason = f"{choice.reason[:1].lower()}{choice.reason[1:]}"
    return LineChoice(choice.line, PRESET_LINE_LEFT.format(reason=reason)) if choice.line else choice


def _by_number(lines: Sequence[NumberDedication], e164: str, usual: int | None) -> LineChoice:
    open_lines = [line for line in lines if line.is_open]
    if len(open_lines) < 2:
        return LineChoice(open_lines[0], ONLY) if open_lines else LineChoice(None)
    country = phone_numbers.country_of(e164)
    in_country = [line for line in open_lines if country and phone_numbers.country_of(line.e164) == country]
    area = _area_code(e164)
    in_area = [line for line in in_country if area and _area_code(line.e164) == area]
    candidates = in_area or in_country or open_lines
    line = next((line for line in candidates if line.pk == usual), candidates[0])
    return LineChoice(line, _reason(line, usual, country, in_country, in_area))


def _reason(
    line: NumberDedication,
    usual: int | None,
    country: str,
    in_country: Sequence[NumberDedication],
    in_area: Sequence[NumberDedication],
) -> str:
    if in_area:
        return SAME_AREA
    if in_country:
        return SAME_COUNTRY
    if line.pk != usual:
        return FIRST
    there = phone_numbers.country(country, article=True)
    return NO_LINE_THERE.format(country=there) if there else USUAL


def _area_code(e164: str) -> str:
    """The digits of the area in a geographic number; "" for mobile and other numbers."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return ""
    length = phonenumbers.length_of_geographical_area_code(number)
    return phonenumbers.national_significant_number(number)[:length] if length else ""
