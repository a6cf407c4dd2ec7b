"""Validation of an assistant's `speech_config` (voicedock-api.md §8, §8.1, §17 6).

The sandbox's own choice: the names inside `silence`, which the documents describe by their meaning only; other keys are
stored as they are.
"""

from typing import Any

from ..errors import invalid
from . import validation

MAX_PRONUNCIATIONS, MAX_PHRASES = 50, 5
MAX_MESSAGE_LENGTH, MAX_PHRASE_LENGTH = 300, 100
SILENCE = (("first_check_seconds", 1, 60), ("interval_seconds", 3, 120))
MAX_CHECKS = 10


def check(body: dict[str, Any], where: str = "") -> None:
    speech = validation.mapping(body, "speech_config", where)
    path = f"{where}speech_config."
    validation.text(speech, "first_message_outbound", where=path)
    _silence(validation.mapping(speech, "silence", path), f"{path}silence.")
    for name in ("turn_taking", "background_audio"):
        validation.mapping(speech, name, path)
    validation.listing(speech, "pronunciation", MAX_PRONUNCIATIONS, path)
    validation.text(speech, "end_call_message", max_length=MAX_MESSAGE_LENGTH, where=path)
    for phrase in validation.strings(speech, "end_call_phrases", MAX_PHRASES, path):
        if len(phrase) > MAX_PHRASE_LENGTH:
            raise invalid(f"{path}end_call_phrases", f"must have at most {MAX_PHRASE_LENGTH} characters each")


def _silence(silence: dict[str, Any], where: str) -> None:
    for name, minimum, maximum in SILENCE:
        validation.number(silence, name, minimum, maximum, where)
    validation.integer(silence, "max_attempts", 1, MAX_CHECKS, where)
