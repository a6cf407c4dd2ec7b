"""The row of presets at the top of *Call now*."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.calls.placing import overrides
from dashboard.calls.placing.change_forms import ChangesForm
from dashboard.calls.placing.changes import Changes
from dashboard.calls.placing.saved_assistants import UNREAD
from dashboard.calls.placing.variables import labels, names_in
from dashboard.calls.presets import book, filling
from tenants.isolation import scope
from tenants.models import AssistantDedication, NumberDedication, Tenant

LEFT = "Its assistant is not yours any more"
NOTHING = "Nothing to fill in"


@dataclass(frozen=True)
class Choice:
    """One preset; `words` are the labels of what is filled in."""

    key: str
    name: str
    words: str
    chosen: bool


@dataclass(frozen=True)
class PresetRow:
    """`note` tells what of the chosen preset, or of the one that was named, is not there."""

    choices: list[Choice]
    note: str


@scope.requires_scope
def of_form(
    tenant: Tenant,
    form: ChangesForm,
    lines: Sequence[NumberDedication],
    assistants: Sequence[AssistantDedication],
    wanted: str,
) -> PresetRow:
    """`wanted` is the key that was asked for."""
    used = [filling.in_use(preset, lines, assistants) for preset in book.named(tenant)]
    chosen = form.chosen_preset.pk if form.chosen_preset else None
    note = next((shown.note for shown in used if shown.preset.pk == chosen), "")
    return PresetRow(
        [_choice(shown, form, chosen) for shown in used],
        note or (filling.not_here(wanted) if wanted and not chosen else ""),
    )


def _choice(used: filling.PresetInUse, form: ChangesForm, chosen: int | None) -> Choice:
    preset = used.preset
    return Choice(preset.key, preset.name, _words(used, form), preset.pk == chosen)


def _words(used: filling.PresetInUse, form: ChangesForm) -> str:
    if used.assistant is None:
        return LEFT
    saved = form.saved_by_pk.get(used.assistant.pk, UNREAD)
    asked = names_in(overrides.texts_with_variables(Changes.from_json(used.preset.changes), saved))
    return ", ".join(labels(asked).values()) or NOTHING
