"""Exports: in no program, with no separator, does a cell begin a formula; and nothing of a value is lost."""

from __future__ import annotations

import csv
import io
import itertools
import re
from pathlib import Path

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from tenants import spreadsheets
from tenants.spreadsheets import Format

BEGINNINGS = "=+-@＝＋－＠"
pieces = st.sampled_from([*"=+-@;,\t\r\n\"' |aé✓＝", "=1+1", "@SUM(1)", '";=1', "\n=1", "x;-1"])
values = st.lists(pieces, max_size=8).map("".join) | st.text(max_size=20)
tables = st.lists(st.lists(values, min_size=3, max_size=3), max_size=4)


def written(rows, form) -> bytes:
    return b"".join(spreadsheets.chunks(["One", "Two", "Three"], rows, form))


@pytest.mark.parametrize("form", [Format.COMMA, Format.SEMICOLON])
@given(rows=tables)
def test_no_cell_begins_a_formula_whatever_a_program_splits_by(form, rows):
    text = written(rows, form).decode("utf-8-sig")
    for separator, quoted in itertools.product(",;\t|", (True, False)):
        quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
        found = csv.reader(io.StringIO(text, newline=""), delimiter=separator, quoting=quoting)
        cells = [cell for row in found for cell in row]
        assert [cell for cell in cells if cell.lstrip(' "').startswith(tuple(BEGINNINGS))] == [], (separator, quoted)
    for cell in re.split(r"[;,\t|\r\n]", text):
        assert not cell.lstrip(' "').startswith(tuple(BEGINNINGS))


@pytest.mark.parametrize(("form", "separator"), [(Format.COMMA, ","), (Format.SEMICOLON, ";")])
@given(rows=tables)
def test_a_reader_with_the_right_separator_finds_each_value_in_its_own_cell(form, separator, rows):
    text = written(rows, form).decode("utf-8-sig")
    _, *found = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    plain = [[cell.replace("'", "") for cell in row] for row in found]
    assert plain == [[cell.encode("utf-8", "replace").decode().replace("'", "") for cell in row] for row in rows]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("+31612340001", "'+31612340001"),
        ("=1+1", "'=1+1"),
        ("a;=1+1", "a;'=1+1"),
        ("a\n=1+1", "a\n'=1+1"),
        ("a\t@b", "a\t'@b"),
        ("  =1", "'  =1"),
        ("\t1", "'\t1"),
        ("Reached; called back", "Reached; called back"),
        ("well-known", "well-known"),
        ("2026-11-19T13:00:00+01:00", "2026-11-19T13:00:00+01:00"),
        (17, "17"),
    ],
)
def test_only_what_would_begin_a_formula_gets_an_apostrophe(value, cell):
    assert spreadsheets.escape_formula(value) == cell


@given(rows=tables)
def test_a_workbook_holds_texts_as_texts(rows):
    sheet = load_workbook(io.BytesIO(written([[*row, 7] for row in rows], Format.EXCEL))).active
    _, *found = sheet.iter_rows()
    assert all(cell.data_type != "f" for row in found for cell in row)
    assert [row[3].value for row in found] == [7] * len(rows)


def test_a_workbook_keeps_what_looks_like_a_formula_or_an_error_as_it_is():
    row = ["=1+1", "+31612340001", "#N/A", "\x00bell\x07", "x" * 40_000]
    sheet = load_workbook(io.BytesIO(written([row], Format.EXCEL))).active
    cells = [cell.value for cell in sheet[2]]
    assert cells[:4] == ["=1+1", "+31612340001", "#N/A", "bell"]
    assert len(cells[4]) == spreadsheets.LONGEST_CELL + 1 and cells[4].endswith("…")


def test_a_workbook_that_is_too_long_says_so(monkeypatch):
    monkeypatch.setattr(spreadsheets, "MOST_ROWS", 2)
    sheet = load_workbook(io.BytesIO(written([["a"], ["b"], ["c"]], Format.EXCEL))).active
    assert [row[0].value for row in sheet.iter_rows()][1:3] == ["a", "b"]
    assert "is not complete" in sheet["A4"].value and sheet.max_row == 4


@pytest.mark.parametrize(
    ("address", "language", "form"),
    [
        ("/", "", Format.COMMA),
        ("/", "en-GB,en;q=0.9", Format.COMMA),
        ("/", "nl-NL,nl;q=0.9,en;q=0.8", Format.SEMICOLON),
        ("/", "de", Format.SEMICOLON),
        ("/", "en;q=0.5,de-AT", Format.SEMICOLON),
        ("/", "*", Format.COMMA),
        ("/", ",;q=x", Format.COMMA),
        ("/?format=xlsx", "nl", Format.EXCEL),
        ("/?format=comma", "nl", Format.COMMA),
        ("/?format=pdf", "nl", Format.SEMICOLON),
    ],
)
def test_the_format_is_the_one_chosen_or_that_of_the_readers_language(address, language, form):
    request = RequestFactory().get(address, headers={"Accept-Language": language})
    assert spreadsheets.chosen(request) == form


def test_no_other_module_writes_files_for_spreadsheets():
    root = Path(__file__).resolve().parents[2]
    importing = re.compile(r"^\s*(?:import csv|from csv |import openpyxl|from openpyxl)", re.M)
    found = {
        str(path.relative_to(root))
        for folder in ("tenants", "dashboard")
        for path in (root / folder).rglob("*.py")
        if importing.search(path.read_text())
    }
    assert found == {"tenants/spreadsheets.py"}
