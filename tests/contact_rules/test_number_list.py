"""A pasted or uploaded list of numbers: every line is a number, a repetition or a line with its reason."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from dashboard.contact_rules import number_forms, number_list
from dashboard.contact_rules.number_list import BadLine


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("06 12345678\n+31 6 1234 5679", ["+31612345678", "+31612345679"]),
        ("0031612345678", ["+31612345678"]),
        ("Name;Phone\nAda;06-12345678\nBob;020 5550142", ["+31612345678", "+31205550142"]),
        ('"Ada, of Harbor",+31612345678', ["+31612345678"]),
        ("Ada\t'06 12345678'", ["+31612345678"]),
        ("", []),
    ],
)
def test_the_first_number_of_each_line_is_read(text, numbers):
    found = number_list.read({"": text}, ["NL"])
    assert (list(found.numbers), found.bad) == (numbers, [])


def test_what_is_not_understood_keeps_its_line_and_its_reason():
    found = number_list.read({"": "0612\n\n06 12345678\nnobody\n+31612345678\n"}, ["NL"])
    assert (list(found.numbers), found.repeated) == (["+31612345678"], 1)
    assert found.bad == [
        BadLine("Line 1", "0612", "too short for a phone number in the Netherlands"),
        BadLine("Line 4", "nobody", number_list.NOT_A_NUMBER),
    ]
    assert found.left == "0612\nnobody"


@pytest.mark.parametrize(
    ("line", "countries", "reason"),
    [
        ("030 123456 bel niet", ["DE"], number_list.LETTERS),
        ("+49 30 123456 (Buero)", ["DE"], number_list.LETTERS),
        ("+49 30 1234 AUTO", ["DE"], number_list.LETTERS),
        ("06-1234110x", ["NL"], number_list.LETTERS),
        ("06-12341107 tst. 12", ["NL"], number_list.MORE_DIGITS),
        ("0612345678, 0687654321", ["NL"], number_list.SEVERAL),
        ("20123456;Jan;51234567", ["DK"], number_list.SEVERAL),
        ("20123456;Jan;+4551234567", ["DK"], number_list.SEVERAL),
        ("Jan de Boer;06 12345091;+31 20 123 4591", ["NL"], number_list.SEVERAL),
        ("Anna;0612345092;0031201234592", ["NL"], number_list.SEVERAL),
        ("030 1234567", ["NL", "DE"], number_list.SEVERAL_READINGS),
    ],
)
def test_what_may_be_another_number_is_left_to_the_person(line, countries, reason):
    found = number_list.read({"": line}, countries)
    assert (dict(found.numbers), [(one.text, one.reason) for one in found.bad]) == ({}, [(line, reason)])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("06-12341107 Tom Vos", "Tom Vos"),
        ("06-12341107 - Tom Vos (buren)", "Tom Vos (buren)"),
        ("Tom Vos: 06-12341107", "Tom Vos"),
        ("Mob. 06-12341107", ""),
        ("06-12341107 Tom; says so, often", "Tom"),
        ("Tom;06-12341107", ""),
    ],
)
def test_words_beside_a_number_are_kept_with_it(line, words):
    found = number_list.read({"": line}, ["NL"])
    assert (found.numbers, found.bad) == ({"+31612341107": words}, [])


@pytest.mark.parametrize(
    ("line", "countries", "reason"),
    [
        ("0612341107", [], number_list.NO_COUNTRY),
        ("612341107", ["NL"], number_list.NO_ZERO),
        ("0612 Tom Vos", ["NL"], "too short for a phone number in the Netherlands"),
        ("+31 6 1234 5678 1234 5678", ["NL"], "too long for a phone number in the Netherlands"),
        ("+1 212 555 0142 77", ["NL"], "too long for a phone number in the United States"),
        ("06 00000000", ["NL"], "no phone number in the Netherlands looks like this"),
        ("+999 123456", ["NL"], number_list.NO_SUCH_CODE),
        ("4-11-2026", ["NL"], number_list.ONLY_A_DATE),
    ],
)
def test_the_reason_says_what_is_wrong_with_the_line(line, countries, reason):
    assert [one.reason for one in number_list.read({"": line}, countries).bad] == [reason]


@pytest.mark.parametrize("line", ["32123456;Jan;0612345678", "2026-11-26;+31612345678", "4-11-2026;Jan;06-12345678"])
def test_ids_and_dates_are_no_numbers(line):
    """In Belgium 32123456 is one without its 0, which nobody writes."""
    assert list(number_list.read({"": line}, ["NL", "BE"]).numbers) == ["+31612345678"]


@pytest.mark.parametrize(
    "text", ["\u202a+31 6 12345678\u202c", "+31612345678\u200b", "Mob. 06 12345678", "tel:0612345678"]
)
def test_marks_that_cannot_be_seen_and_labels_are_left_out(text):
    assert list(number_list.read({"": text}, ["NL"]).numbers) == ["+31612345678"]


def test_a_bad_line_comes_back_whole():
    line = "Ada, " + "a note " * 100 + ", 0612"
    assert number_list.read({"": line}, ["NL"]).left == line


def test_numbers_are_kept_as_they_are_dialed():
    assert number_list.normalized("+5215512345678") == "+525512345678"
    assert number_list.normalized("+31612345678") == "+31612345678"


@given(st.text(max_size=200))
def test_no_line_is_lost(text):
    found = number_list.read({"": text}, ["NL"])
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(lines) - len(found.numbers) - found.repeated - len(found.bad) in (0, 1), "the head of a table at most"


@given(st.binary(max_size=300))
def test_any_file_is_read_or_refused_in_words(content):
    form = number_forms.NumbersForm({}, {"file": SimpleUploadedFile("list.csv", content)}, countries=["NL"])
    form.is_valid()


@pytest.mark.parametrize("content", [b"PK\x03\x04sheet", b"%PDF-1.7", b"a\x00b", b"\xd0\xcf\x11\xe0"])
def test_what_is_no_text_is_refused(content):
    form = number_forms.NumbersForm({}, {"file": SimpleUploadedFile("list.xlsx", content)})
    assert not form.is_valid() and form.errors["file"] == [number_forms.NOT_TEXT]


@pytest.mark.parametrize(("encoding", "name"), [("utf-8-sig", "Zoë"), ("cp1252", "Zoë"), ("utf-16", "Zoë")])
def test_files_of_spreadsheets_are_read(encoding, name):
    content = f"Naam;Nummer\r\n{name};0612345678\r\n".encode(encoding)
    form = number_forms.NumbersForm({}, {"file": SimpleUploadedFile("list.csv", content)}, countries=["NL"])
    assert form.is_valid() and list(form.read.numbers) == ["+31612345678"] and form.read.bad == []
