"""Validation of the blocks `llm_config`, `stt_config` and `tts_config` (voicedock-api.md §8.1, §17 7 and 8).

The sandbox's own choice: a model of a known provider that the catalog lacks is refused; voices are looked up where the
documents list all of them; a realtime model's `turn_detection` and `transcription` are inside `llm_config`. The
post-call models (§17 9) are blocks of an assistant under the names of their catalog sections, stored as they are given.
"""

from collections.abc import Iterable
from typing import Any

from ..catalog import LANGUAGES, LLM, MODELS_WITHOUT_VOICE_SETTINGS, POSTCALL, STT, TTS, VOICES
from ..errors import invalid, missing
from . import validation

# (block, key, minimum, maximum)
RANGES = (
    ("llm_config", "temperature", 0, 2),
    ("tts_config", "stability", 0, 1),
    ("tts_config", "similarity", 0, 1),
    ("tts_config", "style", 0, 1),
    ("tts_config", "speed", 0.5, 2),
    ("tts_config", "speaking_rate", 0.25, 2),
)
VOICE_SETTINGS = ("similarity_boost", "use_speaker_boost", "speed", "style")
TURN_DETECTION = (
    ("threshold", 0, 1), ("prefix_padding_ms", 0, 2000), ("silence_duration_ms", 100, 2000),
    ("idle_timeout_ms", 0, 30_000),
)  # fmt: skip
MAX_KEYTERMS, MAX_KEYTERM_LENGTH = 100, 50
PROVIDER_TOOLS = ("web_search", "x_search", "file_search")


def check(body: dict[str, Any], where: str = "") -> dict[str, Any]:
    """The `llm_config`, empty when it is not given."""
    blocks = {
        "llm_config": _block(body, "llm_config", ("provider", "model"), LLM, where),
        "stt_config": _block(body, "stt_config", ("provider", "model", "language"), STT, where),
        "tts_config": _block(body, "tts_config", ("provider", "voice_id"), TTS, where),
    }
    for section, providers in POSTCALL.items():
        _block(body, section, ("provider", "model"), providers, where)
    for block, key, minimum, maximum in RANGES:
        validation.number(blocks[block], key, minimum, maximum, f"{where}{block}.")
    validation.integer(blocks["llm_config"], "max_completion_tokens", 1, 32_768, f"{where}llm_config.")
    validation.one_of(blocks["stt_config"], "language", LANGUAGES, f"{where}stt_config.")
    _speech(blocks["tts_config"], f"{where}tts_config.")
    _realtime(blocks["llm_config"], f"{where}llm_config.")
    return blocks["llm_config"]


def clamp(body: dict[str, Any]) -> dict[str, Any]:
    """xAI's turn detection outside of its ranges is clamped, not refused (§17 8)."""
    config = body.get("llm_config")
    if not isinstance(config, dict) or config.get("provider") != "xai_realtime" or not config.get("turn_detection"):
        return body
    detection = dict(config["turn_detection"])
    for name, minimum, maximum in TURN_DETECTION:
        if detection.get(name) is not None:
            detection[name] = min(max(detection[name], minimum), maximum)
    return body | {"llm_config": config | {"turn_detection": detection}}


def _block(
    body: dict[str, Any], name: str, required: Iterable[str], catalog: dict[str, tuple[str, ...]], where: str
) -> dict[str, Any]:
    """A block with its required keys, a known provider and, where one is named, a model of that provider."""
    block = validation.mapping(body, name, where)
    path = f"{where}{name}."
    if body.get(name) is None:
        return {}
    for key in required:
        if block.get(key) in (None, ""):
            raise missing(path + key)
        validation.text(block, key, where=path)
    validation.one_of(block, "provider", catalog, path)
    if models := catalog[block["provider"]]:
        validation.one_of(block, "model", models, path)
    return block


def _speech(config: dict[str, Any], where: str) -> None:
    _voice(config, "voice_id", where)
    if config.get("model") in MODELS_WITHOUT_VOICE_SETTINGS:
        for name in VOICE_SETTINGS:
            if config.get(name) is not None:
                raise invalid(where + name, f"is not supported by {config['model']}")


def _realtime(config: dict[str, Any], where: str) -> None:
    provider = config.get("provider", "")
    validation.text(config, "voice", where=where)
    _voice(config, "voice", where)
    if provider != "xai_realtime":
        return
    validation.one_of(config, "reasoning_effort", ("none", "high"), where)
    validation.number(config, "speed", 0.7, 1.5, where)
    detection = validation.mapping(config, "turn_detection", where)
    for name, _, _ in TURN_DETECTION:
        validation.number(detection, name, float("-inf"), float("inf"), f"{where}turn_detection.")
    transcription = validation.mapping(config, "transcription", where)
    path = f"{where}transcription."
    if any(
        len(term) > MAX_KEYTERM_LENGTH for term in validation.strings(transcription, "keyterms", MAX_KEYTERMS, path)
    ):
        raise invalid(f"{path}keyterms", f"must have at most {MAX_KEYTERM_LENGTH} characters each")
    for index, tool in enumerate(validation.listing(config, "provider_tools", where=where)):
        kind = tool.get("type") if isinstance(tool, dict) else tool
        if kind not in PROVIDER_TOOLS:
            raise invalid(f"{where}provider_tools[{index}]", f"must be one of {', '.join(PROVIDER_TOOLS)}")


def _voice(config: dict[str, Any], name: str, where: str) -> None:
    if voices := VOICES.get(config.get("provider", "")):
        validation.one_of(config, name, voices, where)
