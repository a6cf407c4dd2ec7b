"""Validation of an assistant's configuration: saved, for one call, or as an override (voicedock-api.md §5.5, §8, §8.1).

The sandbox's own choice: unknown keys inside a block are kept; a call lasts at most a day.
"""

from typing import Any

from ..catalog import EVENTS
from ..errors import invalid
from . import analysis_plan, model_configs, speech_config, tools, validation
from .context import Context

TEXTS = ("business_name", "notification_email", "first_message", "voicemail_message", "webhook_secret")
FLAGS = ("is_active", "voicemail_detection", "autonomous_silence_handling", "gdpr_mode")
DAY = 86_400
MAX_EMAILS = 5


def validated(ctx: Context, body: dict[str, Any], where: str = "") -> dict[str, Any]:
    """The body as it is stored. `where` is put before the names of fields, for example `assistant.`."""
    config = model_configs.check(body, where)
    for name in TEXTS:
        validation.text(body, name, where=where)
    for name in FLAGS:
        validation.boolean(body, name, where)
    for name in ("max_duration_seconds", "silence_timeout_seconds"):
        validation.integer(body, name, 1, DAY, where)
    for name in ("metadata", "recording_consent"):
        validation.mapping(body, name, where)
    speech_config.check(body, where)
    analysis_plan.check(body, where)
    validation.strings(body, "notification_emails", MAX_EMAILS, where)
    validation.url(body, "webhook_url", where=where)
    if not set(validation.strings(body, "webhook_events", len(EVENTS), where)) <= set(EVENTS):
        raise invalid(f"{where}webhook_events", f"must be a list of {', '.join(EVENTS)}")
    validation.listing(config, "messages", where=f"{where}llm_config.")
    tools.check(ctx, config, f"{where}llm_config.")
    return model_configs.clamp(body)
