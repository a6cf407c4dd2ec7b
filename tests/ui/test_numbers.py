"""Numbers are grouped as their country writes them, and say where they ring."""

from datetime import UTC, datetime

import pytest
from django.template import Context, Template

from dashboard.ui import phone_numbers


@pytest.mark.parametrize(
    ("e164", "grouped", "region"),
    [
        ("+31205550142", "+31 20 555 0142", "Netherlands, fixed line"),
        ("+31612345678", "+31 6 1234 5678", "Netherlands, mobile"),
        ("+201001234567", "+20 10 0123 4567", "Egypt, mobile"),
        ("+442079460321", "+44 20 7946 0321", "United Kingdom, fixed line"),
        ("+12125550123", "+1 212-555-0123", "United States"),  # their plan does not tell mobile from fixed
        ("sip:front@example.test", "sip:front@example.test", ""),
        ("+0", "+0", ""),
    ],
)
def test_grouped_and_placed(e164, grouped, region):
    assert (phone_numbers.grouped(e164), phone_numbers.region(e164)) == (grouped, region)


def test_the_number_on_screen_carries_its_e164():
    html = Template("{{ n|phone }}").render(Context({"n": "+31205550142"}))
    assert html == '<span class="number" data-e164="+31205550142">+31 20 555 0142</span>'


def test_what_is_no_number_is_escaped():
    assert "<b>" not in Template("{{ n|phone }}").render(Context({"n": "<b>x"}))
    assert "No number" in Template("{{ n|phone }}").render(Context({"n": ""}))


def test_numbers_within_a_sentence_are_grouped():
    assert (
        phone_numbers.within("Mara released +31205550142, not 31205550142.")
        == "Mara released +31 20 555 0142, not 31205550142."
    )


@pytest.mark.parametrize(
    ("e164", "clock"),
    [
        ("+31612345678", "14:07"),
        ("+447911123456", "13:07"),  # London, Jersey, Guernsey and Man have one time
        ("+34622123456", "13:07 to 14:07"),  # the Canary Islands too
        ("+12125550123", "08:07"),
        ("+80012345678", ""),  # rings in no country
        ("sip:front@example.test", ""),
    ],
)
def test_what_time_it_is_where_a_number_rings(e164, clock):
    assert phone_numbers.clock_there(e164, datetime(2026, 11, 19, 13, 7, tzinfo=UTC)) == clock


@pytest.mark.parametrize(("country", "written"), [("NL", "06 1234 5678"), ("US", "(201) 555-0123"), ("", "")])
def test_an_example_is_written_as_in_its_country(country, written):
    assert phone_numbers.example(country) == written
