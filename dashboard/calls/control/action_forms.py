"""The list of actions as a form: a row for each, and a blank one to add another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.utils.functional import cached_property

from dashboard.calls.control import action_book, action_preview, action_text
from dashboard.calls.control.action_preview import Preview
from dashboard.calls.control.row_forms import RowForm
from dashboard.calls.models import Action
from dashboard.voicedock import CommandType
from dashboard.voicedock.capabilities import Family, badge
from dashboard.voicedock.commands import label
from tenants import names
from tenants.form_fields import NameField
from tenants.models import Tenant

PREFIX = "action"
OFF = {"autocomplete": "off"}
LONGEST = {  # of the text, by command: as the fields of the composer
    CommandType.INJECT_CONTEXT: 1000,
    CommandType.SAY: 1000,
    CommandType.TRANSFER: 500,
    CommandType.END_CALL: 500,
}
NEEDS_TEXT = {
    CommandType.INJECT_CONTEXT: "Write what the assistant should know.",
    CommandType.SAY: "Write what the assistant should say.",
}
ALL_FAMILIES = [(str(family), badge(family).label) for family in Family]


class KeySelect(forms.Select):
    """The digits; those of other rows name their action and cannot be chosen."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.taken: dict[int, str] = {}

    def create_option(self, name: str, value: Any, label: Any, selected: bool, *args: Any, **kwargs: Any) -> Any:
        option = super().create_option(name, value, label, selected, *args, **kwargs)
        if value in self.taken and not selected:
            option["label"] = f"{value}: {self.taken[value]}"
            option["attrs"]["disabled"] = True
        return option


class ActionRowForm(RowForm):
    """One action; one that is marked to be removed, or that is emptied, goes."""

    needed = ("name", "command", "text", "key")
    of_list: ActionFormSet

    name = NameField(required=False, max_length=40, label="Name", widget=forms.TextInput(OFF))
    key = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        label="Key",
        choices=[("", "Choose"), *((key, str(key)) for key in action_book.KEYS)],
        widget=KeySelect,
        help_text="Pressed on a keyboard it opens the action during a call. On a phone you tap its name.",
    )
    command = forms.ChoiceField(
        required=False,
        label="Command",
        choices=[("", "Choose"), *((command.value, command.label) for command in CommandType)],
    )
    text = forms.CharField(
        required=False,
        label="Text",
        widget=forms.Textarea({"rows": 2}),
        help_text="What the assistant reads, says or announces. In double braces stands what is filled in: "
        f"{{{{code}}}}, or a value of the call: {', '.join(action_text.VALUES)}.",
    )
    fields_asked = forms.CharField(
        required=False,
        label="Fields to fill in",
        max_length=200,
        widget=forms.TextInput(OFF),
        help_text="With commas between them, like: code, note? A question mark: it may stay empty.",
    )
    trigger_response = forms.BooleanField(required=False, label="Context: the assistant answers right away")
    end_after = forms.BooleanField(required=False, label="Say: the call ends afterwards")
    families = forms.MultipleChoiceField(
        required=False,
        label="Only with these assistants",
        choices=ALL_FAMILIES,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: with every assistant. The panel says what may not work before anything is sent.",
    )
    remove = forms.BooleanField(required=False, label="Remove this action")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.empty_permitted = False  # a row that was not changed is cleaned like the others

    def clean_text(self) -> str:
        lines = self.cleaned_data["text"].splitlines()
        return "\n".join(names.clean(line) for line in lines).strip()

    def clean_fields_asked(self) -> dict[str, bool]:
        try:
            return action_text.fields(self.cleaned_data["fields_asked"])
        except action_text.Unreadable as error:
            raise forms.ValidationError(str(error)) from None

    def clean(self) -> dict[str, Any]:
        row = super().clean() or {}
        if self.is_blank or row.get("remove"):
            self.errors.clear()  # what goes need not be right
            return row
        for name, words in (
            ("name", "Write what the button says, like SMS code."),
            ("key", "Choose a key."),
            ("command", "Choose what is sent."),
        ):
            if name in row and not row[name]:
                self.add_error(name, words)
        if "text" in row and row.get("command"):
            self._check_text(row)
        return row

    def _check_text(self, row: dict[str, Any]) -> None:
        text, command = row["text"], CommandType(row["command"])
        if not text and command in NEEDS_TEXT:
            self.add_error("text", NEEDS_TEXT[command])
        elif len(text) > LONGEST[command]:
            self.add_error("text", f"That are {len(text)} characters; here {LONGEST[command]} are the most.")
        else:
            self._check_names(text, row.get("fields_asked"))

    def _check_names(self, text: str, listed: dict[str, bool] | None) -> None:
        try:
            used = action_text.slots(text)
            if listed is not None:
                action_text.check(text, listed)
        except action_text.Unreadable as error:
            self.add_error("text", str(error))
            return
        unused = [name for name in listed or {} if name not in used]
        if unused:
            self.add_error("fields_asked", f"“{unused[0]}” does not stand in the text as {{{{{unused[0]}}}}}.")

    @property
    def command_label(self) -> str:
        """Of the action that the row was made from, as what follows."""
        return label(self.initial.get("command", ""))

    @property
    def families_words(self) -> str:
        families = self.initial.get("families", [])
        return "With every assistant" if not families else f"With {', '.join(badge(one).label for one in families)}"

    @property
    def preview(self) -> Preview:
        return action_preview.of_row(self, self.of_list.values)

    @property
    def saved_pieces(self) -> list[tuple[action_text.Piece, str]]:
        """The text of the action that the row was made from, with the names of what is filled in."""
        return [(piece, piece.slot) for piece in action_text.pieces(self.initial.get("text", ""))]

    @property
    def is_typed(self) -> bool:
        """Whether somebody changed the row, and has not saved it."""
        return self.is_bound and self.has_changed()

    def mark_taken(self, taken: dict[int, str]) -> None:
        """`taken` are the keys of all rows, with the names of their actions."""
        widget = cast(KeySelect, self.fields["key"].widget)
        own = str(self["key"].value() or "")
        widget.taken = {key: name for key, name in taken.items() if str(key) != own}

    def facts(self) -> dict[str, Any]:
        """What `action_book.save` takes, of a valid row."""
        row = self.cleaned_data
        is_say, is_context = (row["command"] == one for one in (CommandType.SAY, CommandType.INJECT_CONTEXT))
        return {
            "key": row["key"],
            "name": row["name"],
            "command": row["command"],
            "text": row["text"],
            "fields": action_text.listing(row["fields_asked"]),
            "trigger_response": row["trigger_response"] and is_context,
            "end_after": row["end_after"] and is_say,
            "families": sorted(row["families"]),
        }


