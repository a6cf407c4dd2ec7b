"""The table in a file of people: what is read of files as programs export them, and what is refused in which words."""

import io
import time
from contextlib import suppress
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from dashboard.campaigns.lead_files import columns, encodings, limits, table, workbooks
from dashboard.campaigns.lead_files.errors import FileRefused
from dashboard.campaigns.lead_files.table import Options

FILES = Path(__file__).with_name("files")
DUTCH = ["naam", "telefoon", "laatste", "tijd", "plaats"]
PEOPLE = [
    [2, "Mevr. Zoë Brønsted", "06-12345678", "14 mei", "ochtend", "Amsterdam"],
    [3, "Dhr. B. Kuiper", "020 555 0173", "2 maart", "middag", "Amstelveen"],
    [4, "Mevr. F. Aydin", "0031688301192", "19 mei", "", "Diemen"],
]
AS_DUTCH = ["name", "number", "variable:laatste", "variable:tijd", "variable:plaats"]
READ = {
    "excel-semicolon-cp1252.csv": (DUTCH, PEOPLE, AS_DUTCH, {"encoding": "cp1252", "delimiter": ";"}),
    "excel-unicode-text.tsv": (DUTCH, PEOPLE, AS_DUTCH, {"encoding": "utf-16", "delimiter": "\t"}),
    "open-document.ods": (DUTCH, PEOPLE, AS_DUTCH, {"sheet": "Adressen"}),
    "bom-commas.csv": (
        ["Full name", "Mobile phone", "Last visit"],
        [[2, "O'Neil, Sinéad", "+353 86 123 4567", "3 June"]],
        ["name", "number", "variable:last_visit"],
        {"encoding": "utf-8", "delimiter": ","},
    ),
    "numbers-as-floats.csv": (
        ["naam", "telefoon"],
        [
            [2, "Jansen", "3,16E+10"],
            [3, "De Wit", "3.16E+10"],
            [4, "Bakker", "31612345678.0"],
            [5, "Mulder", "3.1612345679E+10"],
        ],
        ["name", "number"],
        {"delimiter": ";"},
    ),
    "zeros-lost.xlsx": (
        ["naam", "telefoon", "bezoek"],
        [[2, "Jansen", "612345678", "2026-05-14"], [3, "De Wit", "31612345679", "2026-03-02"]],
        ["name", "number", "variable:bezoek"],
        {"sheet": "Sheet", "encoding": ""},
    ),
    "excel-97.xls": (
        ["naam", "telefoon", "laatste"],
        [
            [2, "Mevr. Zoë Brønsted", "06-12345678", "14 mei"],
            [3, "Dhr. B. Kuiper", "612345679", ""],
            [4, "Mevr. F. Aydın", "31688301192", "19 mei"],
        ],
        ["name", "number", "variable:laatste"],
        {"sheet": "Klanten", "encoding": ""},
    ),
    "two-header-rows.xlsx": (
        ["Naam", "Plaats", "Mobiel", "Dagdeel"],
        [[3, "Jansen", "Diemen", "0612345678", "ochtend"]],
        ["name", "variable:plaats", "number", "variable:dagdeel"],
        {"header_rows": 2},
    ),
    "line-breaks-in-cells.csv": (
        ["name", "phone", "address"],
        [
            [2, "Ann Lee", "+44 7400 123456", "1 High St\nLeeds\nLS1"],
            [3, "Bo Ray", "+44 7400 123457", "2 Low St"],
        ],
        ["name", "number", "variable:address"],
        {"delimiter": ","},
    ),
    "quotes-unbalanced.csv": (
        ["naam", "telefoon", "maat"],
        [
            [2, "Jan de Vries", "0612345601", "12"],
            [3, 'Piet "Pim" Smit', "0612345602", "14"],
            [4, "Anna Bos", "0612345603", '5" buis'],
            [5, "Els Vos", "0612345604", "6"],
        ],
        ["name", "number", "variable:maat"],
        {"delimiter": ";"},
    ),
    "empty-column.csv": (
        ["naam", "Column 2", "telefoon", "leeg"],
        [[2, "Jan", "", "0612345678", ""], [4, "Els", "", "0612345679", ""]],
        ["name", "", "number", ""],
        {"delimiter": ","},
    ),
    "german-cp1252.csv": (
        ["Anrede", "Nachname", "Rufnummer", "Durchwahl", "Größe"],
        [[2, "Frau", "Müller", "030 901820", "12", "groß"], [3, "Herr", "Weiß", "0151 23456789", "", "klein"]],
        ["variable:anrede", "variable:nachname", "number", "", "variable:grosse"],
        {"encoding": "cp1252"},
    ),
    "06-numbers.csv": (
        ["Column 1"],
        [[1, "0612345678"], [2, "06 1234 5679"], [3, "06-12345680"]],
        ["number"],
        {"delimiter": "", "header_rows": 0},
    ),
    "extensions.csv": (
        ["bedrijf", "telefoon"],
        [
            [2, "Bakkerij", "020 555 0173 tst 12"],
            [3, "Garage", "020-5550174 x 3"],
            [4, "Slager", "020 555 0175"],
        ],
        ["variable:bedrijf", "number"],
        {"delimiter": ";"},
    ),
    "emoji.csv": (
        ["Naam 😀", "Mobiel 📱", "⭐"],
        [[2, "Anaïs 🦷", "06 1234 5678", "goud"]],
        ["name", "number", "variable:column_3"],
        {"encoding": "utf-8"},
    ),
    "title-and-sep.csv": (
        ["Naam", "Mobiel", "Dag"],
        [[4, "Jan", "0612345678", "ma"]],
        ["name", "number", "variable:dag"],
        {"delimiter": ";", "header_rows": 3},
    ),
    "second-sheet.xlsx": (
        ["Naam", "Telefoon"],
        [[2, "Jansen", "0612345678"]],
        ["name", "number"],
        {"sheet": "Klanten"},
    ),
}


