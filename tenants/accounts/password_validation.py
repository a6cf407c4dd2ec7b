"""Passwords that are refused: the common and breached ones of Django's list, and what people make of them."""

from __future__ import annotations

import re

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

LEET = str.maketrans("@4310$5!7", "aaeiossit")
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890", "azertyuiop", "abcdefghijklmnopqrstuvwxyz")
DISTINCT = 5  # characters that a password has at least


class CommonPasswordVariantValidator(CommonPasswordValidator):
    """Refuses a common password that was only made longer: by digits, by writing it twice, by @ for a."""

    def validate(self, password: str, user: object | None = None) -> None:
        if self._is_common(password):
            raise ValidationError(
                "This password is close to one that many people use. Three or four words without a connection are hard "
                "to guess and easy to remember.",
                code="password_too_common",
            )

    def get_help_text(self) -> str:
        return "Your password can’t be a common one with digits or signs added."

    def _is_common(self, password: str) -> bool:
        text = password.lower().strip()
        if len(set(text)) < DISTINCT or _is_a_run(text):
            return True
        plain = text.translate(LEET)
        found = {re.sub(r"^[^a-z]+|[^a-z]+$", "", form) for form in (text, plain)}
        found |= {re.sub(r"[^a-z0-9]", "", form) for form in (text, plain)}
        found |= {_once(form) for form in found}
        return any(len(form) >= 4 and form in self.passwords for form in found)


def _once(text: str) -> str:
    """What is repeated, of a text that is the same again and again."""
    repeated = re.fullmatch(r"(.+?)\1+", text)
    return repeated[1] if repeated else text


def _is_a_run(text: str) -> bool:
    """Whether it is keys beside each other, from any start and in any direction, over and over."""
    bare = re.sub(r"[^a-z0-9]", "", text)
    runs = "".join(row * 2 + row[::-1] * 2 for row in ROWS)
    pieces = re.findall(r".{4}", bare)
    return bool(pieces) and all(piece in runs for piece in pieces)
