"""The override of a saved assistant for one call (`docs/voicedock-api.md §5.5`).

VoiceDock documents a shallow merge: each block in the override replaces that whole block. So a block of which a part
changes is sent whole, from our copy of the saved assistant. Where that copy is not certain, the change is refused.
"""

from __future__ import annotations

from typing import Any

from dashboard.calls.placing.changes import Changes
from dashboard.calls.placing.saved_assistants import SavedAssistant, is_text_message
from dashboard.calls.placing.variables import fill, names_in
from dashboard.ui import times
from dashboard.voicedock.outbound import REQUIRED

INSTRUCTIONS, FACTS = "For this call only:", "Facts for this call:"
NOT_READ = (
    "Patchbay has not read from VoiceDock how this assistant is set up, so this cannot be changed without losing the "
    "rest. Leave it empty, or try again after the next sync."
)
NOT_FRESH = (
    "Patchbay last read how this assistant is set up {ago}. It may have changed since, so this cannot be changed "
    "without losing the rest. Leave it empty, or try again after the next sync."
)
WITHHELD = (
    "This part of the assistant holds a secret that Patchbay does not keep, so it cannot be changed for one call "
    "without losing it. Leave it empty."
)
NOT_WHOLE = "VoiceDock did not list this part of the assistant as a whole, so it cannot be changed. Leave it empty."
NO_VOICEMAIL = "This assistant does not listen for voicemail, so this would never be spoken. Leave it empty."
LISTENS_ITSELF = "This assistant’s model listens by itself: VoiceDock takes no language for it. Leave it empty."