def rows_of(opened):
    return [[row.line, *row.cells] for row in opened.rows()]


def workbook(*rows, **cells):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for place, value in cells.items():
        book.active[place] = value
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("name", READ)
def test_a_file_as_programs_export_it_is_read(name):
    headers, people, guessed, facts = READ[name]

    opened = table.opened((FILES / name).read_bytes())

    assert opened.headers == headers
    assert rows_of(opened) == people
    assert [column.stored for column in columns.guessed(opened.headers, opened.head)] == guessed
    assert {key: getattr(opened.options, key) for key in facts} == facts


def test_each_file_of_the_folder_has_a_test():
    kept = {path.name for path in FILES.iterdir() if path.suffix not in (".py", ".pyc") and path.is_file()}
    assert kept == {*READ, "formulas-without-results.xlsx"}


def test_formulas_without_their_results_are_refused():
    with pytest.raises(FileRefused, match="formulas without their results"):
        table.opened((FILES / "formulas-without-results.xlsx").read_bytes())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "This file is empty."),
        (b"\xef\xbb\xbf \r\n", "This file is empty."),
        (b";;;\n;;;\n", "This file is empty."),
        (b"naam;telefoon\r\n", "no rows below"),
        (b"%PDF-1.7 \n", "This is a PDF, not a table."),
        (b"\x89PNG\r\n\x1a\n0000", "This is a picture, not a table."),
        (b"<html><table><tr><td>0612345678</td></tr></table>", "web page with the name of a spreadsheet"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn"></Workbook>', "old XML format"),
        (b'[{"phone": "0612345678"}]', "This is JSON"),
        (b"BEGIN:VCARD\nTEL:0612345678", "contact cards"),
        (b"PK\x03\x04 damaged", "damaged or not complete"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "damaged or not complete"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        (bytes(range(256)) * 8, "neither text nor a spreadsheet"),
        (b"x" * (limits.LONGEST_LINE + 1), "far too long"),
        (b"a" * (limits.MOST_BYTES + 1), "larger than 25 MB"),
        (b";".join([b"a"] * 101) + b"\n" + b";".join([b"1"] * 101), "more than 100 columns"),
    ],
)
def test_what_is_no_table_is_refused_in_words_that_help(content, words):
    with pytest.raises(FileRefused, match=words):
        list(table.opened(content).rows())


