"""The database's own table of calling codes agrees with the library that reads numbers."""

import phonenumbers
import pytest
from django.db import connection

from dashboard.calls.placing import destinations
from dashboard.ui import phone_numbers


def rings_in(pairs: list[tuple[str, str]]) -> list[bool]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT public.number_rings_in(number, country) FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY "
            "AS asked (number, country, at) ORDER BY at",
            [[number for number, _ in pairs], [country for _, country in pairs]],
        )
        return [row[0] for row in cursor.fetchall()]


def examples() -> list[str]:
    """Numbers of every region and network, of each kind that has an example."""
    kinds = [kind for kind in phonenumbers.PhoneNumberType.values() if kind >= 0]
    found = [
        phonenumbers.example_number_for_type(region, kind)
        for region in phonenumbers.SUPPORTED_REGIONS
        for kind in kinds
    ]
    found += map(phonenumbers.example_number_for_non_geo_entity, phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS)
    e164 = (phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) for number in found if number)
    return [text for text in e164 if phonenumbers.is_valid_number(phonenumbers.parse(text))]


@pytest.mark.django_db
def test_each_number_rings_where_the_library_says():
    numbers = examples()
    assert len(numbers) > 1000
    asked = [(number, phone_numbers.country_of(number)) for number in numbers]
    assert [pair for pair, fits in zip(asked, rings_in(asked), strict=True) if not fits] == []


@pytest.mark.django_db
@pytest.mark.parametrize("country", ["NL", "MA", "US", "JM", "RU", "KZ", "VA", "", "XX", "N", "+"])
def test_a_number_with_another_code_does_not_ring_in_a_country(country):
    codes = [code for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items() if country in regions]
    others = [
        number
        for number in examples()
        if phonenumbers.parse(number).country_code not in codes and phone_numbers.country_of(number) != country
    ]
    assert True not in rings_in([(number, country) for number in others])


@pytest.mark.django_db
def test_codes_of_several_countries_differ_by_their_first_digits():
    jamaica, kazakhstan = "+18765550123", "+77710009998"
    assert rings_in([(jamaica, "JM"), (jamaica, "US"), (kazakhstan, "KZ"), (kazakhstan, "RU")]) == [
        True,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("e164", "place"),
    [
        ("+31612345678", ("NL", "mobile")),
        ("+31900123456", ("NL", "premium-rate")),
        ("+447012345678", ("GB", "personal")),
        ("+12125550123", ("US", "fixed-or-mobile")),
        ("+881612345678", ("", "satellite")),
        ("+80012345678", ("", "toll-free")),
        ("+80812345678", ("", "shared-cost")),
        ("+979123456789", ("", "premium-rate")),
        ("sip:front@example.com", ("", "")),
        ("", ("", "")),
    ],
)
def test_where_a_number_rings_and_what_kind_it_is(e164, place):
    found = destinations.place_of(e164)
    assert (found.country, found.kind) == place
