"""Numbers as people write them: read by the rules of their country, and refused only by a stated rule."""

import random

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from dashboard.calls.placing import destinations
from dashboard.calls.placing.number_rules import Rule

REFUSED_KINDS = {
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PERSONAL_NUMBER,
    PhoneNumberType.PAGER,
    PhoneNumberType.VOICEMAIL,
}
PER_KIND = 25


def valid_numbers():
    """Numbers of every region and kind: the metadata's examples, with their last digits changed."""
    dice = random.Random(18)
    codes = [
        (region, phonenumbers.country_code_for_region(region)) for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    ]
    for region, _ in codes:
        for kind in PhoneNumberType.values():
            if example := phonenumbers.example_number_for_type(region, kind):
                yield example
                yield from varied(example, dice)
    for code in sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS):
        if example := phonenumbers.example_number_for_non_geo_entity(code):
            yield example


def varied(example, dice):
    digits = phonenumbers.national_significant_number(example)
    for _ in range(PER_KIND):
        changed = dice.randint(1, max(1, len(digits) - 2))
        tail = "".join(dice.choice("0123456789") for _ in range(changed))
        number = phonenumbers.parse(f"+{example.country_code}{digits[:-changed]}{tail}")
        if phonenumbers.is_valid_number(number):
            yield number


def test_valid_numbers_of_all_regions_are_refused_by_a_stated_rule_alone():
    read, wrong = 0, []
    for number in valid_numbers():
        read += 1
        e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        written = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
        may = phonenumbers.number_type(number) not in REFUSED_KINDS and (
            phonenumbers.region_code_for_country_code(number.country_code) != "001"
            or phonenumbers.number_type(number) == PhoneNumberType.TOLL_FREE
        )
        for text in {e164, written}:
            try:
                found = destinations.read(text)
            except destinations.NotCallable as error:
                if may or error.rule not in (Rule.COSTLY, Rule.NOBODY_ANSWERS):
                    wrong.append((text, str(error)))
            else:
                if found != e164 or not may:
                    wrong.append((text, found))
    assert read > 20_000
    assert len(wrong) < read * 0.0001, wrong[:20]


@pytest.mark.parametrize("number", ["+54 9 11 2345 6789", "+33 1 53 34 56 78", "+91 11 2345 6789", "+91 112 345 6789"])
def test_numbers_that_begin_like_an_emergency_number_are_called(number):
    assert destinations.read(number) == number.replace(" ", "")


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_emergency_numbers_are_refused_with_and_without_the_country_code(region):
    code = phonenumbers.country_code_for_region(region)
    for digits in ("112", "911", "999", "000", "110", "118", "119", "15", "17", "18", "061"):
        if phonenumbers.is_emergency_number(digits, region):
            for text, country in ((digits, ""), (digits, region), (f"+{code}{digits}", ""), (f"+{digits}", region)):
                with pytest.raises(destinations.NotCallable) as refused:
                    destinations.read(text, country)
                assert "Emergency and short numbers" in str(refused.value), text


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("+39 (0)6 698 1234", "+39066981234"),
        ("+39 06 698 1234", "+39066981234"),
        ("+378 (0)549 886377", "+3780549886377"),
        ("+225 (0)7 07 12 34 56", "+2250707123456"),
        ("+225 (0)1 01 12 34 56", "+2250101123456"),
        ("+44 (0)20 7946 0018", "+442079460018"),
        ("+31 ( 0 ) 6 12345678", "+31612345678"),
        ("+1 (0) 212 555 0123", "+12125550123"),
        ("0039 (0)6 698 1234", "+39066981234"),
        ("+39 (0)347 1234567", "+393471234567"),
    ],
)
def test_a_zero_in_brackets_is_kept_where_it_belongs(text, e164):
    assert destinations.read(text) == e164


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("+39 (0)551 2392785", ["+3905512392785", "+395512392785"]),
        ("+241 (0)7 12 34 56", ["+24107123456", "+2417123456"]),
    ],
)
def test_a_text_with_two_readings_asks(text, readings):
    with pytest.raises(destinations.Ambiguous) as asked:
        destinations.read(text)
    assert asked.value.readings == readings


@pytest.mark.parametrize(
    "text",
    [
        "\u202a+31 6 1234 5678\u202c",
        "\u2066+31\u00a06\u200b1234\ufeff5678\u2069",
        "\uff0b\uff13\uff11 6 12345678",
        "+31\u20116\u20111234\u20115678",
        "tel:+31-6-1234-5678",
        "TEL:%2B31612345678",
        "tel:6-12345678;phone-context=+31",
        "Tel.: +31 6 12345678",
        "++31 6 12345678",
        "+0031 6 12345678",
    ],
)
def test_what_surrounds_a_number_is_no_part_of_it(text):
    assert destinations.read(text) == "+31612345678"


