"""The checked body of a request to place a call (`docs/voicedock-api.md §5.5`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .capabilities import Family, family_of
from .errors import Invalid

E164 = re.compile(r"\+[1-9][0-9]{5,14}")
DEPRECATED = frozenset({"agent_id", "agent", "agent_config"})
REQUIRED = {  # fields of each block (`§8.1`); an override replaces whole blocks, so a part of one would lose the rest
    "llm_config": ("provider", "model"),
    "stt_config": ("provider", "model", "language"),
    "tts_config": ("provider", "voice_id"),
}
SPEECH = ("stt_config", "tts_config")


def outbound(
    number_id: str,
    destination: str,
    assistant_id: str | None,
    override: Mapping[str, Any] | None,
    assistant: Mapping[str, Any] | None,
    first_message: str | None,
) -> dict[str, Any]:
    """The JSON body, in exactly one of the three modes. Raises `Invalid`."""
    if not isinstance(number_id, str) or not number_id.strip():
        # VoiceDock would choose one of the organization's numbers, perhaps another client's.
        raise Invalid("Choose the number to call from.", param="number_id")
    if not isinstance(destination, str) or not E164.fullmatch(destination):
        raise Invalid("Give the number to call with its country code, like +31201234567.", param="destination")
    made = {"destination": destination, "number_id": number_id} | _mode(assistant_id, override, assistant)
    return made | ({"first_message": first_message} if first_message else {})


def body(*, number_id: str, destination: str, assistant_id: str, override: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON body of a call by a saved assistant, unchecked: for showing it before and after it is sent."""
    made: dict[str, Any] = {"destination": destination, "number_id": number_id, "assistant_id": assistant_id}
    return made | ({"assistant_override": dict(override)} if override else {})


def transient_body(*, number_id: str, destination: str, assistant: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a call by a one-time assistant."""
    return {"destination": destination, "number_id": number_id, "assistant": dict(assistant)}


def _mode(
    assistant_id: str | None, override: Mapping[str, Any] | None, assistant: Mapping[str, Any] | None
) -> dict[str, Any]:
    if bool(assistant_id) == (assistant is not None):
        raise Invalid("Choose either a saved assistant or one made for this call.", param="assistant")
    if assistant is not None:
        if override:
            raise Invalid("Only a saved assistant can be changed for a call.", param="assistant_override")
        return {"assistant": _transient(assistant)}
    return {"assistant_id": assistant_id} | ({"assistant_override": _override(override)} if override else {})


def _transient(assistant: Mapping[str, Any]) -> dict[str, Any]:
    made = {name: value for name, value in assistant.items() if name not in SPEECH or value is not None}
    _check_blocks(made)
    if "llm_config" not in made:
        raise Invalid("An assistant made for one call needs its model.", param="llm_config")
    family = family_of(made["llm_config"]["provider"])
    if family is Family.PIPELINE and any(block not in made for block in SPEECH):
        raise Invalid("A pipeline assistant needs both its speech recognition and its voice.", param="stt_config")
    _check_realtime(made)
    return made


def _override(override: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(override)
    _check_blocks(made)
    _check_realtime(made)
    return made


def _check_blocks(made: dict[str, Any]) -> None:
    if DEPRECATED & made.keys():
        raise Invalid("This assistant is described with names that VoiceDock has given up.", param="assistant")
    for block, needed in REQUIRED.items():
        if made.get(block) is None and (block in SPEECH or block not in made):
            continue
        given = made[block]
        if not isinstance(given, Mapping) or not all(given.get(name) for name in needed):
            raise Invalid(
                "Give the assistant's model, speech recognition and voice as a whole, not in part.", param=block
            )


def _check_realtime(made: dict[str, Any]) -> None:
    """A realtime model needs no speech blocks, and VoiceDock refuses them."""
    family = family_of(made["llm_config"]["provider"]) if "llm_config" in made else Family.UNKNOWN
    if family.is_realtime and any(made.get(block) is not None for block in SPEECH):
        raise Invalid("A realtime assistant hears and speaks by itself: leave both out.", param="stt_config")
