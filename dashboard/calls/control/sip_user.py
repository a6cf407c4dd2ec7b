"""The part of a SIP address in front of its @: a name, or what a telephone system may dial as a number.

A system may leave out what a person types to dial (`*31#`, pauses, separators), so each number that is left after that
is one that this address may ring.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._+\-]*[A-Za-z0-9_])?")
DIALED = re.compile(r"[0-9+*#,;.()\- ]+")
CONTEXT = re.compile(r"(?P<user>[^;]*);phone-context=(?P<context>\+?[A-Za-z0-9.\-]+)", re.IGNORECASE)
PARTS = re.compile(r"[*#,;]+|(?=\+)")  # service codes and pauses; a + begins a number
MOST_PARTS = 12
EXIT_CODES = ("", "00", "011")  # in front of a country code
OUTSIDE_LINE = re.compile(r"[09](?=0)")  # and then as it is dialed in the country, or abroad
WHOLE = 7  # digits: fewer are no number with a country code
SEPARATORS = re.compile(r"[^0-9+]")


class UnreadableUser(ValueError):
    """It is neither a name nor anything that can be dialed."""


def numbers(user: str) -> set[str]:
    """Each number, as it may be dialed, that this user may stand for. Raises `UnreadableUser`."""
    text = unquote(user)
    if not text.isascii() or not text.isprintable() or "%" in text:
        raise UnreadableUser
    prefix = ""
    if found := CONTEXT.fullmatch(text):  # a local number, with what is dialed in front of it or where it is valid
        text, context = found["user"], found["context"]
        prefix = context if context.startswith("+") else ""
    if DIALED.fullmatch(text):
        dialed = {number for version in _without_service_code(text) for number in _joined(version)}
    elif NAME.fullmatch(text):
        digits = re.sub(r"[^0-9]", "", text)
        dialed = {digits} if len(digits) >= WHOLE else set()
    else:
        raise UnreadableUser
    dialed |= {prefix + number for number in dialed if prefix}
    return {reading for number in dialed for reading in _readings(number)}


def _without_service_code(text: str) -> Iterator[str]:
    """`*67…` sets something up for the number behind it; such a code has two or three digits."""
    yield text
    for digits in (2, 3):
        if found := re.match(rf"[*#]+[0-9]{{{digits}}}(?=.*[0-9])", text):
            yield text[found.end() :]


def _joined(text: str) -> Iterator[str]:
    """Each run of neighbouring parts without what stands between them: `9,0900` may be dialed as 9, 0900 or 90900."""
    parts = list(filter(None, (SEPARATORS.sub("", part) for part in PARTS.split(text))))
    if len(parts) > MOST_PARTS or not any(char.isdigit() for char in text):
        raise UnreadableUser
    for first in range(len(parts)):
        for last in range(first, len(parts)):
            run = "".join(parts[first : last + 1])
            if run.strip("+"):
                yield run[0] + run[1:].replace("+", "")


def _readings(number: str) -> Iterator[str]:
    """As it is, behind the digit for an outside line, and with its country code where it has so many digits."""
    yield number
    if OUTSIDE_LINE.match(number):
        yield number[1:]
    if not number.startswith("+"):
        for code in EXIT_CODES:
            rest = number.removeprefix(code)
            if number.startswith(code) and len(rest) >= WHOLE:
                yield f"+{rest}"
