"""Minutes used, as VoiceDock counts them (`docs/voicedock-api.md §9.2`), documented in three shapes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from ..parsing import date_time, decimal, first_present, integer, mapping, text
from .shape import Page


@dataclass(frozen=True)
class UsageEntry:
    """One call that was counted, without cost or campaign; `call_id` is only sent by old servers."""

    id: str | None
    call_id: str | None
    seconds: int | None
    call_type: str | None
    phone_number: str | None
    agent_name: str | None
    business_name: str | None
    created_at: datetime | None

    @classmethod
    def read(cls, data: Any) -> Self:
        data = mapping(data)
        return cls(
            id=text(data.get("id")),
            call_id=text(data.get("call_id")),
            seconds=integer(first_present(data, "duration_sec", "duration_seconds")),
            call_type=text(data.get("call_type")),
            phone_number=text(data.get("phone_number")),
            agent_name=text(first_present(data, "agent_name", "assistant_name")),
            business_name=text(data.get("business_name")),
            created_at=date_time(data.get("created_at")),
        )


@dataclass(frozen=True)
class RemoteUsage:
    """One page of entries, and sums that seem to be of the whole filter, not of the page."""

    page: Page[UsageEntry]
    total_calls: int | None
    total_seconds: int | None
    total_minutes: Decimal | None

    @classmethod
    def read(cls, data: Any, page: Page[UsageEntry]) -> Self:
        summary = mapping(mapping(data).get("summary"))
        return cls(
            page=page,
            total_calls=integer(summary.get("total_calls")),
            total_seconds=integer(first_present(summary, "total_duration_seconds", "total_seconds")),
            total_minutes=decimal(first_present(summary, "total_duration_minutes", "total_minutes")),
        )


@dataclass(frozen=True)
class RemoteHealth:
    """`ok` only for the status "ok"; anything else counts as degraded (`§16` 42)."""

    ok: bool
    status: str
    version: str = ""

    @classmethod
    def read(cls, data: Any) -> Self:
        data = mapping(data)
        status = text(data.get("status")) or ""
        return cls(status == "ok", status, text(data.get("version")) or "")
