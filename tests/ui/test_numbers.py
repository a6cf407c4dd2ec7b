"""Numbers are grouped as their country writes them, and say where they ring."""

import pytest
from django.template import Context, Template

from dashboard.ui import phone_numbers


@pytest.mark.parametrize(
    ("e164", "grouped", "region"),
    [
        ("+31205550142", "+31 20 555 0142", "Netherlands, fixed line"),
        ("+31612345678", "+31 6 12345678", "Netherlands, mobile"),
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
