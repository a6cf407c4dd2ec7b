"""Password validator: refuses the common passwords of Django's list and simple variants of them."""

from __future__ import annotations

import re

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

LEET = str.maketrans("@4310$5!7", "aaeiossit")
KEY_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890", "azertyuiop", "abcdefghijklmnopqrstuvwxyz")
MIN_DISTINCT = 5  # different characters


class CommonPasswordVariantValidator(CommonPasswordValidator):
    """Refuses a common password with digits or signs added, repeated, or with signs in place of letters."""

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
        if len(set(text)) < MIN_DISTINCT or _is_key_run(text):
            return True
        plain = text.translate(LEET)
        found = {re.sub(r"^[^a-z]+|[^a-z]+$", "", form) for form in (text, plain)}
        found |= {re.sub(r"[^a-z0-9]", "", form) for form in (text, plain)}
        found |= {_unrepeated(form) for form in found}
        return any(len(form) >= 4 and form in self.passwords for form in found)


def _unrepeated(text: str) -> str:
    """The repeated part of a text that is only a repetition, else the text."""
    repeated = re.fullmatch(r"(.+?)\1+", text)
    return repeated[1] if repeated else text


def _is_key_run(text: str) -> bool:
    """Whether the text is made of neighbouring keys or letters of the alphabet, in either direction."""
    bare = re.sub(r"[^a-z0-9]", "", text)
    runs = "".join(row * 2 + row[::-1] * 2 for row in KEY_ROWS)
    pieces = re.findall(r".{4}", bare)
    return bool(pieces) and all(piece in runs for piece in pieces)
