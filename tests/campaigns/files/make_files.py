"""Writes the files of this folder: lists of people as programs export them, with what goes wrong in each.

`python -m tests.campaigns.files.make_files` writes them again; the tests read what is kept here.
"""

from __future__ import annotations

import io
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook

from tests.campaigns.files import old_workbook

FOLDER = Path(__file__).parent
DUTCH = [
    ["naam", "telefoon", "laatste", "tijd", "plaats"],
    ["Mevr. Zoë Brønsted", "06-12345678", "14 mei", "ochtend", "Amsterdam"],
    ["Dhr. B. Kuiper", "020 555 0173", "2 maart", "middag", "Amstelveen"],
    ["Mevr. F. Aydin", "0031688301192", "19 mei", "", "Diemen"],
]
OLD: list[list[str | float]] = [
    ["naam", "telefoon", "laatste"],
    ["Mevr. Zoë Brønsted", "06-12345678", "14 mei"],
    ["Dhr. B. Kuiper", 612345679.0, ""],
    ["Mevr. F. Aydın", 31688301192.0, "19 mei"],
]
CONTENT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">
<office:body><office:spreadsheet><table:table table:name="Adressen">{rows}</table:table></office:spreadsheet>
</office:body></office:document-content>"""


def joined(rows: list[list[str]], delimiter: str, end: str = "\r\n") -> str:
    return "".join(delimiter.join(row) + end for row in rows)


def texts() -> dict[str, bytes]:
    english = [["Full name", "Mobile phone", "Last visit"], ["O'Neil, Sinéad", "+353 86 123 4567", "3 June"]]
    quoted = [[f'"{cell}"' for cell in row] for row in english]
    emoji = [["Naam 😀", "Mobiel 📱", "⭐"], ["Anaïs 🦷", "06 1234 5678", "goud"]]
    return {
        "excel-semicolon-cp1252.csv": joined(DUTCH, ";").encode("cp1252"),
        "excel-unicode-text.tsv": joined(DUTCH, "\t").encode("utf-16"),
        "bom-commas.csv": joined(quoted, ",").encode("utf-8-sig"),
        "numbers-as-floats.csv": (
            b"naam;telefoon\r\nJansen;3,16E+10\r\nDe Wit;3.16E+10\r\n"
            b"Bakker;31612345678.0\r\nMulder;3.1612345679E+10\r\n"
        ),
        "line-breaks-in-cells.csv": (
            b'name,phone,address\r\n"Ann Lee","+44 7400 123456","1 High St\r\nLeeds\r\nLS1"\r\n'
            b'"Bo Ray","+44 7400 123457","2 Low St"\r\n'
        ),
        "quotes-unbalanced.csv": (
            b'naam;telefoon;maat\r\n"Jan de Vries;0612345601;12"\r\nPiet "Pim" Smit;0612345602;14\r\n'
            b'Anna Bos;0612345603;5" buis\r\nEls Vos;0612345604;"6"\r\n'
        ),
        "empty-column.csv": b"naam,,telefoon,leeg\r\nJan,,0612345678,\r\n\r\nEls,,0612345679,\r\n",
        "german-cp1252.csv": (
            "Anrede;Nachname;Rufnummer;Durchwahl;Größe\r\n"
            "Frau;Müller;030 901820;12;groß\r\nHerr;Weiß;0151 23456789;;klein\r\n"
        ).encode("cp1252"),
        "06-numbers.csv": b"0612345678\n06 1234 5679\n06-12345680\n",
        "extensions.csv": (
            b"bedrijf;telefoon\r\nBakkerij;020 555 0173 tst 12\r\nGarage;020-5550174 x 3\r\nSlager;020 555 0175\r\n"
        ),
        "emoji.csv": joined(emoji, ";", "\n").encode(),
        "title-and-sep.csv": b"sep=;\r\nExport van 12-11-2026;;\r\n;;\r\nNaam;Mobiel;Dag\r\nJan;0612345678;ma\r\n",
    }


def workbooks() -> dict[str, Workbook]:
    return {
        "zeros-lost.xlsx": _zeros_lost(),
        "two-header-rows.xlsx": _two_header_rows(),
        "second-sheet.xlsx": _second_sheet(),
        "formulas-without-results.xlsx": _formulas(),
    }


def _zeros_lost() -> Workbook:
    from datetime import date

    book = Workbook()
    book.active.append(["naam", "telefoon", "bezoek"])
    book.active.append(["Jansen", 612345678, date(2026, 5, 14)])
    book.active.append(["De Wit", 31612345679, date(2026, 3, 2)])
    return book


def _two_header_rows() -> Workbook:
    book = Workbook()
    sheet = book.active
    sheet.append(["Klant", None, "Bereikbaar", None])
    sheet.append(["Naam", "Plaats", "Mobiel", "Dagdeel"])
    sheet.append(["Jansen", "Diemen", "0612345678", "ochtend"])
    sheet.merge_cells("A1:B1")
    sheet.merge_cells("C1:D1")
    return book


def _second_sheet() -> Workbook:
    book = Workbook()
    book.active.title = "Toelichting"
    book.active.append(["Deze lijst is van november"])
    sheet = book.create_sheet("Klanten")
    sheet.append(["Naam", "Telefoon"])
    sheet.append(["Jansen", "0612345678"])
    return book


def _formulas() -> Workbook:
    book = Workbook()
    book.active.append(["naam", "telefoon"])
    book.active.append(["Jansen", '=CONCATENATE("06","12345678")'])
    return book


def open_document() -> dict[str, str]:
    rows = "".join(f"<table:table-row>{''.join(map(_cell, row))}</table:table-row>" for row in DUTCH)
    blank = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    return {
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "content.xml": CONTENT.format(rows=rows + blank),
        "META-INF/manifest.xml": "<manifest/>",
    }


def _cell(text: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def zipped(parts: dict[str, str | bytes]) -> bytes:
    """A zip file whose directory has no time of today."""
    file = io.BytesIO()
    with ZipFile(file, "w") as into:
        for name, part in parts.items():
            into.writestr(ZipInfo(name, (2026, 11, 1, 12, 0, 0)), part, ZIP_DEFLATED)
    return file.getvalue()


def of_workbook(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    with ZipFile(file) as made:
        return zipped({name: made.read(name) for name in made.namelist()})


def main() -> None:
    for name, content in texts().items():
        (FOLDER / name).write_bytes(content)
    for name, book in workbooks().items():
        (FOLDER / name).write_bytes(of_workbook(book))
    (FOLDER / "open-document.ods").write_bytes(zipped(open_document()))
    (FOLDER / "excel-97.xls").write_bytes(old_workbook.workbook("Klanten", OLD))


if __name__ == "__main__":
    main()