def test_a_document_is_refused_by_what_it_is(make_zip):
    for name, words in {
        "word/document.xml": "a document",
        "Index/Document.iwa": "Apple Numbers",
        "photo.jpg": "a compressed file",
    }.items():
        with pytest.raises(FileRefused, match=words):
            table.opened(make_zip({name: b"x"}))


@pytest.fixture
def make_zip():
    from tests.campaigns.files.make_files import zipped

    return zipped


def test_a_zip_that_grows_too_large_is_refused_before_it_is_opened(make_zip):
    bomb = make_zip({"xl/workbook.xml": b"", "xl/worksheets/sheet1.xml": b"0" * (301 * limits.MB)})
    assert len(bomb) < limits.MB
    with pytest.raises(FileRefused, match="becomes too large"):
        table.opened(bomb)


def test_a_small_workbook_that_names_a_far_cell_ends_only_the_process_that_reads_it():
    with pytest.raises(FileRefused, match="too large to be read here"):
        table.opened(workbook(["naam", "telefoon"], XFD1048576="far"))


def test_rows_and_cells_keep_the_places_that_a_spreadsheet_shows():
    opened = table.opened(workbook(B3="naam", C3="telefoon", B4="Jansen", C4="0612345678"))
    assert (opened.headers, rows_of(opened)) == (["Column 1", "naam", "telefoon"], [[4, "", "Jansen", "0612345678"]])


def test_numbers_of_a_workbook_are_digits_and_its_truths_are_words():
    opened = table.opened(workbook(["telefoon", "som", "ja", "groot"], [31612345678, 1.5, True, 1e20]))
    assert rows_of(opened) == [[2, "31612345678", "1.5", "TRUE", "1e+20"]]


def test_another_sheet_can_be_chosen_and_one_that_is_not_there_is_refused():
    content = (FILES / "second-sheet.xlsx").read_bytes()
    opened = table.opened(content, Options(sheet="Toelichting"))
    assert opened.sheets == ["Toelichting", "Klanten"] and opened.options.sheet == "Toelichting"
    with pytest.raises(FileRefused) as refused:
        table.opened(content, Options(sheet="Leveranciers"))
    assert refused.value.field == "sheet"


