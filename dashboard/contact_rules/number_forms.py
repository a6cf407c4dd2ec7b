"""Numbers that are put on a do-not-call list, and why one is taken off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.http import QueryDict

from dashboard.contact_rules import number_list
from dashboard.contact_rules.number_list import MOST_LINES, NumberList
from dashboard.ui.search_fields import SearchField

MOST_BYTES = 200 * 1024  # with the rest of the form below what a request may have
SHOWN_LINES = 20
LONGEST_REASON = 2_000
TOO_LONG = f"Say why in at most {LONGEST_REASON:,} characters."
WITH_CODE = "One in a line, with its country code, like +31 6 1234 5678. Words beside a number are not kept."
NOTHING = "Type at least one number, or choose a file."
NO_NUMBERS = "There is no phone number in this file. It needs one in each line, as text or CSV."
TOO_MANY = f"At most {MOST_LINES:,} lines at once; this has {{lines:,}}. Add them in parts."
TOO_LARGE = f"At most {MOST_BYTES // 1024} KB at once. Add the numbers in parts."
NOT_TEXT = "This file is not text. Save the sheet as CSV first, then choose that file."


class NumbersForm(forms.Form):
    """What is typed or uploaded; lines that are not understood stay in the field, and the others are added."""

    numbers = forms.CharField(
        required=False,
        label="Numbers",
        help_text="One in a line. A name beside a number is kept with it; other columns of a table are not.",
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off", "dir": "ltr"}),
    )
    file = forms.FileField(
        required=False,
        label="Or a file",
        help_text=f"Text or CSV, up to {MOST_BYTES // 1024} KB: some {MOST_LINES:,} numbers.",
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
    )
    note = forms.CharField(
        required=False, max_length=200, label="Why", widget=forms.TextInput(attrs={"placeholder": "Asked by mail"})
    )

    def __init__(self, *args: Any, countries: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.countries, self.read = countries, NumberList()
        if not countries:
            self.fields["numbers"].help_text = WITH_CODE

    def clean_file(self) -> str:
        file = self.cleaned_data.get("file")
        if file is None:
            return ""
        if file.size > MOST_BYTES:
            raise forms.ValidationError(TOO_LARGE)
        return _decoded(file.read())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        texts = {"": cleaned.get("numbers", ""), "of the file": cleaned.get("file", "")}
        lines = sum(len(text.splitlines()) for text in texts.values())
        if not any(map(str.strip, texts.values())):
            self.add_error("numbers", NOTHING)
        elif lines > MOST_LINES:
            self.add_error("numbers", TOO_MANY.format(lines=lines))
        else:
            self.read = number_list.read(texts, self.countries)
        return cleaned

    def show_bad_lines(self) -> None:
        """What is left in the field is what was not understood, with the reason of each line."""
        data = cast(QueryDict, self.data).copy()
        data["numbers"] = self.read.left
        self.data = data
        for line in self.read.bad[:SHOWN_LINES]:
            self.add_error("numbers", f"{line.where}, “{line.text[:60]}”: {line.reason}.")
        if (more := len(self.read.bad) - SHOWN_LINES) > 0:
            self.add_error("numbers", f"And {more:,} lines more, which stand here too.")


class FindForm(forms.Form):
    """Which entries are shown."""

    q = SearchField(required=False, label="Find a number", widget=forms.TextInput(attrs={"type": "search"}))


class RemoveForm(forms.Form):
    """Why a number is taken off the list."""

    reason = forms.CharField(
        max_length=LONGEST_REASON,
        error_messages={"required": "Say why, for the trail.", "max_length": TOO_LONG},
    )


def _decoded(content: bytes) -> str:
    """UTF-8 or UTF-16 with their marks, else the usual code page of older spreadsheets."""
    is_wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    encodings = ["utf-16"] if is_wide else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text and not content.startswith((b"PK", b"%PDF", b"\xd0\xcf")):
            return text
    raise forms.ValidationError(NOT_TEXT)
