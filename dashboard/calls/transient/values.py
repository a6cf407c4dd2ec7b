"""Values for the `{{variables}}` of a one-time assistant, filled in by the rule of saved ones before it is sent.

It is sent whole, so they are put into its texts: what it says first, what it is asked to do, and what it says to a
voicemail. Tools, labels and analyses keep their braces: those of an analysis are VoiceDock's own
(`voicedock-api.md §8`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.calls.placing.saved_assistants import is_text_message
from dashboard.calls.placing.variables import fill
from dashboard.calls.transient.configuration import Configuration, value_at, with_value

SPOKEN = ("first_message", "speech_config.first_message_outbound", "voicemail_message")
MESSAGES = "llm_config.messages"


def texts(configuration: Configuration) -> list[str]:
    """In the order in which people read them."""
    first, outbound, voicemail = (value_at(configuration, path) for path in SPOKEN)
    prompt = [message["content"] for message in _messages(configuration) if is_text_message(message)]
    return [text for text in (first, outbound, *prompt, voicemail) if isinstance(text, str)]


def opening(configuration: Configuration) -> str:
    """What is spoken first: the line of calls out, where there is one."""
    first, outbound, _ = (value_at(configuration, path) for path in SPOKEN)
    return next((text for text in (outbound, first) if isinstance(text, str) and text), "")


def filled(configuration: Configuration, values: Mapping[str, str]) -> Configuration:
    """A copy; a variable without a value stays as it is."""
    if not values:
        return configuration
    found = configuration
    for path in SPOKEN:
        text = value_at(found, path)
        if isinstance(text, str) and text:
            found = with_value(found, path, fill(text, values))
    if messages := _messages(found):
        found = with_value(found, MESSAGES, [_filled(message, values) for message in messages])
    return found


def _messages(configuration: Configuration) -> list[Any]:
    messages = value_at(configuration, MESSAGES)
    return messages if isinstance(messages, list) else []


def _filled(message: Any, values: Mapping[str, str]) -> Any:
    return message | {"content": fill(message["content"], values)} if is_text_message(message) else message
