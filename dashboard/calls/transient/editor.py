"""The editor of a draft: a form side and a JSON side of one configuration, and what each of its buttons does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms

from dashboard.calls.models.assistant_draft import LONGEST_NAME
from dashboard.calls.transient import json_text
from dashboard.calls.transient.configuration import Check, Configuration, errors_of
from dashboard.calls.transient.configuration_forms import ConfigurationForm, JsonForm, redrawn
from tenants.form_fields import NameField

FORM, JSON = "form", "json"
REDRAW, SAVE = "redraw", "save"


class DraftForm(forms.Form):
    """`made_from` is the newest version when the page was opened, 0 of a new draft."""

    name = NameField(max_length=LONGEST_NAME, label="Name", error_messages={"required": "Give it a name."})
    made_from = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)


@dataclass
class Editor:
    """What the page shows; `is_saving` where the button asked for it.

    `gone` says that the draft which was open has been deleted.
    """

    about: DraftForm
    side: str
    form: ConfigurationForm
    json: JsonForm
    is_saving: bool = False
    made_from: int = 0
    notes: tuple[str, ...] = field(default_factory=tuple)
    gone: str = ""

    @property
    def other_side(self) -> str:
        return FORM if self.side == JSON else JSON

    def is_valid(self) -> bool:
        """Whether name and configuration can be saved. Every error is found, not only the first."""
        is_named, current = self.about.is_valid(), self.form if self.side == FORM else self.json
        return is_named and current.is_valid() and not self.json.errors_by_path

    def configuration(self) -> Configuration:
        return self.form.configuration() if self.side == FORM else self.json.configuration()


def opened(
    configuration: Configuration, *, name: str, made_from: int, side: str, url: str, notes: tuple[str, ...] = ()
) -> Editor:
    """Before anything was typed."""
    about = DraftForm(initial={"name": name, "made_from": made_from})
    return Editor(about, side, *_sides(configuration, url), made_from=made_from, notes=notes)


def sent(typed: Mapping[str, Any], *, url: str, check: Check = errors_of) -> Editor:
    """After a button was pressed: another provider, the other side, or save; `check` finds what cannot be saved."""
    side = JSON if typed.get("side") == JSON else FORM
    wish = typed.get("do") or SAVE
    made_from = int(text) if (text := str(typed.get("made_from", ""))).isdecimal() and len(text) < 9 else 0
    kept = {"name": str(typed.get("name", ""))[: 4 * LONGEST_NAME], "made_from": made_from}
    about = DraftForm(typed if wish == SAVE else None, initial=kept)
    if side == JSON:
        form, text_form = _of_json(typed, wish, url, check)
        side = FORM if wish == FORM and text_form.can_be_shown_as_form else JSON
    else:
        form, text_form = _of_form(typed, wish, url, check)
        side = JSON if wish == JSON else FORM
    return Editor(about, side, form, text_form, wish == SAVE, made_from)


def _of_form(typed: Mapping[str, Any], wish: str, url: str, check: Check) -> tuple[ConfigurationForm, JsonForm]:
    if wish == SAVE:
        return ConfigurationForm(typed, errors_of=check, redraw_url=url), JsonForm()
    form = ConfigurationForm(redrawn(typed), check=False, redraw_url=url)
    return form, JsonForm(initial={"text": json_text.written(form.configuration())})


def _of_json(typed: Mapping[str, Any], wish: str, url: str, check: Check) -> tuple[ConfigurationForm, JsonForm]:
    text_form = JsonForm(typed, errors_of=check)
    if text_form.can_be_shown_as_form:
        form = ConfigurationForm(opened=text_form.found, redraw_url=url)
        return form, text_form
    return ConfigurationForm(opened={}, redraw_url=url), text_form


def _sides(configuration: Configuration, url: str) -> tuple[ConfigurationForm, JsonForm]:
    form = ConfigurationForm(opened=configuration, redraw_url=url)
    return form, JsonForm(initial={"text": json_text.written(configuration)})


def can_be_sent(configuration: Configuration) -> bool:
    return not errors_of(configuration)
