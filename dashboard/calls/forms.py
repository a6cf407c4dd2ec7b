"""What people type into calls: whom to call and from what, and the commands they send."""

from __future__ import annotations

import uuid
from typing import Any

import phonenumbers
from django import forms
from phonenumbers import ValidationResult

from tenants.models import AssistantDedication, NumberDedication

NOT_YOURS = "Choose one of those shown here: what came with the form is not yours to use. Nothing was dialed."
COUNTRY_CODE = "Write the number with its country code, like +31 6 1234 5678."
POSSIBLE = {
    ValidationResult.TOO_SHORT: "This number is too short: a digit seems to be missing.",
    ValidationResult.TOO_LONG: "This number is too long: there seems to be a digit too many.",
    ValidationResult.INVALID_COUNTRY_CODE: "No country has this code. Check the digits after the +.",
    ValidationResult.INVALID_LENGTH: "This number does not have a length that exists in its country. Check the digits.",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: COUNTRY_CODE,
}


def e164(text: str) -> str:
    """A number as people write it ("+31 6 1234-5678", "0031…") as E.164, or `forms.ValidationError` in words."""
    plain = text.strip().replace("(0)", "")
    if plain.startswith("00"):
        plain = "+" + plain[2:]
    if not plain.startswith("+"):
        raise forms.ValidationError(COUNTRY_CODE)
    if any(char.isalpha() for char in plain):
        raise forms.ValidationError("A phone number has digits only. " + COUNTRY_CODE)
    try:
        number = phonenumbers.parse(plain)
    except phonenumbers.NumberParseException:
        raise forms.ValidationError(COUNTRY_CODE) from None
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason in POSSIBLE:
        raise forms.ValidationError(POSSIBLE[reason])
    if number.extension:
        raise forms.ValidationError("Leave out the extension: only the number itself can be dialed.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class PlaceForm(forms.Form):
    """One call. `number` and `assistant` are ids of the client's own open dedications; others never get past here."""

    destination = forms.CharField(
        max_length=40,
        error_messages={"required": "Type the number of the person you call."},
        widget=forms.TextInput(
            attrs={"inputmode": "tel", "autocomplete": "off", "class": "dial", "placeholder": "+31 6 1234 5678"}
        ),
    )
    number = forms.IntegerField(error_messages={"required": "Choose the line you call from.", "invalid": NOT_YOURS})
    assistant = forms.IntegerField(
        error_messages={"required": "Choose the assistant that speaks.", "invalid": NOT_YOURS}
    )
    first_message = forms.CharField(required=False, max_length=600, widget=forms.Textarea(attrs={"rows": 2}))
    token = forms.UUIDField(
        widget=forms.HiddenInput, error_messages={"required": "This form is too old. Reload the page and try again."}
    )

    def __init__(
        self, *args: Any, lines: list[NumberDedication], assistants: list[AssistantDedication], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lines = {one.pk: one for one in lines if one.is_open}
        self.assistants = {one.pk: one for one in assistants if one.is_open}

    def clean_destination(self) -> str:
        return e164(self.cleaned_data["destination"])

    def clean_number(self) -> int:
        if self.cleaned_data["number"] not in self.lines:
            raise forms.ValidationError(NOT_YOURS)
        return self.cleaned_data["number"]

    def clean_assistant(self) -> int:
        if self.cleaned_data["assistant"] not in self.assistants:
            raise forms.ValidationError(NOT_YOURS)
        return self.cleaned_data["assistant"]

    def clean(self) -> dict[str, Any]:
        """A line and an assistant of two VoiceDock organizations cannot meet in one call (`design.md §1`)."""
        facts = super().clean() or {}
        line, assistant = self.lines.get(facts.get("number")), self.assistants.get(facts.get("assistant"))
        if line and assistant and line.connection_id != assistant.connection_id:
            self.add_error("assistant", "This assistant cannot speak on that line. Choose another line or assistant.")
        return facts


class CommandForm(forms.Form):
    """One command into a live call. Each has its own fields, so that a draft of one never leaves as another."""

    COMMANDS = ("inject-context", "say", "transfer", "end-call")
    type = forms.ChoiceField(choices=[(one, one) for one in COMMANDS])
    token = forms.UUIDField(initial=uuid.uuid4)
    content = forms.CharField(required=False, max_length=2000)
    trigger_response = forms.BooleanField(required=False)
    words = forms.CharField(required=False, max_length=1000)
    end_after = forms.BooleanField(required=False)
    destination = forms.CharField(required=False, max_length=200)
    announcement = forms.CharField(required=False, max_length=500)
    goodbye = forms.CharField(required=False, max_length=500)

    NEEDED = {
        "inject-context": ("content", "Write what the assistant should know."),
        "say": ("words", "Write what the assistant should say."),
        "transfer": ("destination", "Type the number to transfer to."),
    }

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        field, words = self.NEEDED.get(facts.get("type", ""), ("", ""))
        if field and field not in self.errors and not facts.get(field):
            self.add_error(field, words)
        if facts.get("type") == "transfer" and facts.get("destination"):
            facts["destination"] = self._target(facts["destination"])
        return facts

    def _target(self, text: str) -> str:
        """A phone number or a SIP address (`voicedock-api.md §4.1`)."""
        if text.lower().startswith("sip:"):
            if "@" not in text or any(char.isspace() for char in text):
                self.add_error("destination", "Write the SIP address like sip:desk@example.com.")
            return text
        try:
            return e164(text)
        except forms.ValidationError as error:
            self.add_error("destination", error)
            return text

    def command(self) -> dict[str, Any]:
        """The command as VoiceDock takes it."""
        facts = self.cleaned_data
        match facts["type"]:
            case "inject-context":
                return {
                    "type": "inject-context",
                    "content": facts["content"],
                    "trigger_response": facts["trigger_response"],
                }
            case "say":
                return {"type": "say", "content": facts["words"], "end_after": facts["end_after"]}
            case "transfer":
                spoken = {"message": facts["announcement"]} if facts["announcement"] else {}
                return {"type": "transfer", "destination": facts["destination"], **spoken}
        return {"type": "end-call", **({"message": facts["goodbye"]} if facts["goodbye"] else {})}
