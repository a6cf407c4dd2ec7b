"""Calls, and the responses to placing and controlling them (`docs/voicedock-api.md §4, §5`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from .. import parsing, states
from ..parsing import clean, date_time, first_present, integer, mapping, text, url
from .shape import OfAssistant, require_id, require_object


@dataclass(frozen=True)
class RemoteCall(OfAssistant):
    """A call (`§5.1`); `caller_phone` is the person and `assistant_phone` our number, in both directions."""

    id: str
    status: str
    direction: str | None
    caller_phone: str | None
    assistant_phone: str | None
    agent_id: str | None
    agent_name: str | None
    number_id: str | None
    started_at: datetime | None
    ended_at: datetime | None
    duration_seconds: int | None
    end_reason: str | None
    error: str | None
    summary: str | None = field(repr=False)
    analysis: dict[str, Any] | None = field(repr=False)
    messages: tuple[tuple[str, str], ...] = field(repr=False)
    recording_url: str | None = field(repr=False)
    created_at: datetime | None
    updated_at: datetime | None

    @property
    def is_terminal(self) -> bool:
        return states.is_terminal(self.status, self.ended_at)

    @classmethod
    def read(cls, data: Any) -> Self:
        data = require_object(data)
        return cls(
            id=require_id(data),
            status=states.normal(text(data.get("status")) or ""),
            direction=text(data.get("direction")),
            caller_phone=text(data.get("caller_phone")),
            assistant_phone=text(first_present(data, "assistant_phone", "agent_phone", "phone_number")),
            agent_id=text(first_present(data, "agent_id", "assistant_id")),
            agent_name=text(first_present(data, "agent_name", "assistant_name")),
            number_id=text(data.get("number_id")),
            started_at=date_time(data.get("started_at")),
            ended_at=date_time(data.get("ended_at")),
            duration_seconds=integer(first_present(data, "duration_seconds", "duration_sec")),
            end_reason=text(data.get("end_reason")),
            error=text(data.get("error")),
            summary=text(data.get("summary")),
            analysis=clean(mapping(first_present(data, "analysis_result", "analysis"))) or None,
            messages=parsing.messages(data.get("messages")),
            recording_url=url(data.get("recording_url")),
            created_at=date_time(data.get("created_at")),
            updated_at=date_time(data.get("updated_at")),
        )


@dataclass(frozen=True)
class PlacedCall:
    """VoiceDock accepted the call; its status is usually `dialing` (`§5.5`)."""

    call_id: str
    status: str

    @classmethod
    def read(cls, data: Any) -> Self:
        data = require_object(data)
        return cls(require_id(data, "call_id", "id"), states.normal(text(data.get("status")) or "dialing"))


@dataclass(frozen=True)
class Accepted:
    """VoiceDock accepted the command; it never reports whether it had an effect (`§4.1`)."""

    message: str = ""

    @classmethod
    def read(cls, data: Any) -> Self:
        return cls(text(mapping(data).get("message")) or "")
