"""Where the vendor's behaviour is unknown or a matter of luck, a switch decides (voicedock-api.md §15, §16)."""

from dataclasses import dataclass, fields

from .errors import SHAPES

CHOICES = {
    "error_shape": SHAPES,
    "delete_answer": ("success", "204"),
    "over_limit": ("clamp", "400"),
    "unknown_fields": ("ignore", "400"),
    "analysis_templates": ("sdk", "docs", "old"),
    "not_active_status": (400, 409, 422),
    "completed_status": (400, 409),
    "unanswered": ("failed", "ended"),
    "unreached_lead": ("skipped", "no_answer"),
    "realtime_stt": ("object", "null"),
    "webhook_call_id": ("same", "uuid"),
    "outcome": ("", "conversation", "no-answer", "voicemail", "error", "transferred", "max-duration"),
}


@dataclass
class Switches:
    """`outcome` forces how placed calls go (empty: by chance). Rates are shares of 1, times are seconds."""

    error_shape: str = "A"
    delete_answer: str = "success"
    over_limit: str = "clamp"
    unknown_fields: str = "ignore"
    analysis_templates: str = "sdk"
    not_active_status: int = 400
    completed_status: int = 400
    unanswered: str = "failed"
    unreached_lead: str = "skipped"
    realtime_stt: str = "object"
    webhook_call_id: str = "same"
    outcome: str = ""
    live_transcript: bool = True
    recordings: bool = True
    ambient: bool = True
    campaigns_dial: bool = True
    overnight_windows: bool = True
    answer_rate: float = 0.9
    hang_seconds: float = 12.0
    realtime_say_hangs: float = 0.4
    realtime_say_times_out: float = 0.3
    realtime_context_works: float = 0.15
    campaign_lines: int = 200
    requests_per_minute: int = 100
    commands_per_minute: int = 10

    def turn(self, values: dict) -> None:
        """Set several at once; ValueError tells which one is wrong, and then none is set."""
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        for name, value in values.items():
            if name not in kinds:
                raise ValueError(f"no switch {name}")
            if name in CHOICES and value not in CHOICES[name]:
                raise ValueError(f"{name} must be one of {', '.join(map(str, CHOICES[name]))}")
            if isinstance(value, bool) != (kinds[name] is bool) or not isinstance(value, (kinds[name], int)):
                raise ValueError(f"{name} must be of type {kinds[name].__name__}")
        for name, value in values.items():
            setattr(self, name, value)
