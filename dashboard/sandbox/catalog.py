"""The providers of voicedock-api.md §8.1 and what an assistant is made of when nothing is said."""

from copy import deepcopy

PIPELINE = ("openai", "xai", "mistral", "google")
REALTIME = ("xai_realtime", "google_realtime", "openai_live")
STT = ("deepgram", "elevenlabs", "gladia", "mistral", "google")
TTS = ("elevenlabs", "11labs", "inworld", "google", "xai", "voicedock")
EVENTS = ("assistant-request", "tool-calls", "status-update", "end-of-call-report")

REALTIME_MODELS = {
    "xai_realtime": {"model": "grok-voice-think-fast-2.0", "voice": "ara"},
    "google_realtime": {"model": "gemini-live-2.5-flash-native-audio", "voice": "Puck"},
    "openai_live": {"model": "gpt-live-1", "voice": "marin"},
}

DEFAULTS: dict = {
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


def provider_of(config: dict) -> str:
    return (config.get("llm_config") or {}).get("provider") or "openai"


def complete(settings: dict) -> dict:
    """All fields of an assistant; realtime ones have neither stt nor tts (§5.5, §8)."""
    whole = deepcopy(DEFAULTS) | settings
    if provider_of(whole) in REALTIME:
        whole |= {"stt_config": None, "tts_config": None}
    return whole
