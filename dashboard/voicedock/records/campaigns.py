"""Campaigns and their leads (`voicedock-api.md §6`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Self

from ..parsing import clean, date_time, first_present, integer, mapping, text, time_of_day
from .shape import OfAssistant, require_id, require_object


@dataclass(frozen=True)
class RemoteCampaign(OfAssistant):
    """A campaign (`§6.1`); `starts` and `ends` are its daily window, in local time of `timezone`."""

    id: str
    name: str
    agent_id: str | None
    status: str
    template: str | None
    starts: time | None
    ends: time | None
    timezone: str | None
    total_leads: int
    completed_leads: int
    failed_leads: int
    created_at: datetime | None
    updated_at: datetime | None

    @classmethod
    def read(cls, data: Any) -> Self:
        data = require_object(data)
        return cls(
            id=require_id(data),
            name=text(data.get("name")) or "",
            agent_id=text(first_present(data, "agent_id", "assistant_id")),
            status=text(data.get("status")) or "",
            template=text(data.get("system_message_template")),
            starts=time_of_day(data.get("schedule_start_time")),
            ends=time_of_day(data.get("schedule_end_time")),
            timezone=text(data.get("timezone")),
            total_leads=integer(data.get("total_leads")) or 0,
            completed_leads=integer(data.get("completed_leads")) or 0,
            failed_leads=integer(data.get("failed_leads")) or 0,
            created_at=date_time(data.get("created_at")),
            updated_at=date_time(data.get("updated_at")),
        )


@dataclass(frozen=True)
class RemoteLead:
    """One person of a campaign (`§6.4`); `call_id` may belong to no call that is listed."""

    id: str
    campaign_id: str | None
    phone_number: str
    variables: Mapping[str, str]
    status: str
    call_id: str | None
    attempts: int
    last_attempt_at: datetime | None
    created_at: datetime | None

    @classmethod
    def read(cls, data: Any) -> Self:
        data = require_object(data)
        variables = clean(mapping(data.get("variables")))
        return cls(
            id=require_id(data),
            campaign_id=text(data.get("campaign_id")),
            phone_number=text(data.get("phone_number")) or "",
            variables={name: text(value) or "" for name, value in variables.items()},
            status=text(data.get("status")) or "",
            call_id=text(data.get("call_id")),
            attempts=integer(data.get("attempts")) or 0,
            last_attempt_at=date_time(data.get("last_attempt_at")),
            created_at=date_time(data.get("created_at")),
        )
