"""The presets of the demo's first client: the use cases that VoiceDock's page on calls names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from dashboard.calls.placing.changes import Changes
from dashboard.calls.presets import book
from tenants.models import AssistantDedication, NumberDedication, Tenant, User


class DemoPreset(NamedTuple):
    """`assistant` and `line` are names; without a line it is chosen by rule."""

    name: str
    assistant: str
    line: str
    changes: Changes


PRESETS = {
    "bloom-dental": [
        DemoPreset(
            "Appointment reminder",
            "Recall NL",
            "Amsterdam line",
            Changes(
                first_message="Good afternoon {{name}}, this is the assistant of Bloom Dental. I am calling about your "
                "appointment on {{time}}. Can you still come?",
                facts=("Whoever cannot come may choose another time this week.", "A change is free of charge."),
            ),
        ),
        DemoPreset(
            "Follow-up",
            "Recall NL",
            "Amsterdam line",
            Changes(
                first_message="Good day {{name}}, this is the assistant of Bloom Dental. How are you after your "
                "treatment?",
                facts=("The treatment was {{treatment}}.", "For pain that gets worse there is the emergency dentist."),
            ),
        ),
        DemoPreset(
            "Survey",
            "Recall NL",
            "",
            Changes(
                first_message="Good day {{name}}, Bloom Dental here. May I ask you three short questions about your "
                "last visit?",
                instructions="Ask one by one: how was the welcome, how long was the wait, would you recommend us? "
                "Thank the person after the third answer and end the call.",
                max_minutes=5,
            ),
        ),
        DemoPreset(
            "Delivery notification",
            "Recall NL",
            "Reception",
            Changes(
                first_message="Good day {{name}}, this is Bloom Dental. Your {{product}} has arrived and is ready at "
                "the reception.",
                facts=("The reception is open on weekdays from 8 to 17.",),
                voicemail_message="This is Bloom Dental. Your order has arrived and is ready at the reception.",
            ),
        ),
        DemoPreset(
            "Payment reminder",
            "Recall NL",
            "",
            Changes(
                first_message="Good day {{name}}, this is Bloom Dental about an invoice of {{amount}}.",
                facts=("It was due on {{due_date}}.", "Paying in parts is possible: a colleague calls back for that."),
                instructions="Speak of the invoice with this person alone, never with anybody else who answers.",
            ),
        ),
    ]
}


def save(
    tenant: Tenant, lines: Sequence[NumberDedication], assistants: Sequence[AssistantDedication], *, by: User
) -> None:
    """Those of this client, as a person would save them; what it does not have is left out."""
    speakers = {one.assistant.name: one.pk for one in assistants}
    numbers = {one.line_name: one.pk for one in lines}
    for position, preset in enumerate(PRESETS.get(tenant.slug, ()), 1):
        if preset.assistant not in speakers:
            continue
        facts: dict[str, Any] = {
            "name": preset.name,
            "assistant_dedication_id": speakers[preset.assistant],
            "number_dedication_id": numbers.get(preset.line),
            "changes": preset.changes.to_json(),
            "position": position,
        }
        book.create(tenant, facts, by=by)
