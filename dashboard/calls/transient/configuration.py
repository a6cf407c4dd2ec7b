"""The configuration of a one-time assistant: checked against VoiceDock's catalogue, whoever wrote it and how.

The form and the JSON side use the same check. What VoiceDock's documents do not name is left as it is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dashboard.calls.transient.json_text import TOO_DEEP
from dashboard.voicedock.capabilities import Family, family_of
from dashboard.voicedock.catalogue import (
    EVENTS,
    LANGUAGES,
    LONGEST_KEYTERM,
    MODELS,
    MOST_KEYTERMS,
    PROVIDERS,
    RANGES,
    REASONING_EFFORTS,
    STT_MODELS,
    TTS_MODELS,
    VOICE_SETTINGS,
    VOICES,
    WITHOUT_VOICE_SETTINGS,
    Range,
)
from dashboard.voicedock.configuration import LONGEST_BLOCK, secret_paths
from dashboard.voicedock.outbound import DEPRECATED, REQUIRED, SPEECH
from dashboard.voicedock.parsing import MAX_INTEGER, clean, is_too_deep

Configuration = dict[str, Any]
Errors = dict[str, str]  # by path, like `llm_config.model`; "" for the whole
Check = Callable[[Any], Errors]

SECTIONS = {"llm_config": MODELS, "stt_config": STT_MODELS, "tts_config": TTS_MODELS}
BLOCK_NAMES = {"llm_config": "model", "stt_config": "speech recognition", "tts_config": "voice"}
TEXTS = ("first_message", "voicemail_message", "webhook_url")
FLAGS = ("voicemail_detection", "autonomous_silence_handling")
NOT_AN_OBJECT = "Write an object with the fields of an assistant, between { and }."
GIVEN_UP = "VoiceDock has given up this name. Leave it out."
NEEDS_BLOCK = "{provider} is a text model: it needs a block for its {block}."
REFUSES_BLOCK = "{provider} hears and speaks by itself: leave this block out."
NEEDS_KEY = "Fill this in: VoiceDock needs it."
NEEDS_MODEL = "A one-time assistant needs its model."
NOT_IN_CATALOGUE = "VoiceDock’s catalogue does not have {value} here. It has: {choices}."
NO_VOICE_SETTING = "{model} does not take this. Leave it out."
SECRET = "This looks like a key or a password. Take it out: one-time assistants are kept and sent without secrets."
OUR_REFERENCE = "Patchbay puts its own reference here. Choose another name."
TOO_LARGE_NUMBER = "This number is too large. Give a smaller one."
TOO_LARGE = f"All in all that is more than {LONGEST_BLOCK:,} characters. Make its texts shorter."
NOT_TEXT = "Some of its characters cannot be stored, such as NUL. Take them out."
NOT_A_TEXT, NOT_A_FLAG, NOT_A_LIST, NOT_A_MAPPING = (
    "Write a text in quotes.",
    "Write true or false.",
    "Write a list, between [ and ].",
    "Write an object, between { and }.",
)


def for_sending(configuration: Mapping[str, Any]) -> Configuration:
    """Without speech blocks that are null: realtime models have none."""
    return {name: value for name, value in configuration.items() if name not in SPEECH or value is not None}


def provider_of(configuration: Mapping[str, Any]) -> str:
    return str(_mapping(configuration.get("llm_config")).get("provider") or "")


def errors_of(configuration: Any) -> Errors:
    """What VoiceDock would refuse, or what must not be kept; empty where it can be sent."""
    if not isinstance(configuration, dict):
        return {"": NOT_AN_OBJECT}
    if is_too_deep(configuration):
        return {"": TOO_DEEP}
    if clean(configuration) != configuration:
        return {"": NOT_TEXT}
    if len(json.dumps(configuration)) > LONGEST_BLOCK:
        return {"": TOO_LARGE}
    found: Errors = {}
    for check in (_names, _secrets, _blocks, _speech, _types, _ranges, _model, _voice):
        for path, message in check(configuration):
            found.setdefault(path, message)
    return found


def _names(configuration: Configuration) -> Iterator[tuple[str, str]]:
    for name in sorted(DEPRECATED & configuration.keys()):
        yield name, GIVEN_UP
    if "our_ref" in _mapping(configuration.get("metadata")):
        yield "metadata.our_ref", OUR_REFERENCE


def _secrets(configuration: Configuration) -> Iterator[tuple[str, str]]:
    for path in secret_paths(configuration):
        yield path, SECRET


def _blocks(configuration: Configuration) -> Iterator[tuple[str, str]]:
    """Each block that is given is whole, by a provider and with a model of the catalogue."""
    if configuration.get("llm_config") is None:
        yield "llm_config", NEEDS_MODEL
    for name, catalogue in SECTIONS.items():
        block = configuration.get(name)
        if block is None:
            continue
        if not isinstance(block, dict):
            yield name, NOT_A_MAPPING
            continue
        for key in REQUIRED[name]:
            if block.get(key) in (None, ""):
                yield f"{name}.{key}", NEEDS_KEY
        yield from _choice(f"{name}.provider", block.get("provider"), catalogue)
        yield from _choice(f"{name}.model", block.get("model"), catalogue.get(str(block.get("provider")), ()))
    yield from _choice("stt_config.language", _block(configuration, "stt_config").get("language"), LANGUAGES)


def _speech(configuration: Configuration) -> Iterator[tuple[str, str]]:
    """Text models need both speech blocks, realtime models refuse them."""
    provider = provider_of(configuration)
    family = family_of(provider)
    for name in SPEECH:
        is_given = configuration.get(name) is not None
        if family is Family.PIPELINE and not is_given:
            yield name, NEEDS_BLOCK.format(provider=PROVIDERS[provider], block=BLOCK_NAMES[name])
        if family.is_realtime and is_given:
            yield name, REFUSES_BLOCK.format(provider=PROVIDERS[provider])


def _types(configuration: Configuration) -> Iterator[tuple[str, str]]:
    for name in TEXTS:
        if not isinstance(configuration.get(name), str | None):
            yield name, NOT_A_TEXT
    for name in FLAGS:
        if not isinstance(configuration.get(name), bool | None):
            yield name, NOT_A_FLAG
    for name in ("metadata", "speech_config"):
        if not isinstance(configuration.get(name), dict | None):
            yield name, NOT_A_MAPPING
    events = configuration.get("webhook_events")
    if not isinstance(events, list | None):
        yield "webhook_events", NOT_A_LIST
    for at, event in enumerate(events if isinstance(events, list) else []):
        yield from _choice(f"webhook_events[{at}]", event, EVENTS)


def _ranges(configuration: Configuration) -> Iterator[tuple[str, str]]:
    for limits in RANGES:
        block = _block(configuration, limits.path.partition(".")[0])
        if limits.providers and "." in limits.path and block.get("provider") not in limits.providers:
            continue
        value = value_at(configuration, limits.path)
        if value is not None and not _fits(value, limits):
            yield limits.path, range_words(limits)
        elif value is not None and limits.most is None and value > MAX_INTEGER:
            yield limits.path, TOO_LARGE_NUMBER


def _fits(value: Any, limits: Range) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if isinstance(value, float) and not math.isfinite(value):  # of an integer with many digits it raises
        return False
    if limits.is_whole and isinstance(value, float):  # 4.0 would be sent as it is
        return False
    return limits.least <= value and (limits.most is None or value <= limits.most)


def range_words(limits: Range) -> str:
    kind = "a whole number" if limits.is_whole else "a number"
    span = f"of at least {limits.least:g}" if limits.most is None else f"from {limits.least:g} to {limits.most:g}"
    return f"Give {kind} {span}."


def _model(configuration: Configuration) -> Iterator[tuple[str, str]]:
    block = _block(configuration, "llm_config")
    for name in ("messages", "tools"):
        if not isinstance(block.get(name), list | None):
            yield f"llm_config.{name}", NOT_A_LIST
    yield from _choice("llm_config.voice", block.get("voice"), VOICES.get(str(block.get("provider")), ()))
    if block.get("provider") == "xai_realtime":
        yield from _xai_realtime(block)


def _xai_realtime(block: Configuration) -> Iterator[tuple[str, str]]:
    yield from _choice("llm_config.reasoning_effort", block.get("reasoning_effort"), REASONING_EFFORTS)
    for name in ("turn_detection", "transcription"):
        if not isinstance(block.get(name), dict | None):
            yield f"llm_config.{name}", NOT_A_MAPPING
    terms, path = _mapping(block.get("transcription")).get("keyterms"), "llm_config.transcription.keyterms"
    if terms is None:
        return
    if not isinstance(terms, list) or not all(isinstance(term, str) for term in terms):
        yield path, "Write a list of texts."
    elif len(terms) > MOST_KEYTERMS or any(len(term) > LONGEST_KEYTERM for term in terms):
        yield path, f"Give at most {MOST_KEYTERMS} terms, each with at most {LONGEST_KEYTERM} characters."


def _voice(configuration: Configuration) -> Iterator[tuple[str, str]]:
    block = _block(configuration, "tts_config")
    yield from _choice("tts_config.voice_id", block.get("voice_id"), VOICES.get(str(block.get("provider")), ()))
    if block.get("model") in WITHOUT_VOICE_SETTINGS:
        for name in VOICE_SETTINGS:
            if block.get(name) is not None:
                yield f"tts_config.{name}", NO_VOICE_SETTING.format(model=block["model"])


def _choice(path: str, value: Any, choices: Any) -> Iterator[tuple[str, str]]:
    """Nothing for a value that is missing, or where the catalogue names no choices."""
    if value in (None, "") or not choices:
        return
    if not isinstance(value, str) or value not in choices:
        yield path, NOT_IN_CATALOGUE.format(value=str(value)[:80], choices=", ".join(choices))


def value_at(configuration: Mapping[str, Any], path: str) -> Any:
    """The value at a path like `llm_config.turn_detection.threshold`; None where there is none."""
    found: Any = configuration
    for name in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def with_value(configuration: Mapping[str, Any], path: str, value: Any) -> Configuration:
    """A copy with this value at the path; None takes the name away, and a block that is empty then."""
    name, _, rest = path.partition(".")
    if rest:
        inner = with_value(_mapping(configuration.get(name)), rest, value)
        value = inner or None
    if value is None:
        return {key: item for key, item in configuration.items() if key != name}
    return {**configuration, name: value}


def _block(configuration: Mapping[str, Any], name: str) -> Configuration:
    return _mapping(configuration.get(name))


def _mapping(value: Any) -> Configuration:
    return value if isinstance(value, dict) else {}
