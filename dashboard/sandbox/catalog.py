"""The providers and models of voicedock-api.md §8.1, and the defaults of an assistant.

Names that only the seed page uses (`gpt-4o`, `grok-realtime-v1`, `openai` for speech) are known too: for calls it
is the stronger source.
"""

from copy import deepcopy
from typing import Any

LLM = {
    "openai": (
        "gpt-5.4", "gpt-5.4-mini", "gpt-5.4-nano", "gpt-5.2", "gpt-5.1", "gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-4.1",
        "gpt-4.1-mini", "gpt-4.1-nano", "gpt-5.6-luna", "gpt-5.6-terra", "gpt-5.6-sol", "gpt-4o-mini", "gpt-4o",
    ),
    "xai": ("grok-4.3",),
    "mistral": (
        "mistral-medium-latest", "mistral-small-latest", "mistral-large-latest", "ministral-8b-latest",
        "ministral-14b-latest", "ministral-3b-latest",
    ),
    "google": ("gemini-3.5-flash-lite", "gemini-3.5-flash", "gemini-2.5-flash-lite", "gemini-2.5-flash"),
    "google_realtime": (
        "gemini-live-2.5-flash-native-audio", "gemini-2.5-flash-native-audio-preview-12-2025",
        "gemini-3.1-flash-live-preview", "gemini-3.8-live",
    ),
    "xai_realtime": ("grok-voice-think-fast-2.0", "grok-realtime-v1"),
    "openai_live": ("gpt-live-1",),
}  # fmt: skip
PIPELINE = ("openai", "xai", "mistral", "google")
REALTIME = ("xai_realtime", "google_realtime", "openai_live")
STT = {
    "deepgram": ("nova-3", "nova-3-general"),
    "elevenlabs": ("scribe_v2_realtime",),
    "gladia": ("solaria-1",),
    "mistral": ("voxtral-mini-latest",),
    "google": ("chirp_3",),
}
_ELEVENLABS = (
    "eleven_flash_v2_5", "eleven_v4_turbo", "eleven_v4", "eleven_v3", "eleven_multilingual_v2", "eleven_turbo_v2_5",
)  # fmt: skip
TTS: dict[str, tuple[str, ...]] = {
    "elevenlabs": _ELEVENLABS,
    "11labs": _ELEVENLABS,
    "inworld": ("inworld-tts-2", "inworld-tts-2-flash", "inworld-tts-1.5-max", "inworld-tts-1.5-mini"),
    "google": (
        "gemini-3.1-flash-tts-preview", "gemini-2.5-flash-preview-tts", "gemini-2.5-pro-preview-tts", "chirp-3-hd",
    ),
    "xai": (),
    "voicedock": ("voicedock-1",),
    "openai": (),
}  # fmt: skip
# Models that work on a call once it is over (§17 9). The section names are documented; their providers and models are
# not, so the providers are those of `stt` and of the text models, and an empty tuple accepts any model.
POSTCALL: dict[str, dict[str, tuple[str, ...]]] = {
    "postcall_stt": dict.fromkeys(STT, ()),
    "postcall_llm": dict.fromkeys(PIPELINE, ()),
}
MODELS_WITHOUT_VOICE_SETTINGS = ("eleven_v3", "eleven_v4", "eleven_v4_turbo")  # (§17 7)
VOICES: dict[str, tuple[str, ...]] = {  # of the providers whose voices the documents list in full
    "openai_live": ("marin", "beacon", "cinder", "stone", "vesper"),
    "voicedock": ("voicedock",),
}
LANGUAGES = (
    "multi", "nl", "en", "de", "fr", "es", "it", "pt", "pl", "ru", "ja", "ko", "zh", "ar", "hi", "da", "sv", "no", "fi",
    "cs", "hu", "ro", "bg", "hr", "sk", "tr", "id", "vi",
)  # fmt: skip
EVENTS = ("assistant-request", "tool-calls", "status-update", "end-of-call-report")

REALTIME_MODELS = {
    "xai_realtime": {"model": "grok-voice-think-fast-2.0", "voice": "ara"},
    "google_realtime": {"model": "gemini-live-2.5-flash-native-audio", "voice": "Puck"},
    "openai_live": {"model": "gpt-live-1", "voice": "marin"},
}

DEFAULTS: dict[str, Any] = {
    "name": None,
    "business_name": None,
    "notification_email": None,
    "notification_emails": [],
    "recording_consent": None,
    "first_message": None,
    "is_active": True,
    "max_duration_seconds": 600,
    "autonomous_silence_handling": False,
    "silence_timeout_seconds": 30,
    "voicemail_detection": False,
    "voicemail_message": None,
    "gdpr_mode": False,
    "webhook_url": None,
    "webhook_secret": None,
    "webhook_events": None,
    "analysis_plan": None,
    "stt_config": {"provider": "deepgram", "model": "nova-3", "language": "multi"},
    "llm_config": {"provider": "openai", "model": "gpt-5.4", "temperature": 0.7, "messages": []},
    "tts_config": {"provider": "elevenlabs", "voice_id": "sandbox-voice-1", "model": "eleven_flash_v2_5"},
    "speech_config": None,
}


def provider_of(config: dict[str, Any]) -> str:
    return str((config.get("llm_config") or {}).get("provider") or "openai")


def complete(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings with all defaults; realtime assistants have no tts (§5.5, §8)."""
    config = deepcopy(DEFAULTS) | settings
    if provider_of(config) in REALTIME:
        config["tts_config"] = None
    return config
