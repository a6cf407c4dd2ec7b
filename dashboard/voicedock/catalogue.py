"""Providers' models and languages that VoiceDock's catalogue names (`docs/voicedock-api.md §8.1`), as data.

The API validates against its catalogue: what is not in here may exist by now, but is not offered.
"""

from __future__ import annotations

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
