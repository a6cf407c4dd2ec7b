"""Passwords: common and breached ones are refused, and so is what people make of them."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from tests.fixtures.factories import PASSWORD


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "Password1234!",
        "P@ssw0rd12345",
        "iloveyou20242024",
        "1234567890123",
        "qwertyuiop123456",
        "aaaaaaaaaaaaa",
        "abababababab",
        "monkeymonkeymonkey",
        "!!!!football!!!!",
        "welcome-2026-2027",
        "qazwsx0123456789",
        "  letmein 123456 ",
        "qwertyqwerty12",
    ],
)
def test_common_ones_and_their_variants_are_refused(password):
    with pytest.raises(ValidationError):
        validate_password(password)


@pytest.mark.parametrize(
    "password",
    [PASSWORD, "nine gentle otters swim", "a-long-enough-passphrase", "another long passphrase", "vT9#kq2LmZ7!xw"],
)
def test_long_ones_of_ones_own_are_taken(password):
    validate_password(password)