class ChangeRefused(Exception):
    """`field` is the name of a change (`Changes`)."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


def compose(changes: Changes, saved: SavedAssistant) -> dict[str, Any]:
    """The blocks to send, each whole; empty when nothing changes. Raises `ChangeRefused`."""
    return (
        _first_message(changes, saved)
        | _model(changes, saved)
        | _hearing(changes, saved)
        | _voice(changes, saved)
        | _limits(changes, saved)
        | _metadata(changes, saved)
    )


def needs_copy(changes: Changes, override: dict[str, Any]) -> bool:
    """Whether the override repeats something of our copy of the saved assistant."""
    whole = any(isinstance(value, dict) for name, value in override.items() if name != "metadata")
    return whole or bool(changes.variables)


def unfilled(changes: Changes, saved: SavedAssistant) -> list[str]:
    """The variables that stay as they are in what is sent or saved."""
    return [name for name in names_in(texts_with_variables(changes, saved)) if not changes.variables.get(name)]


def texts_with_variables(changes: Changes, saved: SavedAssistant) -> list[str]:
    """The opening sentence of this call, the prompt, and what is added to it."""
    first = changes.first_message or saved.first_message
    return [first, *saved.prompt_texts, changes.instructions, *changes.facts, changes.voicemail_message]


def opening(changes: Changes, saved: SavedAssistant) -> str:
    """The opening sentence with its values."""
    return fill(changes.first_message or saved.first_message, changes.variables)


def _first_message(changes: Changes, saved: SavedAssistant) -> dict[str, Any]:
    text = opening(changes, saved)
    if text == saved.first_message:
        return {}
    field = "first_message" if changes.first_message else "variables"
    if field == "variables":
        _require_fresh(field, saved)
    if not saved.outbound_opening and "speech_config" not in saved.withheld:
        return {"first_message": text}
    return {"speech_config": _block("speech_config", field, saved) | {"first_message_outbound": text}}


def _model(changes: Changes, saved: SavedAssistant) -> dict[str, Any]:
    """The prompt with its values and what is added to it, the model, and the voice of a model that speaks itself."""
    added, voice = _added(changes), "" if saved.is_pipeline else changes.voice
    filled = [_filled(message, changes) for message in saved.prompt]
    if not (added or changes.model or voice or filled != saved.prompt):
        return {}
    asked = ("instructions", "facts", "model", *(["voice"] if voice else []))
    field = next((name for name in asked if getattr(changes, name)), "variables")
    block = _block("llm_config", field, saved)
    messages = _append(filled, added) if added else filled
    return {
        "llm_config": block
        | ({"messages": messages} if messages != saved.prompt else {})
        | ({"model": changes.model} if changes.model else {})
        | ({"voice": voice} if voice else {})
    }


def _added(changes: Changes) -> str:
    """The paragraphs for the end of the prompt, with their values."""
    parts = [f"{INSTRUCTIONS}\n{changes.instructions}"] if changes.instructions else []
    if changes.facts:
        parts.append("\n".join([FACTS, *(f"- {fact}" for fact in changes.facts)]))
    return fill("\n\n".join(parts), changes.variables)


def _filled(message: Any, changes: Changes) -> Any:
    if not is_text_message(message):
        return message
    return message | {"content": fill(message["content"], changes.variables)}


def _append(messages: list[Any], added: str) -> list[Any]:
    """To the first message of the role `system`, else as one before all others."""
    for at, message in enumerate(messages):
        if is_text_message(message) and message.get("role") == "system":
            content = f"{message['content']}\n\n{added}" if message["content"] else added
            return [*messages[:at], message | {"content": content}, *messages[at + 1 :]]
    return [{"role": "system", "content": added}, *messages]


def _hearing(changes: Changes, saved: SavedAssistant) -> dict[str, Any]:
    if not changes.language:
        return {}
    if saved.provider and not saved.is_pipeline:
        raise ChangeRefused("language", LISTENS_ITSELF)
    return {"stt_config": _block("stt_config", "language", saved) | {"language": changes.language}}


def _voice(changes: Changes, saved: SavedAssistant) -> dict[str, Any]:
    """The voice of a pipeline, whose speech has a block of its own."""
    if not (changes.voice and saved.is_pipeline):
        return {}
    return {"tts_config": _block("tts_config", "voice", saved) | {"voice_id": changes.voice}}


def _limits(changes: Changes, saved: SavedAssistant) -> dict[str, Any]:
    if changes.voicemail_message and saved.blocks.get("voicemail_detection") is False:
        raise ChangeRefused("voicemail_message", NO_VOICEMAIL)
    return ({"max_duration_seconds": changes.max_minutes * 60} if changes.max_minutes else {}) | (
        {"voicemail_message": fill(changes.voicemail_message, changes.variables)} if changes.voicemail_message else {}
    )


def _metadata(changes: Changes, saved: SavedAssistant) -> dict[str, Any]:
    if not changes.metadata:
        return {}
    if saved.read_at is None:
        raise ChangeRefused("metadata", NOT_READ)
    if "metadata" in saved.withheld:
        raise ChangeRefused("metadata", WITHHELD)
    if not saved.has_known_metadata:
        raise ChangeRefused("metadata", NOT_WHOLE)
    return {"metadata": saved.block("metadata") | dict(changes.metadata)}


def _block(name: str, field: str, saved: SavedAssistant) -> dict[str, Any]:
    """The saved block, when it is certain that this is the whole of it."""
    if name in saved.withheld:
        raise ChangeRefused(field, WITHHELD)
    _require_fresh(field, saved)
    block = saved.block(name)
    if not block or not all(block.get(key) for key in REQUIRED.get(name, ())):
        raise ChangeRefused(field, NOT_WHOLE)
    if not isinstance(block.get("messages") or [], list):
        raise ChangeRefused(field, NOT_WHOLE)
    return dict(block)


def _require_fresh(field: str, saved: SavedAssistant) -> None:
    if saved.read_at is None:
        raise ChangeRefused(field, NOT_READ)
    if not saved.is_fresh:
        raise ChangeRefused(field, NOT_FRESH.format(ago=times.ago(saved.read_at, times.here())))
