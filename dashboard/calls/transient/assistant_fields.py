"""The fields of the form of a one-time assistant, by the chosen providers; each stands for a path of the JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from dashboard.voicedock.capabilities import family_of
from dashboard.voicedock.catalogue import (
    LANGUAGES,
    MODELS,
    PROVIDERS,
    RANGES,
    REASONING_EFFORTS,
    SOME_VOICES,
    STT_MODELS,
    TTS_MODELS,
    VOICE_SETTINGS,
    VOICES,
    WITHOUT_VOICE_SETTINGS,
    Range,
)

RANGE_OF = {one.path: one for one in RANGES}
FLAG_CHOICES = {"true": "Yes", "false": "No"}
PROMPT = "llm_config.messages"  # of it the form has the first message of the role `system`
KEYTERMS = "llm_config.transcription.keyterms"
PROVIDER_PATHS = ("llm_config.provider", "stt_config.provider", "tts_config.provider")


@dataclass(frozen=True)
class AssistantField:
    """`kind` is text, long, choice, flag, number, terms or prompt; `choices` are values with their words.

    `may_be_empty`: whether VoiceDock has a default for a choice.
    """

    path: str
    label: str
    kind: str = "text"
    choices: Mapping[str, str] | None = None
    hint: str = ""
    may_be_empty: bool = True

    @property
    def range(self) -> Range | None:
        return RANGE_OF.get(self.path)

    @property
    def is_whole(self) -> bool:
        return self.range is not None and self.range.is_whole


@dataclass(frozen=True)
class Group:
    title: str
    fields: tuple[AssistantField, ...]


def groups(llm: str, stt: str, tts: str, tts_model: str) -> list[Group]:
    """The form for these providers; a realtime model has no groups of speech recognition and voice."""
    found = [Group("What it is", tuple(_model(llm)))]
    if not family_of(llm).is_realtime:
        found += [
            Group("Speech recognition", tuple(_speech_recognition(stt))),
            Group("Voice", tuple(_voice(tts, tts_model))),
        ]
    return [*found, Group("The call", tuple(_call()))]


@cache
def known_paths() -> frozenset[str]:
    """Every path that the form has for any provider."""
    return frozenset(
        field.path
        for llm in MODELS
        for tts in TTS_MODELS
        for group in groups(llm, next(iter(STT_MODELS)), tts, "")
        for field in group.fields
    )


def _model(provider: str) -> Iterator[AssistantField]:
    models = {name: name for name in MODELS.get(provider, ())}
    providers = {name: _provider_words(name) for name in MODELS}
    yield AssistantField("llm_config.provider", "Provider of the model", "choice", providers, may_be_empty=False)
    yield AssistantField("llm_config.model", "Model", "choice", models, may_be_empty=False)
    yield AssistantField("first_message", "Opening sentence", "long", hint="Leave it empty to send none.")
    yield AssistantField("llm_config.messages", "Instructions", "prompt", hint="What it should do, and how.")
    if family_of(provider).is_realtime:
        yield _realtime_voice(provider)
    yield AssistantField("llm_config.temperature", "Temperature", "number", hint="Higher: freer in its words.")
    if provider in (RANGE_OF["llm_config.max_completion_tokens"].providers):
        yield AssistantField("llm_config.max_completion_tokens", "Longest answer, in tokens", "number")
    if provider == "xai_realtime":
        yield from _xai_realtime()


def _provider_words(name: str) -> str:
    kind = "hears and speaks by itself" if family_of(name).is_realtime else "text model"
    return f"{PROVIDERS[name]}, {kind}"


def _realtime_voice(provider: str) -> AssistantField:
    if provider in VOICES:
        return AssistantField("llm_config.voice", "Voice", "choice", {name: name for name in VOICES[provider]})
    some = ", ".join(SOME_VOICES.get(provider, ()))
    return AssistantField("llm_config.voice", "Voice", hint=f"By its name at the provider, such as {some}.")


def _xai_realtime() -> Iterator[AssistantField]:
    yield AssistantField("llm_config.speed", "Speed", "number")
    efforts = {name: name.capitalize() for name in REASONING_EFFORTS}
    yield AssistantField("llm_config.reasoning_effort", "Reasoning", "choice", efforts)
    detection = "llm_config.turn_detection"
    yield AssistantField(f"{detection}.threshold", "Speech detection: threshold", "number")
    yield AssistantField(f"{detection}.prefix_padding_ms", "Speech detection: padding before speech, in ms", "number")
    yield AssistantField(f"{detection}.silence_duration_ms", "Speech detection: silence duration, in ms", "number")
    yield AssistantField(f"{detection}.idle_timeout_ms", "Speech detection: idle timeout, in ms", "number")
    yield AssistantField(KEYTERMS, "Words to listen for", "terms", hint="One a line.")


def _speech_recognition(provider: str) -> Iterator[AssistantField]:
    models = {name: name for name in STT_MODELS.get(provider, ())}
    yield AssistantField(
        "stt_config.provider", "Provider of speech recognition", "choice", _names(STT_MODELS), "", False
    )
    yield AssistantField("stt_config.model", "Model of speech recognition", "choice", models, "", False)
    yield AssistantField("stt_config.language", "Language it listens in", "choice", LANGUAGES, "", False)


def _voice(provider: str, model: str) -> Iterator[AssistantField]:
    yield AssistantField("tts_config.provider", "Provider of the voice", "choice", _names(TTS_MODELS), "", False)
    if models := TTS_MODELS.get(provider):
        yield AssistantField("tts_config.model", "Model of the voice", "choice", {name: name for name in models})
    if provider in VOICES:
        voices = {name: name for name in VOICES[provider]}
        yield AssistantField("tts_config.voice_id", "Voice", "choice", voices, "", False)
    else:
        yield AssistantField("tts_config.voice_id", "Voice", hint="Its id at the provider.")
    for name, label in (
        ("stability", "Stability"),
        ("similarity_boost", "Similarity"),
        ("style", "Style"),
        ("speed", "Speed"),
        ("speaking_rate", "Speaking rate"),
    ):
        if name in _voice_settings(provider) and not (model in WITHOUT_VOICE_SETTINGS and name in VOICE_SETTINGS):
            yield AssistantField(f"tts_config.{name}", label, "number")


def _voice_settings(provider: str) -> tuple[str, ...]:
    """Which of the documented settings are offered; VoiceDock does not document which provider takes which."""
    if provider in ("elevenlabs", "11labs"):
        return ("stability", "similarity_boost", "style", "speed")
    return ("speed", "speaking_rate")


def _call() -> Iterator[AssistantField]:
    yield AssistantField("max_duration_seconds", "Longest time, in seconds", "number")
    yield AssistantField("voicemail_detection", "It listens for voicemail", "flag")
    yield AssistantField("voicemail_message", "What it says to a voicemail", "long", hint="Empty: it hangs up at once.")
    yield AssistantField("autonomous_silence_handling", "It asks whether somebody is there when nobody speaks", "flag")
    yield AssistantField("silence_timeout_seconds", "Silence timeout, in seconds", "number")


def _names(catalogue: Mapping[str, object]) -> dict[str, str]:
    """`11labs` is another name of `elevenlabs`, offered only where it is used already."""
    return {name: PROVIDERS[name] for name in catalogue if name != "11labs"}
