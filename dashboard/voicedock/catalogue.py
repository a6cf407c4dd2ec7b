"""What VoiceDock's catalogue names of providers: models, languages, voices, ranges (`docs/voicedock-api.md §8.1`).

The API validates against its catalogue: what is not in here may exist by now, but is not offered.
"""

from __future__ import annotations

from dataclasses import dataclass

MODELS: dict[str, tuple[str, ...]] = {  # by `llm_config.provider`, the default first
    "openai": (
        "gpt-5.4",
        "gpt-5.4-mini",
        "gpt-5.4-nano",
        "gpt-5.2",
        "gpt-5.1",
        "gpt-5",
        "gpt-5-mini",
        "gpt-5-nano",
        "gpt-4.1",
        "gpt-4.1-mini",
        "gpt-4.1-nano",
        "gpt-5.6-luna",
        "gpt-5.6-terra",
        "gpt-5.6-sol",
        "gpt-4o-mini",
    ),
    "xai": ("grok-4.3",),
    "mistral": (
        "mistral-medium-latest",
        "mistral-small-latest",
        "mistral-large-latest",
        "ministral-8b-latest",
        "ministral-14b-latest",
        "ministral-3b-latest",
    ),
    "google": ("gemini-3.5-flash-lite", "gemini-3.5-flash", "gemini-2.5-flash-lite", "gemini-2.5-flash"),
    "google_realtime": (
        "gemini-live-2.5-flash-native-audio",
        "gemini-2.5-flash-native-audio-preview-12-2025",
        "gemini-3.1-flash-live-preview",
        "gemini-3.8-live",
    ),
    "xai_realtime": ("grok-voice-think-fast-2.0",),
    "openai_live": ("gpt-live-1",),
}
LANGUAGES: dict[str, str] = {  # of speech recognition; `multi` recognizes several
    "multi": "Several languages",
    "nl": "Dutch",
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "pl": "Polish",
    "ru": "Russian",
    "ja": "Japanese",
    "ko": "Korean",
    "zh": "Chinese",
    "ar": "Arabic",
    "hi": "Hindi",
    "da": "Danish",
    "sv": "Swedish",
    "no": "Norwegian",
    "fi": "Finnish",
    "cs": "Czech",
    "hu": "Hungarian",
    "ro": "Romanian",
    "bg": "Bulgarian",
    "hr": "Croatian",
    "sk": "Slovak",
    "tr": "Turkish",
    "id": "Indonesian",
    "vi": "Vietnamese",
}
STT_MODELS: dict[str, tuple[str, ...]] = {  # by `stt_config.provider`, the default first
    "deepgram": ("nova-3", "nova-3-general"),
    "elevenlabs": ("scribe_v2_realtime",),
    "gladia": ("solaria-1",),
    "mistral": ("voxtral-mini-latest",),
    "google": ("chirp_3",),
}
_ELEVENLABS = (
    "eleven_flash_v2_5",
    "eleven_v4_turbo",
    "eleven_v4",
    "eleven_v3",
    "eleven_multilingual_v2",
    "eleven_turbo_v2_5",
)
TTS_MODELS: dict[str, tuple[str, ...]] = {  # by `tts_config.provider`, the default first; empty: none are named
    "elevenlabs": _ELEVENLABS,
    "11labs": _ELEVENLABS,  # another name of the same
    "inworld": ("inworld-tts-2", "inworld-tts-2-flash", "inworld-tts-1.5-max", "inworld-tts-1.5-mini"),
    "google": (
        "gemini-3.1-flash-tts-preview",
        "gemini-2.5-flash-preview-tts",
        "gemini-2.5-pro-preview-tts",
        "chirp-3-hd",
    ),
    "xai": (),
    "voicedock": ("voicedock-1",),
}
WITHOUT_VOICE_SETTINGS = ("eleven_v3", "eleven_v4", "eleven_v4_turbo")  # models that refuse `VOICE_SETTINGS` (§17 7)
VOICE_SETTINGS = ("similarity_boost", "use_speaker_boost", "speed", "style")
VOICES: dict[str, tuple[str, ...]] = {  # of providers whose voices are all named, the default first
    "openai_live": ("marin", "beacon", "cinder", "stone", "vesper"),
    "voicedock": ("voicedock",),
}
SOME_VOICES: dict[str, tuple[str, ...]] = {  # of providers that have more than are named here, the default first
    "xai_realtime": ("ara", "eve", "leo", "rex", "sal"),
    "google_realtime": ("Puck", "Kore"),
}
PROVIDERS: dict[str, str] = {  # what people call them, of every section
    "openai": "OpenAI",
    "xai": "xAI Grok",
    "mistral": "Mistral",
    "google": "Google",
    "google_realtime": "Google Gemini Live",
    "xai_realtime": "xAI Grok voice",
    "openai_live": "OpenAI Live",
    "deepgram": "Deepgram",
    "elevenlabs": "ElevenLabs",
    "11labs": "ElevenLabs",
    "gladia": "Gladia",
    "inworld": "Inworld",
    "voicedock": "VoiceDock",
}
EVENTS = ("assistant-request", "tool-calls", "status-update", "end-of-call-report")  # for `webhook_events`


@dataclass(frozen=True)
class Range:
    """A number of a configuration by its path, with the values it may have; None: no such limit is documented.

    `providers` are those of the same block for which it is named; empty: for all.
    """

    path: str
    least: float
    most: float | None
    usual: float | None = None
    is_whole: bool = False
    providers: tuple[str, ...] = ()


RANGES = (
    Range("llm_config.temperature", 0, 2, 0.7),
    Range("llm_config.max_completion_tokens", 1, 32_768, is_whole=True, providers=("openai", "google")),
    Range("llm_config.speed", 0.7, 1.5, providers=("xai_realtime",)),
    Range("llm_config.turn_detection.threshold", 0, 1, 0.5, providers=("xai_realtime",)),
    Range("llm_config.turn_detection.prefix_padding_ms", 0, 2000, 300, True, ("xai_realtime",)),
    Range("llm_config.turn_detection.silence_duration_ms", 100, 2000, 200, True, ("xai_realtime",)),
    Range("llm_config.turn_detection.idle_timeout_ms", 0, 30_000, None, True, ("xai_realtime",)),
    Range("tts_config.stability", 0, 1),
    Range("tts_config.similarity", 0, 1),
    Range("tts_config.similarity_boost", 0, 1),
    Range("tts_config.style", 0, 1),
    Range("tts_config.speed", 0.5, 2),
    Range("tts_config.speaking_rate", 0.25, 2),
    Range("max_duration_seconds", 1, None, is_whole=True),
    Range("silence_timeout_seconds", 1, None, is_whole=True),
)
REASONING_EFFORTS = ("none", "high")  # of `xai_realtime`
MOST_KEYTERMS, LONGEST_KEYTERM = 100, 50  # `llm_config.transcription.keyterms` of `xai_realtime`
