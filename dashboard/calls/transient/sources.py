"""From what a new one-time assistant can begin: nothing, a draft, or a saved assistant as Patchbay last read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dashboard.calls import queries
from dashboard.calls.placing.saved_assistants import SavedAssistant, saved_assistants
from dashboard.calls.transient import drafts
from dashboard.calls.transient.configuration import Configuration, for_sending
from dashboard.calls.transient.configuration_forms import START
from dashboard.voicedock.configuration import BLOCKS
from dashboard.voicedock.outbound import REQUIRED
from tenants.isolation import scope
from tenants.models import Tenant

COPIED = [name for name in BLOCKS if name not in ("first_message", "speech_config")]
NOT_READ = "Patchbay has not read how {name} is set up, so nothing of it could be copied."
WITHHELD = "Not copied, since a secret is in it: {parts}."
NOT_COPIED = (
    "Tools, analysis and further speech settings may work differently in a one-time assistant: VoiceDock does not "
    "document all of them for it."
)
SILENCE = "Silence settings are not copied. Set them below, under The call."
PARTS = {
    "llm_config": "the model with its instructions",
    "stt_config": "speech recognition",
    "tts_config": "the voice",
    "speech_config": "further speech settings",
    "metadata": "its labels",
}


@dataclass(frozen=True)
class Source:
    """`notes` say what was not copied."""

    configuration: Configuration
    name: str = ""
    notes: tuple[str, ...] = ()


@scope.requires_scope
def choices(tenant: Tenant) -> list[tuple[str, str]]:
    """As `read` takes them: the saved assistants, then the drafts."""
    saved = [(f"assistant-{held.pk}", str(held.assistant)) for held in queries.assistants(tenant)]
    found = drafts.listed(tenant)[: drafts.MOST]
    return [*saved, *((f"draft-{draft.pk}", f"{draft.name}, one-time") for draft in found)]


@scope.requires_scope
def read(tenant: Tenant, wanted: str) -> Source:
    """What this choice begins with; an unknown one begins with nothing."""
    kind, _, pk = wanted.partition("-")
    if not pk.isdecimal() or len(pk) > 18:
        return Source(START)
    if kind == "assistant":
        return _of_assistant(tenant, int(pk))
    draft = drafts.listed(tenant).filter(pk=int(pk)).first() if kind == "draft" else None
    version = drafts.version_of(draft) if draft else None
    return Source(version.blocks, f"{version.draft} (copy)"[:80]) if version else Source(START)


def _of_assistant(tenant: Tenant, pk: int) -> Source:
    dedication = next((held for held in queries.assistants(tenant) if held.pk == pk), None)
    if dedication is None:
        return Source(START)
    saved, name = saved_assistants([dedication])[pk], str(dedication.assistant)
    if saved.read_at is None:
        return Source(START, name[:80], (NOT_READ.format(name=name),))
    return Source(_copy(saved), name[:80], _notes(saved))


def _copy(saved: SavedAssistant) -> Configuration:
    """What VoiceDock documents for a one-time assistant; it says first what the saved one says in calls out."""
    copied: dict[str, Any] = {name: saved.blocks[name] for name in COPIED if name in saved.blocks}
    if saved.first_message:
        copied["first_message"] = saved.first_message
    if "metadata" in copied and isinstance(copied["metadata"], dict):
        copied["metadata"] = {name: value for name, value in copied["metadata"].items() if name != "our_ref"}
    if not saved.provider or saved.is_pipeline:  # blocks that were withheld begin anew
        copied = {name: START[name] for name in REQUIRED} | {name: value for name, value in copied.items() if value}
    return for_sending(copied)


def _notes(saved: SavedAssistant) -> tuple[str, ...]:
    parts = [PARTS.get(name, name) for name in saved.withheld]
    withheld = (WITHHELD.format(parts=", ".join(parts)),) if parts else ()
    return (*withheld, SILENCE, *((NOT_COPIED,) if saved.block("speech_config") else ()))