@pytest.mark.parametrize(
    "text",
    [
        "+31 20 555 0150 ext. 12",
        "+31 20 555 0150 tst 12",
        "+31 20 555 0150 toestel 12",
        "+31205550150;ext=12",
        "tel:+31205550150;ext=12",
        "+31 20 555 0150,,12#",
        "+31 20 555 0150 x12",
        "+49 30 2345678 Durchwahl 12",
    ],
)
def test_an_extension_is_named_and_refused(text):
    with pytest.raises(destinations.NotCallable, match=r"Leave out the extension \(12\)"):
        destinations.read(text)


@pytest.mark.parametrize("text", ["+52 1 55 1234 5678", "+52 55 1234 5678", "+52 044 55 1234 5678"])
def test_the_old_mexican_prefix_is_left_out(text):
    assert destinations.read(text) == "+525512345678"


@pytest.mark.parametrize(
    ("text", "country", "e164"),
    [
        ("06 1234 5678", "NL", "+31612345678"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("06 698 1234", "IT", "+39066981234"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("011 31 6 12345678", "US", "+31612345678"),
        ("0031612345678", "US", "+31612345678"),
        ("7012", "NU", "+6837012"),
        ("+44 20 7946 0018", "NL", "+442079460018"),
    ],
)
def test_numbers_are_read_as_written_in_the_clients_country(text, country, e164):
    assert destinations.read(text, country) == e164


@pytest.mark.parametrize(("text", "country"), [("31612345678", ""), ("4915112345678", "NL")])
def test_a_country_code_without_its_plus_asks(text, country):
    with pytest.raises(destinations.Ambiguous) as asked:
        destinations.read(text, country)
    assert asked.value.readings == [f"+{text}"]


@pytest.mark.parametrize(
    ("text", "words", "rule"),
    [
        ("+870 301 234 567", "satellite", Rule.COSTLY),
        ("+881 6 123 45678", "satellite", Rule.COSTLY),
        ("+883 510 012 345", "satellite or other network", Rule.COSTLY),
        ("+878 10 12345 67890", "satellite or other network", Rule.COSTLY),
        ("+44 70 1234 5678", "personal number", Rule.COSTLY),
        ("+44 843 012 3456", "cost", Rule.COSTLY),
        ("+979 1 2345 6789", "premium-rate", Rule.COSTLY),
        ("+870 12", "with +870", Rule.INVALID),
        ("+247 12", "in Ascension Island", Rule.INVALID),
        ("+31612345678 / +31687654321", "several numbers", Rule.UNREADABLE),
        ("sip:desk@example.com", "SIP address", Rule.UNREADABLE),
    ],
)
def test_what_is_not_called_is_answered_by_its_rule(text, words, rule):
    with pytest.raises(destinations.NotCallable, match=words.replace("+", r"\+")) as refused:
        destinations.read(text)
    assert refused.value.rule == rule


@pytest.mark.parametrize("text", ["0612", "06", "7", "020 55"])
@pytest.mark.parametrize("countries", [("NL",), ("NL", "BE"), ()])
def test_a_number_that_lacks_digits_is_too_short_and_no_emergency_number(text, countries):
    with pytest.raises(destinations.NotCallable) as refused:
        destinations.read(text, *countries)
    assert str(refused.value).startswith(destinations.TOO_SHORT), text
    assert refused.value.rule != Rule.EMERGENCY and "mergency" not in str(refused.value)


def test_the_missing_digits_are_counted_as_the_number_is_written():
    for text, words in (("0612", "10 digits; 6 are missing"), ("+31 612", "9 digits after +31; 6 are missing")):
        with pytest.raises(destinations.NotCallable) as refused:
            destinations.read(text, "NL")
        assert words in str(refused.value)


@pytest.mark.parametrize(("text", "country"), [("112", "NL"), ("1850", "NL"), ("411", "US"), ("116117", "DE")])
def test_short_numbers_are_named_as_such(text, country):
    with pytest.raises(destinations.NotCallable, match="Emergency and short numbers"):
        destinations.read(text, country)


@pytest.mark.parametrize(
    ("text", "e164"),
    [("06 1234 5678", "+31612345678"), ("0470 12 34 56", "+32470123456"), ("+44 20 7946 0018", "+442079460018")],
)
def test_a_number_that_one_of_two_countries_reads_is_read(text, e164):
    assert destinations.read(text, "NL", "BE") == e164


def test_a_number_that_two_countries_read_asks():
    with pytest.raises(destinations.Ambiguous) as asked:
        destinations.read("030 2345678", "DE", "NL")
    assert asked.value.readings == ["+49302345678", "+31302345678"]
