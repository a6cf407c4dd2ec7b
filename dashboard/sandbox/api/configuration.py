"""What is accepted as an assistant's configuration: saved, for one call, overriding (voicedock-api.md §5.5, §8, §8.1).

The sandbox's own choice: unknown keys inside a block are kept; a call lasts at most a day.
"""

from ..catalog import EVENTS
from ..errors import invalid
from . import analysis_plan, models, speech, tools, validation
from .context import Context

TEXTS = ("business_name", "notification_email", "first_message", "voicemail_message", "webhook_secret")
FLAGS = ("is_active", "voicemail_detection", "autonomous_silence_handling", "gdpr_mode")
DAY = 86_400
MOST_MAILS = 5


def checked(ctx: Context, body: dict, where: str = "") -> dict:
    """The body as it is kept. `where` is put before the names of fields, `assistant.` say."""
    config = models.check(body, where)
    for name in TEXTS:
        validation.text(body, name, where=where)
    for name in FLAGS:
        validation.boolean(body, name, where)
    for name in ("max_duration_seconds", "silence_timeout_seconds"):
        validation.whole(body, name, 1, DAY, where)
    for name in ("metadata", "recording_consent"):
        validation.mapping(body, name, where)
    speech.check(body, where)
    analysis_plan.check(body, where)
    validation.strings(body, "notification_emails", MOST_MAILS, where)
    validation.url(body, "webhook_url", where=where)
    if not set(validation.strings(body, "webhook_events", len(EVENTS), where)) <= set(EVENTS):
        raise invalid(f"{where}webhook_events", f"must be a list of {', '.join(EVENTS)}")
    validation.listing(config, "messages", where=f"{where}llm_config.")
    tools.check(ctx, config, f"{where}llm_config.")
    return models.clamped(body)
