"""Checks that several operations share; each refuses with a 400 that names the field."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from ..catalog import EVENTS, PIPELINE, REALTIME, STT, TTS
from ..errors import invalid, missing

E164 = re.compile(r"\+[1-9]\d{6,14}")


def text(body: dict, name: str, *, required: bool = False, empty: bool = True) -> str | None:
    value = body.get(name)
    if value is None:
        if required:
            raise missing(name)
        return None
    if not isinstance(value, str):
        raise invalid(name, "must be a string")
    if not value.strip() and (required or not empty):
        raise invalid(name, "must not be empty")
    return value


def phone(body: dict, name: str) -> str:
    value = text(body, name, required=True)
    if not E164.fullmatch(value or ""):
        raise invalid(name, "must be a phone number in E.164 format")
    return value or ""


def one_of(body: dict, name: str, choices: Iterable[str]) -> None:
    if body.get(name) is not None and body[name] not in choices:
        raise invalid(name, f"must be one of {', '.join(choices)}")


def boolean(body: dict, name: str) -> None:
    if body.get(name) is not None and not isinstance(body[name], bool):
        raise invalid(name, "must be a boolean")


def block(body: dict, name: str, required: Iterable[str], providers: Iterable[str]) -> dict | None:
    """A configuration block such as llm_config, with its required keys and a known provider."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise invalid(name, "must be an object")
    for key in required:
        if not value.get(key):
            raise missing(f"{name}.{key}")
    if value["provider"] not in providers:
        raise invalid(f"{name}.provider", f"must be one of {', '.join(providers)}")
    return value


def assistant_fields(body: dict) -> None:
    """What can be said about an assistant, saved, transient or overriding (§8, §5.5)."""
    block(body, "llm_config", ("provider", "model"), PIPELINE + REALTIME)
    block(body, "stt_config", ("provider", "model", "language"), STT)
    block(body, "tts_config", ("provider", "voice_id"), TTS)
    for name in ("first_message", "voicemail_message", "webhook_secret", "business_name"):
        text(body, name)
    for name in ("is_active", "voicemail_detection", "autonomous_silence_handling", "gdpr_mode"):
        boolean(body, name)
    for name in ("max_duration_seconds", "silence_timeout_seconds"):
        value = body.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise invalid(name, "must be a positive whole number")
    url = text(body, "webhook_url")
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc):
        raise invalid("webhook_url", "must be an http or https URL")
    events = body.get("webhook_events")
    if events is not None and (not isinstance(events, list) or not set(map(str, events)) <= set(EVENTS)):
        raise invalid("webhook_events", f"must be a list of {', '.join(EVENTS)}")
    if body.get("metadata") is not None and not isinstance(body["metadata"], dict):
        raise invalid("metadata", "must be an object")
