"""What is accepted as an assistant's configuration: saved, for one call, overriding (voicedock-api.md §5.5, §8, §8.1).

The sandbox's own choice: unknown keys inside a block are kept; a model of a known provider that the catalog lacks is
refused, voices are not looked up; a call lasts at most a day; a tool may name only a server of its own organization.
"""

from collections.abc import Iterable

from ..catalog import EVENTS, LANGUAGES, LLM, STT, TTS
from ..errors import invalid, missing
from . import validation
from .context import Context

TEXTS = ("business_name", "notification_email", "first_message", "voicemail_message", "webhook_secret")
FLAGS = ("is_active", "voicemail_detection", "autonomous_silence_handling", "gdpr_mode")
DAY = 86_400
MOST_MAILS, MOST_ALLOWED = 5, 25
# (block, key, least, most)
RANGES = (
    ("llm_config", "temperature", 0, 2),
    ("tts_config", "stability", 0, 1),
    ("tts_config", "similarity", 0, 1),
    ("tts_config", "style", 0, 1),
    ("tts_config", "speed", 0.5, 2),
    ("tts_config", "speaking_rate", 0.25, 2),
)


def check(ctx: Context, body: dict, where: str = "") -> None:
    """`where` is put before the names of fields, `assistant.` say."""
    blocks = {
        "llm_config": _block(body, "llm_config", ("provider", "model"), LLM, where),
        "stt_config": _block(body, "stt_config", ("provider", "model", "language"), STT, where),
        "tts_config": _block(body, "tts_config", ("provider", "voice_id"), TTS, where),
    }
    for block, key, least, most in RANGES:
        validation.number(blocks[block], key, least, most, f"{where}{block}.")
    validation.whole(blocks["llm_config"], "max_completion_tokens", 1, 32_768, f"{where}llm_config.")
    validation.one_of(blocks["stt_config"], "language", LANGUAGES, f"{where}stt_config.")
    for name in TEXTS:
        validation.text(body, name, where=where)
    for name in FLAGS:
        validation.boolean(body, name, where)
    for name in ("max_duration_seconds", "silence_timeout_seconds"):
        validation.whole(body, name, 1, DAY, where)
    for name in ("metadata", "analysis_plan", "recording_consent", "speech_config"):
        validation.mapping(body, name, where)
    _silence(body, where)
    _strings(body, "notification_emails", MOST_MAILS, where)
    validation.url(body, "webhook_url", where=where)
    if not set(_strings(body, "webhook_events", len(EVENTS), where)) <= set(EVENTS):
        raise invalid(f"{where}webhook_events", f"must be a list of {', '.join(EVENTS)}")
    validation.listing(blocks["llm_config"], "messages", where=f"{where}llm_config.")
    for at, tool in enumerate(validation.listing(blocks["llm_config"], "tools", where=f"{where}llm_config.")):
        _tool(ctx, tool, f"{where}llm_config.tools[{at}]")


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


def _silence(body: dict, where: str) -> None:
    speech = validation.mapping(body, "speech_config", where)
    inside = f"{where}speech_config."
    validation.text(speech, "first_message_outbound", where=inside)
    validation.mapping(speech, "silence", inside)


def _strings(body: dict, name: str, most: int, where: str) -> list[str]:
    entries = validation.listing(body, name, most, where)
    if not all(isinstance(one, str) for one in entries):
        raise invalid(where + name, "must be a list of strings")
    return entries


def _tool(ctx: Context, tool: object, where: str) -> None:
    if not isinstance(tool, dict):
        raise invalid(where, "must be an object")
    if tool.get("type") == "mcp":
        server = ctx.world.mcp_servers.get(
            validation.text(tool, "mcp_server_id", required=True, where=f"{where}.") or ""
        )
        if server is None or server.org_id != ctx.org.id:
            raise invalid(f"{where}.mcp_server_id", "names no MCP server of this organization")
        _strings(tool, "allowed_tools", MOST_ALLOWED, f"{where}.")
