"""The number in a cell: what is read, what is asked back, and what helps."""

from types import SimpleNamespace

import pytest

from dashboard.campaigns.lead_files import numbers
from dashboard.campaigns.lead_files.numbers import Repair

CLIENT = SimpleNamespace(name="Bloom", allowed_countries=["NL", "BE", "DE"], allowed_kinds=[])


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("06-12345678", "+31612345678"),
        ("0031612345678", "+31612345678"),
        ("+31 (0)6 1234 5678", "+31612345678"),
        ("'0612345678", "+31612345678"),
        ("tel. 020 555 0173", "+31205550173"),
        ("+32 470 12 34 56", "+32470123456"),
        ("0612345678.0", "+31612345678"),
        ("31612345678", "+31612345678"),
        ("3.1612345678E+10", "+31612345678"),
    ],
)
def test_a_number_is_read_as_calls_read_it(text, number):
    assert numbers.read(text, CLIENT, "NL").number == number


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "empty", "no number in this row"),
        ("  ", "empty", "no number in this row"),
        ("3.16E+10", "sum", "Excel turned the number into 3.16E+10"),
        ("3,16E+10", "sum", "Excel turned the number into 3,16E+10"),
        ("onbekend", "unreadable", "This is not a number."),
        ("06 1234 567", "invalid", "has 10 digits; one is missing"),
        ("112", "emergency", "In an emergency"),
        ("0900 1234", "costly", "premium-rate"),
        ("+44 7400 123456", "country", "may not call the United Kingdom"),
        ("0612345678 / 0201234567", "several", "several numbers"),
        ("x" * 200, "unreadable", "This is not a number."),
    ],
)
def test_what_is_no_number_of_a_person_says_why(text, code, words):
    reading = numbers.read(text, CLIENT, "NL")
    assert (reading.number, reading.code) == ("", code)
    assert words in reading.reason and code in numbers.HELPS


@pytest.mark.parametrize(
    ("text", "repair", "words", "number"),
    [
        ("612345678", Repair.ZERO, "The first 0 is missing. Meant: 06 1234 5678?", "+31612345678"),
        ("205550173", Repair.ZERO, "The first 0 is missing. Meant: 020 555 0173?", "+31205550173"),
        ("32470123456.0", Repair.PLUS, "The + is missing. Meant: +32 470 12 34 56?", "+32470123456"),
        ("3.2470123456E+10", Repair.PLUS, "The + is missing. Meant: +32 470 12 34 56?", "+32470123456"),
        ("020 555 0173 tst 12", Repair.EXTENSION, "without the extension 12", "+31205550173"),
    ],
)
def test_a_guess_is_asked_back_and_read_once_a_person_says_so(text, repair, words, number):
    asked = numbers.read(text, CLIENT, "NL")
    assert (asked.number, asked.repair) == ("", repair) and words in asked.reason
    assert numbers.read(text, CLIENT, "NL", [repair]).number == number


def test_a_country_without_a_leading_zero_misses_none():
    client = SimpleNamespace(name="Bloom", allowed_countries=[], allowed_kinds=[])
    assert numbers.read("612 34 56 78", client, "ES").number == "+34612345678"


def test_a_repair_allows_no_number_that_the_client_may_not_call():
    assert numbers.read("447400123456", CLIENT, "NL", list(Repair)).code == "country"
