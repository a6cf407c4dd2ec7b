"""What people type into calls: whom to call and from what, and the commands they send."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, cast

from django import forms
from django.http import QueryDict

from dashboard.calls.caller_id import report
from dashboard.calls.control import (
    action_book,
    action_command,
    action_forms,
    action_text,
    commands,
    transfer_book,
    transfer_targets,
)
from dashboard.calls.models import Action
from dashboard.calls.placing import destinations, intents, number_echo, shown_rules
from dashboard.calls.placing.change_forms import ChangesForm
from dashboard.calls.placing.filled_text import FilledPiece, pieces
from dashboard.calls.planned.forms import WhenForm
from dashboard.contact_rules.rules import Rule
from dashboard.ui import account_team, date_fields, phone_numbers
from dashboard.voicedock import Command, CommandType, EndCall, InjectContext, Say, Transfer
from dashboard.voicedock.commands import MISSING
from tenants import names
from tenants.models import AssistantDedication, NumberDedication, Tenant

NOT_YOURS = intents.NOT_YOURS
LONGEST_DESTINATION = 120
NOT_LISTED = "This target is no longer in the list. Choose another one, or type its number."


class ChosenReading(forms.Form):
    """A number that can be read in several ways is asked for: `reading` is the choice, `readings` are its options."""

    reading = forms.CharField(required=False, max_length=40)
    readings: Sequence[str] = ()
    not_allowed: destinations.NotAllowed | None = None  # what was refused since this client may not call there
    actor: Any = None  # who reads its errors

    def read(self, text: str, reader: Callable[[str], str]) -> str:
        """E.164, or `forms.ValidationError` in words. A choice counts only while the text still has that reading."""
        try:
            return reader(text)
        except destinations.Ambiguous as error:
            chosen = self.data.get("reading", "")
            if chosen in error.readings:
                return self.read(chosen, reader)
            self.readings = error.readings
            raise forms.ValidationError(str(error)) from None
        except destinations.NotCallable as error:
            self.not_allowed = error if isinstance(error, destinations.NotAllowed) else None
            raise forms.ValidationError(account_team.for_reader(str(error), self.actor)) from None

    def choices_of_reading(self) -> list[tuple[str, str]]:
        """Each reading with the place where it rings."""
        return [(e164, phone_numbers.region(e164)) for e164 in self.readings]


class DialForm(ChosenReading):
    """Whom to call and from which line: `number` is the id of one of the client's own open lines, never of another."""

    destination = forms.CharField(
        max_length=LONGEST_DESTINATION,
        error_messages={"required": "Type the number of the person you call."},
        widget=forms.TextInput(
            attrs={
                "inputmode": "tel",
                "autocomplete": "off",
                "class": "phone-input",
                "hx-trigger": "input changed delay:200ms, change from:[name='number']",
                "hx-include": "[name='number']:checked, [name='line_by_rule'], [name='preset'], [name='planned']",
                "hx-target": "#number-echo",
                "hx-swap": "innerHTML",
                "hx-sync": "this:replace",
                "hx-indicator": "#number-echo",
                "data-preview": "",
            }
        ),
    )
    number = forms.IntegerField(error_messages={"required": "Choose the line you call from.", "invalid": NOT_YOURS})
    line_by_rule = forms.CharField(required=False, widget=forms.HiddenInput)  # empty once a person chose the line
    token = forms.UUIDField(
        widget=forms.HiddenInput, error_messages={"required": "This form is too old. Reload the page and try again."}
    )
    override_reason = forms.CharField(
        required=False,
        max_length=300,
        label="Call all the same, because",
        help_text="It is kept with the call, and stands in the activity.",
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    override_rules = forms.Field(required=False, widget=forms.HiddenInput)  # as `shown_rules` writes them
    may_override = False  # set aside contact rules, with a reason: whoever fills it in

    @property
    def asks_override(self) -> bool:
        """Also with what was typed, or is kept with a planned call, so that it stays while others are changed."""
        return self.may_override and any(self[name].value() for name in ("override_rules", "override_reason"))

    def override(self) -> dict[str, Any]:
        """What `intents.place` takes of a valid form: why contact rules refuse nothing, where that may be said."""
        facts, known = self.cleaned_data, str(self.cleaned_data["override_rules"] or "")
        reason = str(facts["override_reason"]) if self.may_override else ""
        return {"override_reason": reason, "known_rules": shown_rules.from_field(known, facts["destination"])}

    def show_rules(self, rules: Collection[Rule]) -> None:
        """These refuse the call: the form that is shown now asks for a reason to set them aside."""
        data = cast(QueryDict, self.data).copy()
        data["override_rules"] = shown_rules.to_field(rules, self.cleaned_data.get("destination", ""))
        self.data = data

    def offer_lines(self, tenant: Tenant, lines: list[NumberDedication]) -> None:
        """Before it is used: the client, and its lines."""
        self.tenant = tenant
        self.lines = {line.pk: line for line in lines if line.is_open}
        line_country = next(iter(destinations.countries_of(tenant, self.line_e164)), "")
        self.fields["destination"].widget.attrs["placeholder"] = (
            phone_numbers.example(line_country) or "+31 6 1234 5678"
        )

    @property
    def line_e164(self) -> str:
        """The number of the chosen line, "" when none of the client's own open lines is chosen."""
        chosen = str(self["number"].value() or "")
        return next((line.e164 for pk, line in self.lines.items() if str(pk) == chosen), "")

    @property
    def line_name(self) -> str:
        """How people call the chosen line, "" where none is chosen."""
        line = self.chosen_line
        return (line.line_name or line.e164) if line else ""

    @property
    def chosen_line(self) -> NumberDedication | None:
        return self._chosen("number", self.lines)

    def _chosen(self, name: str, offered: dict[int, Any]) -> Any:
        chosen = str(self[name].value() or "")
        return next((row for pk, row in offered.items() if str(pk) == chosen), None)

    def echo(self) -> number_echo.NumberEcho:
        """What the typed number is read as."""
        text = str(self["destination"].value() or "")
        own = [line.e164 for line in self.lines.values()]
        return number_echo.of(self.tenant, text, line=self.line_e164, own=own)

    def clean_destination(self) -> str:
        reader = partial(destinations.read_for, self.tenant, line=self.line_e164)
        return self.read(self.cleaned_data["destination"], reader)

    def clean_number(self) -> int:
        if self.cleaned_data["number"] not in self.lines:
            raise forms.ValidationError(NOT_YOURS)
        return self.cleaned_data["number"]


class PlaceForm(DialForm, WhenForm, ChangesForm):
    """One call by a saved assistant: `assistant` is the id of one of the client's own, never of another."""

    assistant = forms.IntegerField(
        error_messages={"required": "Choose the assistant that speaks.", "invalid": NOT_YOURS}
    )
    shows_opening = True  # the sentence itself, above the field that changes it
    focus = "destination"

    def __init__(
        self,
        *args: Any,
        tenant: Tenant,
        lines: list[NumberDedication],
        assistants: list[AssistantDedication],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.offer_lines(tenant, lines)
        self.assistants = {assistant.pk: assistant for assistant in assistants if assistant.is_open}

    @property
    def chosen_assistant(self) -> AssistantDedication | None:
        return self._chosen("assistant", self.assistants)

    @property
    def usual_first_message(self) -> str:
        """What the chosen assistant says first by itself."""
        chosen = self.chosen_assistant
        return self.saved.first_message or (chosen.assistant.first_message if chosen else "")

    def opening_pieces(self) -> list[FilledPiece]:
        """What the assistant says first, with the values that are filled in; empty where that is not known."""
        return pieces(self.opening or self.usual_first_message, self.values(), missing=self.variable_labels)

    def clean_assistant(self) -> int:
        if self.cleaned_data["assistant"] not in self.assistants:
            raise forms.ValidationError(NOT_YOURS)
        return self.cleaned_data["assistant"]

    def clean(self) -> dict[str, Any]:
        """A line and an assistant of two VoiceDock organizations cannot meet in one call."""
        facts = super().clean() or {}
        line, assistant = self.lines.get(facts.get("number", 0)), self.assistants.get(facts.get("assistant", 0))
        if line and assistant and line.connection_id != assistant.connection_id:
            self.add_error("assistant", intents.DIFFERENT_CONNECTIONS)
        if assistant:
            self.check_changes()
        self.check_time()
        return facts

    def focus_first_empty(self) -> None:
        """Once a preset has filled in the rest, the next thing to type has the focus."""
        fields = ["destination", *(bound.name for bound in self.variable_fields())]
        empty = [name for name in fields if not self[name].value()]
        if self.chosen_preset and empty:
            self.focus = empty[0]
            self.fields[self.focus].widget.attrs["autofocus"] = True

    def leave_out_missing(self) -> None:
        """Without errors of what was not filled in yet, while a person is still filling in the form."""
        for name in ("destination", "number", "assistant"):
            if not self.data.get(name):
                self.errors.pop(name, None)

    def intent(self) -> dict[str, Any]:
        """What `intents.place` takes."""
        names = ("destination", "number", "assistant", "token", "shown")
        preset = self.chosen_preset.name if self.chosen_preset else ""
        return {name: self.cleaned_data[name] for name in names} | {"changes": self.changes(), "preset": preset}


class CallerIdFilter(date_fields.PeriodForm):
    """Period and verdict of the caller-ID report."""

    verdict = forms.ChoiceField(
        required=False, label="VoiceDock reported", choices=[("", "Anything"), *report.VERDICTS.items()]
    )

    def wish(self) -> dict[str, Any]:
        """What to narrow to; nothing of what was not understood."""
        self.is_valid()
        cleaned = self.cleaned_data
        return {"since": cleaned.get("since"), "until": cleaned.get("until"), "verdict": cleaned.get("verdict", "")}


class CommandForm(ChosenReading):
    """One command into a live call. Each has its own fields, so that a draft of one never leaves as another."""

    type = forms.ChoiceField(choices=[(command.value, command.label) for command in CommandType])
    token = forms.UUIDField(initial=uuid.uuid4)
    content = forms.CharField(required=False, max_length=commands.LONGEST)
    trigger_response = forms.BooleanField(required=False)
    words = forms.CharField(required=False, max_length=commands.LONGEST)
    end_after = forms.BooleanField(required=False)
    destination = forms.CharField(required=False, max_length=200)
    announcement = forms.CharField(required=False, max_length=500)
    target = forms.CharField(required=False, max_length=200)
    goodbye = forms.CharField(required=False, max_length=500)
    anyway = forms.Field(  # targets that are called although they are outside of their hours
        required=False, widget=forms.SelectMultiple
    )

    is_action = False
    action_name = ""  # of the action that the command is made with
    closed: transfer_book.Choice | None = None  # the target that was refused, as it is outside of its hours
    remark = ""  # what was confirmed, for the receipt

    REQUIRED = {CommandType.INJECT_CONTEXT: "content", CommandType.SAY: "words", CommandType.TRANSFER: "destination"}

    def __init__(
        self,
        *args: Any,
        tenant: Tenant,
        transfer_choices: Sequence[transfer_book.Choice] = (),
        own_lines: Collection[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.tenant, self.own_lines = tenant, own_lines
        self.transfer_choices = transfer_choices

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        if facts.get("target"):
            facts |= self._chosen_target(facts["target"])
        field = self.REQUIRED.get(facts.get("type", ""), "")
        if field and field not in self.errors and not facts.get(field):
            self.add_error(field, MISSING[facts["type"]])
        if facts.get("type") == CommandType.TRANSFER and facts.get("destination"):
            facts["destination"] = self._target(facts["destination"])
            self._check_hours(facts["destination"], facts.get("anyway") or ())
        return facts

    def _chosen_target(self, destination: str) -> dict[str, str]:
        """Destination and announcement of a target that is chosen with one press."""
        for choice in self.transfer_choices:
            if choice.destination == destination:
                return {"destination": choice.destination, "announcement": choice.announcement}
        self.add_error("destination", NOT_LISTED)
        return {}

    def _check_hours(self, destination: str, anyway: Collection[str]) -> None:
        """A named target is not called outside of its hours, unless that was confirmed for this one."""
        chosen = (choice for choice in self.transfer_choices if choice.destination == destination and choice.name)
        closed = next((choice for choice in chosen if not choice.is_open), None)
        if closed is None:
            return
        if destination in anyway:
            self.remark = f"outside of the hours of {closed.name}"
        else:
            self.closed = closed
            self.add_error("destination", closed.refusal)

    def _target(self, text: str) -> str:
        try:
            return self.read(text, partial(transfer_targets.read, self.tenant, own=self.own_lines))
        except forms.ValidationError as error:
            self.add_error("destination", error)
            return text

    def command(self) -> Command:
        """The command of a valid form; nothing of it is checked again before it is sent."""
        facts = self.cleaned_data
        match facts["type"]:
            case CommandType.INJECT_CONTEXT:
                return InjectContext(facts["content"], facts["trigger_response"])
            case CommandType.SAY:
                return Say(facts["words"], facts["end_after"])
            case CommandType.TRANSFER:
                return Transfer(facts["destination"], facts["announcement"] or None)
        return EndCall(facts["goodbye"] or None)


class ActionCommandForm(CommandForm):
    """`action` is the client's action with the key that was sent; `made_from` is its fingerprint on that page."""

    is_action = True
    made_from = forms.CharField(required=False, max_length=64)

    def __init__(
        self, *args: Any, action: Action | None, key: int, values: Mapping[str, str], family: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["type"] = forms.CharField(required=False)  # it is the action's, whatever was sent
        self.action, self.key, self.values, self.family = action, key, values, family
        self.asked = action_text.asked(action.text, action_text.fields(action.fields), values) if action else {}
        for name, required in self.asked.items():
            self.fields[action_command.field_name(name)] = forms.CharField(
                required=required,
                max_length=action_command.LONGEST_VALUE,
                error_messages={"required": f"Fill in the {name}."},
            )

    @property
    def action_name(self) -> str:  # type: ignore[override]
        return self.action.name if self.action else ""

    def clean_type(self) -> str:
        return self.action.command if self.action else ""

    def clean(self) -> dict[str, Any]:
        if self.action is None:
            raise forms.ValidationError(action_command.GONE)
        if self.cleaned_data.get("made_from") != action_book.fingerprint([self.action]):
            raise forms.ValidationError(action_command.CHANGED)
        if refusal := action_command.not_for(self.action, self.family):
            raise forms.ValidationError(refusal)
        if self.action.command == CommandType.TRANSFER and not self.cleaned_data.get("target"):
            self.add_error("target", action_command.NO_TARGET)
        if self.errors:
            return self.cleaned_data
        text = self._text(self.action)
        self.cleaned_data |= {
            action_command.TEXT_FIELD[CommandType(self.action.command)]: text,
            "trigger_response": self.action.trigger_response,
            "end_after": self.action.end_after,
        }
        facts = super().clean()
        return facts | {"announcement": text} if text else facts

    def _text(self, action: Action) -> str:
        """With what was filled in; an error where it is longer than the command takes."""
        filled = {name: names.clean(self.cleaned_data[action_command.field_name(name)]) for name in self.asked}
        text, longest = (
            action_text.fill(action.text, dict(self.values) | filled),
            action_forms.LONGEST[CommandType(action.command)],
        )
        if len(text) > longest:
            place = action_command.field_name(next(reversed(filled))) if filled else None
            self.add_error(place, f"Together with its text that is {len(text)} characters; {longest} are the most.")
        return text
