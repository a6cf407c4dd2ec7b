"""What a call will send, or has sent, to VoiceDock: in words, and as the JSON of the request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

from dashboard.calls import labels
from dashboard.calls.models import Call
from dashboard.calls.placing import overrides
from dashboard.calls.placing.changes import Changes, joined
from dashboard.calls.placing.saved_assistants import SavedAssistant
from dashboard.ui import phone_numbers
from dashboard.voicedock.outbound import body, transient_body
from tenants.models import AssistantDedication, NumberDedication

LATER = "(the id of this call in Patchbay)"
NO_NUMBER = "(the number to call)"


@dataclass(frozen=True)
class Plan:
    """`changes` are the words for what differs from the saved assistant; `opening` is another opening sentence."""

    assistant: str
    line: str
    destination: str
    changes: str = ""
    count: int = 0
    opening: str = ""
    unfilled: tuple[str, ...] = ()
    json: str = ""
    shown: str = ""
    made_of: str = ""  # of a one-time assistant

    @property
    def text(self) -> str:
        """The sentence without markup."""
        return f"{self.assistant} from {self.line} to {self.destination}, {self.ending}."

    @property
    def open_variables(self) -> str:
        return ", ".join(self.unfilled)

    @property
    def ending(self) -> str:
        changes = f"with {self.changes}" if self.changes else ""
        return ", ".join(filter(None, (self.made_of, changes))) or "as it is saved"


def of_form(
    line: NumberDedication, assistant: AssistantDedication, destination: str, changes: Changes, saved: SavedAssistant
) -> Plan:
    """Raises `overrides.ChangeRefused` for changes that are never sent."""
    override = overrides.compose(changes, saved)
    request = body(
        number_id=line.number.remote_id,
        destination=destination or NO_NUMBER,
        assistant_id=assistant.assistant.remote_id,
        override=saved.with_reference(override, LATER),
    )
    first = overrides.opening(changes, saved)
    words = changes.words()
    return Plan(
        assistant=str(assistant.assistant),
        line=line.line_name or line.e164,
        destination=destination,
        changes=joined(words),
        count=len(words),
        opening=first if first != saved.first_message else "",
        unfilled=tuple(overrides.unfilled(changes, saved)),
        json=as_json(request),
        shown=saved.fingerprint,
    )


class PlanForm(Protocol):
    """The form of *Call now* (`forms.PlaceForm`)."""

    saved: SavedAssistant
    is_bound: bool

    @property
    def chosen_line(self) -> NumberDedication | None: ...
    @property
    def chosen_assistant(self) -> AssistantDedication | None: ...
    @property
    def has_wrong_change(self) -> bool: ...
    @property
    def cleaned_data(self) -> dict[str, Any]: ...
    def changes(self) -> Changes: ...
    def echo(self) -> Any: ...


def context(form: PlanForm) -> dict[str, Any]:
    """`plan` of a form that was validated or was not sent yet, or why there is none: `no_plan`."""
    line, assistant = form.chosen_line, form.chosen_assistant
    if line is None or assistant is None:
        return {"plan": None, "no_plan": "Choose a line and an assistant to see what will be sent."}
    if form.has_wrong_change:
        return {"plan": None, "no_plan": "Not as it is: something that this call changes cannot be sent."}
    destination = form.cleaned_data.get("destination", "") if form.is_bound else form.echo().e164
    try:
        return {"plan": of_form(line, assistant, destination, form.changes(), form.saved), "no_plan": ""}
    except overrides.ChangeRefused as error:
        return {"plan": None, "no_plan": error.message}


def of_call(call: Call, *, with_content: bool) -> Plan:
    """As it was sent, or as it waits to be. Without content: the words alone."""
    changes = Changes.from_json(call.overrides)
    words = changes.words()
    plan = Plan(
        assistant=call.assistant_name,
        line=labels.line(call) or phone_numbers.grouped(call.line),
        destination=call.counterpart,
        changes=joined(words),
        count=0 if call.is_transient else len(words),
        made_of="made for this call" if call.is_transient else "",
    )
    if not with_content:
        return plan
    if call.is_transient:
        return Plan(**vars(plan) | {"json": as_json(_transient_request(call))})
    dedication, speaker = call.number_dedication, call.assistant_dedication
    request = body(
        number_id=call.asked_number_remote_id or (dedication.number.remote_id if dedication else ""),
        destination=call.counterpart,
        assistant_id=call.asked_assistant_remote_id or (speaker.assistant.remote_id if speaker else ""),
        override=call.assistant_override,
    )
    return Plan(**vars(plan) | {"json": as_json(request)})


def _transient_request(call: Call) -> dict[str, Any]:
    dedication = call.number_dedication
    return transient_body(
        number_id=call.asked_number_remote_id or (dedication.number.remote_id if dedication else ""),
        destination=call.counterpart,
        assistant=call.assistant_configuration,
    )


def as_json(request: dict[str, Any]) -> str:
    return json.dumps(request, ensure_ascii=False, indent=2)
