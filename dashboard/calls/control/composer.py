"""What the composer says before the click: what this call's model does with each command, and what to use instead.

The facts are those of `voicedock.capabilities`; here they become tabs, tones and buttons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.calls.control.measured import Figures
from dashboard.voicedock import capabilities
from dashboard.voicedock.capabilities import Family, Level
from dashboard.voicedock.commands import CommandType, label
from tenants.isolation import scope
from tenants.models import AssistantDedication, Tenant
from tenants.names import isolate

TABS: dict[str, tuple[str, str, str]] = {  # by type: the fields it opens, its button, and its button against a warning
    CommandType.INJECT_CONTEXT: ("context", "Send context", "Send it anyway"),
    CommandType.SAY: ("say", "Say it", "Say it anyway"),
    CommandType.TRANSFER: ("transfer", "Transfer the person", "Transfer anyway"),
}
END_TAB = ("end", "End the call now", "End the call now")
TONES = {Level.WORKS: ("works", ""), Level.UNRELIABLE: ("poor", "wrong")}  # every other level is a warning


RECOMMENDATION = (  # what the page on call control says (`voicedock-api.md §4.2`)
    "For calls that you want to steer, VoiceDock’s page recommends a pipeline assistant: OpenAI gpt-4o or gpt-4o-mini, "
    "Deepgram nova-3-general, and ElevenLabs or OpenAI voices."
)
RECOMMENDED = 3  # assistants that are named


@dataclass(frozen=True)
class Tab:
    """One command: `fields` names its fields, `cap` colours `word`; `tone`, `lead`, `words` warn before the click."""

    type: str
    label: str
    fields: str
    button: str
    cap: str
    word: str
    tone: str
    lead: str
    words: str
    here: Figures | None = None  # what was measured


def tabs(family: str, measured: Mapping[str, Figures]) -> list[Tab]:
    return [tab(family, command, measured) for command in TABS]


def tab(family: str, command: str, measured: Mapping[str, Figures]) -> Tab:
    can = capabilities.capability(family, command)
    fields, button, anyway = TABS.get(command, END_TAB)
    cap, tone = TONES.get(can.level, ("maybe", "waiting"))
    return Tab(
        type=command,
        label=label(command),
        fields=fields,
        button=anyway if can.level == Level.UNRELIABLE else button,
        cap=cap,
        word=can.caption,
        tone=tone,
        lead=f"{can.caption[:1].upper()}{can.caption[1:]}.",
        words=" ".join(filter(None, [can.sentence, can.instead])),
        here=measured.get(command),
    )


@scope.requires_scope
def recommendation(tenant: Tenant, family: str) -> str:
    """What VoiceDock recommends for calls that are to be steered, and which assistants of the client are of that kind.

    "" where everything works.
    """
    if family == Family.PIPELINE:
        return ""
    rights = AssistantDedication.objects.open().filter(tenant=tenant, assistant__vanished_at=None)
    found = rights.filter(assistant__provider__in=capabilities.PIPELINE_PROVIDERS).order_by("assistant__name")
    names = [isolate(name) for name in found.values_list("assistant__name", flat=True)[:RECOMMENDED]]
    return " ".join(filter(None, [RECOMMENDATION, f"Yours of that kind: {', '.join(names)}." if names else ""]))


def goodbye_label(family: str) -> str:
    """The label of the goodbye, which says where it may not be spoken."""
    if family == Family.PIPELINE:
        return "Goodbye, spoken before the line closes (optional)"
    return "Goodbye, may not be spoken by this model (optional)"


def caption(family: str) -> str:
    """One line for whoever chooses an assistant before the call."""
    if family == Family.PIPELINE:
        return "Hears all your commands during the call."
    if family == Family.XAI_REALTIME:
        return "During the call Say is unreliable, and Context may be ignored."
    return "VoiceDock does not document what your commands do during the call. End call works."
