"""Options that decide where the vendor's behaviour is unknown or varies (voicedock-api.md §15, §16)."""

from dataclasses import dataclass, fields
from typing import Any

from .errors import SHAPES

CHOICES: dict[str, tuple[object, ...]] = {
    "error_shape": SHAPES,
    "delete_answer": ("success", "204"),
    "over_limit": ("clamp", "400"),
    "unknown_fields": ("ignore", "400"),
    "analysis_templates": ("sdk", "docs", "old"),
    "not_active_status": (400, 409, 422),
    "completed_status": (400, 409),
    "unanswered_status": ("failed", "ended"),
    "unreached_lead_status": ("skipped", "no_answer"),
    "override_merge": ("shallow", "deep"),
    "realtime_stt": ("object", "null"),
    "webhook_call_id": ("same", "uuid"),
    "outcome": ("", "conversation", "no-answer", "voicemail", "error", "transferred", "max-duration"),
}


@dataclass
class Options:
    """`outcome` forces how placed calls go (empty: random). Rates are shares of 1, times are seconds."""

    error_shape: str = "A"
    delete_answer: str = "success"
    over_limit: str = "clamp"
    unknown_fields: str = "ignore"
    analysis_templates: str = "sdk"
    not_active_status: int = 400
    completed_status: int = 400
    unanswered_status: str = "failed"
    unreached_lead_status: str = "skipped"
    override_merge: str = "shallow"
    realtime_stt: str = "object"
    webhook_call_id: str = "same"
    outcome: str = ""
    live_transcript: bool = True
    recordings: bool = True
    background_traffic: bool = True
    campaigns_dial: bool = True
    overnight_windows: bool = True
    answer_rate: float = 0.9
    hang_seconds: float = 12.0
    realtime_say_hangs: float = 0.4
    realtime_say_times_out: float = 0.3
    realtime_context_works: float = 0.15
    campaign_call_limit: int = 200
    requests_per_minute: int = 100
    commands_per_minute: int = 10

    def update(self, values: dict[str, Any]) -> None:
        """Set several at once; a ValueError names the wrong one, and then none is set."""
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        for name, value in values.items():
            if name not in kinds:
                raise ValueError(f"no option {name}")
            if name in CHOICES and value not in CHOICES[name]:
                raise ValueError(f"{name} must be one of {', '.join(map(str, CHOICES[name]))}")
            if isinstance(value, bool) != (kinds[name] is bool) or not isinstance(value, (kinds[name], int)):
                raise ValueError(f"{name} must be of type {kinds[name].__name__}")
        for name, value in values.items():
            setattr(self, name, value)
