"""The forms of a draft's people: the file, how it is read, and what its columns are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from dashboard.campaigns.lead_files import columns, encodings, header_rows
from dashboard.campaigns.lead_files.column_words import Role
from dashboard.campaigns.lead_files.columns import Column
from dashboard.campaigns.lead_files.limits import MB, MOST_BYTES, MOST_ROWS
from dashboard.campaigns.lead_files.people import NO_NUMBER
from dashboard.campaigns.lead_files.table import Options
from dashboard.campaigns.lead_files.text_files import DELIMITERS
from dashboard.campaigns.models import CampaignFile
from dashboard.ui.country_field import CountryField
from tenants.names import isolate

NOTHING = "Choose a file, or paste the rows of one."
PASTED = "Pasted rows"
ADD, REPLACE = "add", "replace"
ADD_OR_REPLACE = "Choose whether the new rows are added to these or take their place. Nothing is changed yet."
RIGHT_WHEN = "It is the right one when {text} reads as it should."
ACCENTS = "a name with an accent, such as Zoë,"
LONGEST_EXAMPLE = 40  # characters
ROLES = [
    (Role.NUMBER.value, "Number to call"),
    (Role.NAME.value, "Name"),
    (Role.VARIABLE.value, "Variable"),
    (Role.CONSENT_KIND.value, "Consent: what to"),
    (Role.CONSENT_SOURCE.value, "Consent: from where"),
    (Role.CONSENT_TIME.value, "Consent: when"),
    (Role.NOT_USED.value, "Not used"),
]
ONCE = "Only one column can be this. {other} is it already."
NO_VARIABLE = "Give it a name: letters, digits and _ only."
TAKEN = "{other} has this name already."


class UploadForm(forms.Form):
    """A file, or text pasted from a spreadsheet. `before` is the file whose people are there already."""

    how = forms.ChoiceField(
        choices=[(ADD, "Add the new rows to them"), (REPLACE, "Take the new rows in their place")],
        widget=forms.RadioSelect,
        help_text=(
            "Added rows are matched by the names of their columns. A number that is there already is not called twice."
        ),
        error_messages={"required": ADD_OR_REPLACE},
    )
    file = forms.FileField(
        required=False,
        allow_empty_file=True,
        max_length=1000,
        label="File",
        help_text=f"CSV, Excel or OpenDocument, up to {MOST_ROWS:,} rows and {MOST_BYTES // MB} MB.",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.xlsm,.xlsb,.xls,.ods"}),
    )
    text = forms.CharField(
        required=False,
        strip=False,
        label="Or paste rows",
        help_text="With the names of the columns in the first row.",
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, before: CampaignFile | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if before is None or before.read_at is None:
            del self.fields["how"]
        else:
            rows = "1 row" if before.rows == 1 else f"{before.rows:,} rows"
            self.fields["how"].label = f"There are {rows} of {isolate(before.name)} already"

    @property
    def adds(self) -> bool:
        return bool(self.cleaned_data.get("how") == ADD)

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        if not facts.get("file") and not (facts.get("text") or "").strip() and not self.errors:
            self.add_error("file", NOTHING)
        return facts

    def content(self) -> tuple[str, bytes]:
        """The name and the bytes of what was given."""
        if file := self.cleaned_data["file"]:
            return str(file.name), file.read()
        return PASTED, str(self.cleaned_data["text"]).encode("utf-8", "replace")


class SettingsForm(forms.Form):
    """How the file is read. Only what its kind has is asked."""

    sheet = forms.ChoiceField(required=False, label="Sheet")
    encoding = forms.ChoiceField(required=False, label="Text encoding", choices=list(encodings.NAMES.items()))
    delimiter = forms.ChoiceField(
        required=False,
        label="Columns are split by",
        choices=[(name or "none", label) for name, label in DELIMITERS.items()],
    )
    header_rows = forms.TypedChoiceField(required=False, coerce=int, empty_value=None, label="The names are in")

    def __init__(self, data: Any, file: CampaignFile) -> None:
        first = {name: getattr(file, name) for name in ("sheet", "encoding", "header_rows")}
        super().__init__(data, initial=first | {"delimiter": file.delimiter or "none"}, prefix="read")
        rows = max(header_rows.MOST, file.header_rows)
        self.fields["header_rows"].choices = [  # type: ignore[attr-defined]
            (0, "No row: the first is a person"),
            *((nth, f"Row {nth}") for nth in range(1, rows + 1)),
        ]
        self.fields["sheet"].choices = [(name, name) for name in file.sheets]  # type: ignore[attr-defined]
        self.fields["encoding"].help_text = RIGHT_WHEN.format(text=_beyond_ascii(file) or ACCENTS)
        for name in ("encoding", "delimiter") if file.sheets else ("sheet",):
            del self.fields[name]

    def options(self) -> Options:
        wish = self.cleaned_data
        delimiter = {"none": "", "": None}.get(wish.get("delimiter", ""), wish.get("delimiter"))
        return Options(wish.get("sheet", ""), wish.get("encoding", ""), delimiter, wish["header_rows"])


def _beyond_ascii(file: CampaignFile) -> str:
    """A text among the first rows by which one sees whether its letters are read as they were meant."""
    texts = [*file.headers, *(cell for _, cells in file.sample for cell in cells)]
    found = next((text for text in texts if not text.isascii()), "")
    return f"“{isolate(found[:LONGEST_EXAMPLE])}”" if found else ""


@dataclass(frozen=True)
class ColumnRow:
    """A column of the file as a row of the form."""

    header: str
    example: str
    role: BoundField
    variable: BoundField


class ColumnsForm(forms.Form):
    """What each column is, and in which country a number without a country code is read."""

    country = CountryField()

    def __init__(self, data: Any, file: CampaignFile) -> None:
        self.file, self.found = file, columns.read(file.columns, len(file.headers))
        super().__init__(data, initial={"country": file.country}, prefix="columns")
        for place, (header, column) in enumerate(zip(file.headers, self.found, strict=True)):
            self.fields[f"role_{place}"] = forms.ChoiceField(
                required=False, choices=ROLES, initial=column.role.value, label=f"What {header} is"
            )
            self.fields[f"variable_{place}"] = forms.CharField(
                required=False,
                max_length=columns.LONGEST_VARIABLE,
                initial=column.variable or columns.variable_name(header, place),
                label=f"Name of {header} in the instructions",
                widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            )

    def rows(self) -> Iterator[ColumnRow]:
        for place, header in enumerate(self.file.headers):
            cells = [cells[place] for _, cells in self.file.sample if place < len(cells)]
            example = next((cell for cell in cells if cell.strip()), "")
            yield ColumnRow(header, example, self[f"role_{place}"], self[f"variable_{place}"])

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        roles: dict[str, str] = {}
        names: dict[str, str] = {}
        for place, header in enumerate(self.file.headers):
            role = facts.get(f"role_{place}", "")
            if role not in (Role.VARIABLE, Role.NOT_USED) and (other := roles.setdefault(role, header)) != header:
                self.add_error(f"role_{place}", ONCE.format(other=other))
            self._check_name(place, header, role, names)
        if Role.NUMBER not in roles and not self.errors:
            self.add_error(None, NO_NUMBER)
        return facts

    def _check_name(self, place: int, header: str, role: str, names: dict[str, str]) -> None:
        name = self.cleaned_data.get(f"variable_{place}", "")
        if role == Role.NAME:
            name = columns.NAME_VARIABLE
        elif role != Role.VARIABLE:
            return
        if not columns.VARIABLE_NAME.fullmatch(name):
            self.add_error(f"variable_{place}", NO_VARIABLE)
        elif (other := names.setdefault(name, header)) != header:
            self.add_error(f"variable_{place}" if role == Role.VARIABLE else f"role_{place}", TAKEN.format(other=other))

    def chosen(self) -> list[Column]:
        facts = self.cleaned_data
        found = []
        for place in range(len(self.file.headers)):
            role = Role(facts[f"role_{place}"])
            variable = {Role.VARIABLE: facts[f"variable_{place}"], Role.NAME: columns.NAME_VARIABLE}.get(role, "")
            found.append(Column(role, variable))
        return found