def test_the_process_that_reads_workbooks_has_no_keys_of_ours(monkeypatch):
    monkeypatch.setenv("PATCHBAY_SECRET_KEY", "a key")
    seen = []
    started = workbooks.subprocess.Popen
    monkeypatch.setattr(
        workbooks.subprocess, "Popen", lambda *args, **more: seen.append(more) or started(*args, **more)
    )
    table.opened(workbook(["naam", "telefoon"], ["Jan", "0612345678"]))
    assert [more["env"] for more in seen] == [{}]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (Options(encoding="utf-8"), "encoding"),
        (Options(encoding="rot13"), "encoding"),
        (Options(delimiter="x"), "delimiter"),
        (Options(header_rows=9), "header_rows"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused_beside_its_field(options, field):
    with pytest.raises(FileRefused) as refused:
        table.opened((FILES / "excel-semicolon-cp1252.csv").read_bytes(), options)
    assert refused.value.field == field


def test_the_settings_of_a_file_can_be_changed():
    content = (FILES / "excel-semicolon-cp1252.csv").read_bytes()
    opened = table.opened(content, Options(encoding="cp1250", delimiter=",", header_rows=0))
    assert opened.headers == ["Column 1"] and next(opened.rows()).cells == ["naam;telefoon;laatste;tijd;plaats"]


@pytest.mark.parametrize(
    ("text", "country", "encoding"),
    [
        ("José Ñíguez\n", "ES", "cp1252"),
        ("Çağlar Şahin\n", "TR", "cp1254"),
        ("Łukasz Wójcik\nŚwiętosław Żółć\n", "PL", "cp1250"),
        ("Иван Петров;Москва\nСергей\n", "NL", "cp1251"),
        ("Zoë Brønsted\nDaniël Müller\n", "NL", "mac_roman"),
        ("Zoë Brønsted\nDaniël Müller\nJosé Ñíguez\n", "NL", "cp850"),
        ("Zoë Brønsted\n", "NL", "utf-16-le"),
        ("D’Arcy – café\n", "NL", "cp1252"),
    ],
)
def test_letters_are_read_as_the_program_wrote_them(text, country, encoding):
    opened = table.opened(f"naam;tel\n{text}".encode(encoding), Options(country=country))
    assert opened.options.encoding == encoding


def test_more_rows_than_a_campaign_takes_are_refused(monkeypatch):
    monkeypatch.setattr(table, "MOST_ROWS", 3)
    opened = table.opened(b"0612345678\n" * 4)
    with pytest.raises(FileRefused, match="more than"):
        list(opened.rows())


def test_a_row_has_as_many_cells_as_columns_and_more_only_where_they_hold_something():
    opened = table.opened(b"naam;telefoon\nJan;0612345678;;\nEls\nPiet;0612345679;x\nBo;0612345677\n")
    assert [row.cells for row in opened.rows()] == [
        ["Jan", "0612345678"],
        ["Els", ""],
        ["Piet", "0612345679", "x"],
        ["Bo", "0612345677"],
    ]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=600) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_a_table_or_refused(content):
    with suppress(FileRefused):
        list(table.opened(content).rows())


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_damage_to_a_workbook_is_a_table_or_refused(data):
    whole = bytearray((FILES / data.draw(st.sampled_from(["zeros-lost.xlsx", "open-document.ods"]))).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(FileRefused):
        list(table.opened(bytes(whole[: data.draw(st.integers(4, len(whole)))])).rows())


CELL = st.text(
    st.characters(
        codec="utf-8", exclude_characters='\x00\r\n;"\ufeff', exclude_categories=["Cc", "Cf", "Zl", "Zp", "Zs"]
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=30), st.sampled_from([";", ",", "\t"]), st.booleans())
def test_every_row_of_a_written_file_is_read(rows, delimiter, quoted):
    def written(cell):
        return f'"{cell}"' if quoted or delimiter in cell else cell

    lines = [delimiter.join(map(written, row)) for row in [("naam", "telefoon", "dag"), *rows]]
    opened = table.opened("\r\n".join(lines).encode(), Options(encoding="utf-8", delimiter=delimiter, header_rows=1))
    assert [row.cells for row in opened.rows()] == [list(row) for row in rows]


def test_thousands_of_empty_cells_and_bytes_beyond_ascii_keep_nobody_waiting():
    wide = b"naam;telefoon\n" + (b"Jan;0612345678" + b";" * 100_000 + b"\n") * 20
    quoted = b"naam;telefoon\n" + (b'"Jan";0612345678' + b";" * 100_000 + b"\n") * 20
    large = b"naam;telefoon\n" + b"Jan Jansen van Dijk;0612345678\n" * 200_000 + b"Ren\xe9;0612345679\n"
    began = time.process_time()
    for content in (wide, quoted):
        found = table.opened(content)
        assert [row.cells for row in found.rows()] == [["Jan", "0612345678"]] * 20 and found.options.delimiter == ";"
    assert encodings.guessed(large) == "cp1252"
    assert time.process_time() - began < 5  # seconds; it was minutes


def test_a_sheet_whose_name_no_database_keeps_is_read():
    book = Workbook()
    book.active.title = "AQQB"
    for row in (["naam", "telefoon"], ["Jan", "0612345678"]):
        book.active.append(row)
    saved, changed = io.BytesIO(), io.BytesIO()
    book.save(saved)
    with ZipFile(saved) as source, ZipFile(changed, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b"AQQB", b"A\x00B"))
    found = table.opened(changed.getvalue())
    assert found.sheets == ["AB"] and found.options.sheet == "AB"
    assert [row.cells for row in table.opened(changed.getvalue(), found.options).rows()] == [["Jan", "0612345678"]]
