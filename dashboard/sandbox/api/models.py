"""The blocks that choose models: `llm_config`, `stt_config`, `tts_config` (voicedock-api.md §8.1, §17 7 and 8).

The sandbox's own choice: a model of a known provider that the catalog lacks is refused; voices are looked up where the
documents list all of them; a realtime model's `turn_detection` and `transcription` stand inside `llm_config`. The
post-call models (§17 9) are blocks of an assistant under the names of their catalog sections, kept as they are given.
"""

from collections.abc import Iterable

from ..catalog import LANGUAGES, LLM, PLAIN_VOICES, POSTCALL, STT, TTS, VOICES
from ..errors import invalid, missing
from . import validation

# (block, key, least, most)
RANGES = (
    ("llm_config", "temperature", 0, 2),
    ("tts_config", "stability", 0, 1),
    ("tts_config", "similarity", 0, 1),
    ("tts_config", "style", 0, 1),
    ("tts_config", "speed", 0.5, 2),
    ("tts_config", "speaking_rate", 0.25, 2),
)
REFUSED_BY_PLAIN_VOICES = ("similarity_boost", "use_speaker_boost", "speed", "style")
TURN_DETECTION = (
    ("threshold", 0, 1), ("prefix_padding_ms", 0, 2000), ("silence_duration_ms", 100, 2000),
    ("idle_timeout_ms", 0, 30_000),
)  # fmt: skip
MOST_KEYTERMS, LONGEST_KEYTERM = 100, 50
PROVIDER_TOOLS = ("web_search", "x_search", "file_search")


def check(body: dict, where: str = "") -> dict:
    """The `llm_config`, empty when it is not given."""
    blocks = {
        "llm_config": _block(body, "llm_config", ("provider", "model"), LLM, where),
        "stt_config": _block(body, "stt_config", ("provider", "model", "language"), STT, where),
        "tts_config": _block(body, "tts_config", ("provider", "voice_id"), TTS, where),
    }
    for section, providers in POSTCALL.items():
        _block(body, section, ("provider", "model"), providers, where)
    for block, key, least, most in RANGES:
        validation.number(blocks[block], key, least, most, f"{where}{block}.")
    validation.whole(blocks["llm_config"], "max_completion_tokens", 1, 32_768, f"{where}llm_config.")
    validation.one_of(blocks["stt_config"], "language", LANGUAGES, f"{where}stt_config.")
    _speech(blocks["tts_config"], f"{where}tts_config.")
    _realtime(blocks["llm_config"], f"{where}llm_config.")
    return blocks["llm_config"]


def clamped(body: dict) -> dict:
    """xAI's turn detection outside of its ranges is clamped, not refused (§17 8)."""
    config = body.get("llm_config")
    if not isinstance(config, dict) or config.get("provider") != "xai_realtime" or not config.get("turn_detection"):
        return body
    detection = dict(config["turn_detection"])
    for name, least, most in TURN_DETECTION:
        if detection.get(name) is not None:
            detection[name] = min(max(detection[name], least), most)
    return body | {"llm_config": config | {"turn_detection": detection}}


def _block(body: dict, name: str, required: Iterable[str], catalog: dict[str, tuple[str, ...]], where: str) -> dict:
    """A block with its required keys, a known provider and, where one is named, a model of that provider."""
    block, inside = validation.mapping(body, name, where), f"{where}{name}."
    if body.get(name) is None:
        return {}
    for key in required:
        if block.get(key) in (None, ""):
            raise missing(inside + key)
        validation.text(block, key, where=inside)
    validation.one_of(block, "provider", catalog, inside)
    if models := catalog[block["provider"]]:
        validation.one_of(block, "model", models, inside)
    return block


def _speech(config: dict, where: str) -> None:
    _voice(config, "voice_id", where)
    if config.get("model") in PLAIN_VOICES:
        for name in REFUSED_BY_PLAIN_VOICES:
            if config.get(name) is not None:
                raise invalid(where + name, f"is not supported by {config['model']}")


def _realtime(config: dict, where: str) -> None:
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
    transcription, inside = validation.mapping(config, "transcription", where), f"{where}transcription."
    if any(len(one) > LONGEST_KEYTERM for one in validation.strings(transcription, "keyterms", MOST_KEYTERMS, inside)):
        raise invalid(f"{inside}keyterms", f"must have at most {LONGEST_KEYTERM} characters each")
    for at, tool in enumerate(validation.listing(config, "provider_tools", where=where)):
        kind = tool.get("type") if isinstance(tool, dict) else tool
        if kind not in PROVIDER_TOOLS:
            raise invalid(f"{where}provider_tools[{at}]", f"must be one of {', '.join(PROVIDER_TOOLS)}")


def _voice(config: dict, name: str, where: str) -> None:
    if voices := VOICES.get(config.get("provider", "")):
        validation.one_of(config, name, voices, where)