class ActionFormSet(forms.BaseFormSet):
    """The rows of a client; `made_from` is the fingerprint of the list that they were made from."""

    tenant: Tenant
    made_from = ""
    stale = ""  # what to tell a person whose list somebody changed meanwhile

    @cached_property
    def values(self) -> Mapping[str, str]:
        """What stands in the previews for the values of a call."""
        return action_preview.values_of(self.tenant)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Those that stay, of a valid form."""
        return [form.facts() for form in self._staying()]

    def clean(self) -> None:
        """A key and a name stand in one row only."""
        for name, words in (
            ("key", "The key {} is taken by a row above. Choose another one."),
            ("name", "“{}” is the name of a row above already."),
        ):
            seen: set[Any] = set()
            for form in self._staying():
                value = getattr(form, "cleaned_data", {}).get(name)
                same = value.casefold() if isinstance(value, str) else value
                if value and same in seen:
                    form.add_error(name, words.format(value))
                seen.add(same)

    def _staying(self) -> list[Any]:
        return [form for form in self.forms if not form.is_blank and not form.cleaned_data.get("remove")]


def form_set(tenant: Tenant, data: Any = None) -> ActionFormSet:
    """Its actions as they are, or as they were typed."""
    most = len(action_book.KEYS)
    shape = forms.formset_factory(
        ActionRowForm, formset=ActionFormSet, extra=1, max_num=most, absolute_max=most, validate_max=True
    )
    actions = action_book.named(tenant)
    rows = cast(ActionFormSet, shape(data, initial=list(map(_initial, actions)), prefix=PREFIX))
    rows.tenant = tenant
    rows.made_from = action_book.fingerprint(actions) if data is None else data.get("made_from", "")
    _mark_taken(rows)
    return rows


def _mark_taken(rows: ActionFormSet) -> None:
    chosen = [(str(form["key"].value() or ""), str(form["name"].value() or "another action")) for form in rows.forms]
    taken = {int(key): name for key, name in chosen if key.isdecimal()}
    for form in rows.forms:
        cast(ActionRowForm, form).of_list = rows
        cast(ActionRowForm, form).mark_taken(taken)


def mark_stale(rows: ActionFormSet, tenant: Tenant, message: str) -> None:
    """Tell that the list was changed meanwhile; saved once more, the rows are taken as made from the list as it is."""
    rows.stale = message
    rows.made_from = action_book.fingerprint(action_book.named(tenant))


def _initial(action: Action) -> dict[str, Any]:
    return action_book.facts_of(action) | {"fields_asked": action.fields}
