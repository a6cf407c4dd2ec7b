"""What may stand in an assistant's `speech_config` (voicedock-api.md §8, §8.1, §17 6).

The sandbox's own choice: the names inside `silence`, which the documents describe by their meaning only; other keys are
kept as they are.
"""

from ..errors import invalid
from . import validation

MOST_PRONUNCIATIONS, MOST_PHRASES = 50, 5
LONGEST_MESSAGE, LONGEST_PHRASE = 300, 100
SILENCE = (("first_check_seconds", 1, 60), ("interval_seconds", 3, 120))
MOST_CHECKS = 10


def check(body: dict, where: str = "") -> None:
    speech, inside = validation.mapping(body, "speech_config", where), f"{where}speech_config."
    validation.text(speech, "first_message_outbound", where=inside)
    _silence(validation.mapping(speech, "silence", inside), f"{inside}silence.")
    for name in ("turn_taking", "background_audio"):
        validation.mapping(speech, name, inside)
    validation.listing(speech, "pronunciation", MOST_PRONUNCIATIONS, inside)
    validation.text(speech, "end_call_message", longest=LONGEST_MESSAGE, where=inside)
    for phrase in validation.strings(speech, "end_call_phrases", MOST_PHRASES, inside):
        if len(phrase) > LONGEST_PHRASE:
            raise invalid(f"{inside}end_call_phrases", f"must have at most {LONGEST_PHRASE} characters each")


def _silence(silence: dict, where: str) -> None:
    for name, least, most in SILENCE:
        validation.number(silence, name, least, most, where)
    validation.whole(silence, "max_attempts", 1, MOST_CHECKS, where)
