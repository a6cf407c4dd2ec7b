"""Numbers as people type them: read by the signs of their language, or refused. Never taken for another value."""

from __future__ import annotations

import re

from django.utils.formats import get_format

from dashboard.calls.transient.json_text import MOST_DIGITS

SPACES = " \u00a0\u2009\u202f"  # between groups of three digits, in many languages
MINUS = "\u2212"
DIGITS_ALONE = "Write its digits alone, like 4000."
WITH_SIGN = "Write it like 0{sign}5."


class NotANumber(ValueError):
    """It can be read in two ways, or in none; the message says how to write it."""


def read(text: str, *, is_whole: bool) -> int | float:
    """Raises `NotANumber`.

    English groups by commas: `4,000` is 4000, and `4.000` is no whole number. A comma is a decimal sign where it
    cannot group: in `0,3` and `12,25`, but not in `1,500`.
    """
    plain = _without_groups(text.strip().replace(MINUS, "-"))
    if len(plain) <= MOST_DIGITS and (found := _whole(plain) if is_whole else _decimal(plain)):
        return float(found) if "." in found else int(found)
    raise NotANumber(DIGITS_ALONE if is_whole else WITH_SIGN.format(sign=get_format("DECIMAL_SEPARATOR")))


def how_to_write(text: str, *, is_whole: bool) -> str:
    """Why this is not read, or "" where it is."""
    try:
        read(text, is_whole=is_whole)
    except NotANumber as error:
        return str(error)
    return ""


def _without_groups(text: str) -> str:
    """The same without the signs between groups of three digits; unchanged where they stand anywhere else."""
    decimal, group = (re.escape(get_format(name)) for name in ("DECIMAL_SEPARATOR", "THOUSAND_SEPARATOR"))
    shape = rf"-?[1-9][0-9]{{0,2}}([{group}{SPACES}])[0-9]{{3}}(?:\1[0-9]{{3}})*(?:{decimal}[0-9]+)?"
    grouped = re.fullmatch(shape, text)
    return text.replace(grouped[1], "") if grouped else text


def _whole(text: str) -> str:
    return text if re.fullmatch("-?[0-9]+", text) else ""


def _decimal(text: str) -> str:
    """With a point, whatever its sign was."""
    before, after = next((text.split(sign, 1) for sign in _decimal_signs(text) if sign in text), (text, "0"))
    if not re.fullmatch("-?[0-9]+", before) or not re.fullmatch("[0-9]+", after):
        return ""
    return f"{before}.{after}" if before != text else text


def _decimal_signs(text: str) -> tuple[str, ...]:
    """That of the language, and the comma or point that groups in it where these digits cannot be such groups."""
    decimal, group = get_format("DECIMAL_SEPARATOR"), get_format("THOUSAND_SEPARATOR")
    looks_grouped = re.fullmatch(rf"-?[1-9][0-9]*{re.escape(group)}[0-9]{{3}}", text)
    return (decimal, group) if group in ".," and not looks_grouped else (decimal,)
