"""Campaigns and their leads (`voicedock-api.md §6`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Self

from ..reading import clean, clock, first, mapping, moment, text, whole
from .shape import OfAssistant, an_object, its_id


@dataclass(frozen=True)
class RemoteCampaign(OfAssistant):
    """A campaign (`§6.1`); `starts` and `ends` are its daily window on the wall clock of `timezone`."""

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
        data = an_object(data)
        return cls(
            id=its_id(data),
            name=text(data.get("name")) or "",
            agent_id=text(first(data, "agent_id", "assistant_id")),
            status=text(data.get("status")) or "",
            template=text(data.get("system_message_template")),
            starts=clock(data.get("schedule_start_time")),
            ends=clock(data.get("schedule_end_time")),
            timezone=text(data.get("timezone")),
            total_leads=whole(data.get("total_leads")) or 0,
            completed_leads=whole(data.get("completed_leads")) or 0,
            failed_leads=whole(data.get("failed_leads")) or 0,
            created_at=moment(data.get("created_at")),
            updated_at=moment(data.get("updated_at")),
        )


@dataclass(frozen=True)
class RemoteLead:
    """One person of a campaign (`§6.4`); `call_id` may lead nowhere."""

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
        data = an_object(data)
        variables = clean(mapping(data.get("variables")))
        return cls(
            id=its_id(data),
            campaign_id=text(data.get("campaign_id")),
            phone_number=text(data.get("phone_number")) or "",
            variables={name: text(value) or "" for name, value in variables.items()},
            status=text(data.get("status")) or "",
            call_id=text(data.get("call_id")),
            attempts=whole(data.get("attempts")) or 0,
            last_attempt_at=moment(data.get("last_attempt_at")),
            created_at=moment(data.get("created_at")),
        )
