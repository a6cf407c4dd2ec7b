"""What VoiceDock answers, as frozen records; read tolerantly, since its own papers disagree (`voicedock-api.md §16`).

Fields that are missing, unknown or of another kind are fine. Only what has no id is `Malformed`. Dates are in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import Decimal
from typing import Any, Generic, Self, TypeVar

from . import reading, states
from .capabilities import Family, family_of
from .errors import Malformed
from .reading import clean, clock, first, flag, hundredths, mapping, moment, text, whole

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """A slice of a longer list."""

    items: list[T]
    total: int
    limit: int
    offset: int

    @property
    def more(self) -> bool:
        return bool(self.items) and self.offset + len(self.items) < self.total


class _OfAssistant:
    """VoiceDock calls assistants agents in its answers (`§16` 8); both names work here."""

    agent_id: str | None

    @property
    def assistant_id(self) -> str | None:
        return self.agent_id


@dataclass(frozen=True)
class RemoteChild:
    """An organization below another: no more than its name is told (`§9.1`)."""

    id: str
    name: str
    created_at: datetime | None

    @classmethod
    def read(cls, data: Any) -> Self:
        data = _object(data)
        return cls(_id(data), text(data.get("name")) or "", moment(data.get("created_at")))


@dataclass(frozen=True)
class RemoteOrganization:
    """`minutes_balance` in minutes; children share the balance of their parent (`§12`)."""

    id: str
    name: str
    minutes_balance: Decimal | None
    monthly_usage_minutes: Decimal | None
    active_numbers: int | None
    active_agents: int | None
    active_calls: int | None
    parent_id: str | None
    children: tuple[RemoteChild, ...]

    @classmethod
    def read(cls, data: Any) -> Self:
        data = _object(data)
        return cls(
            id=_id(data),
            name=text(first(data, "name", "company_name")) or "",
            minutes_balance=hundredths(data.get("minutes_balance")),
            monthly_usage_minutes=hundredths(data.get("monthly_usage_minutes")),
            active_numbers=whole(data.get("active_numbers")),
            active_agents=whole(data.get("active_agents")),
            active_calls=whole(data.get("active_calls")),
            parent_id=text(data.get("parent_org_id")),
            children=tuple(RemoteChild.read(one) for one in reading.items(data.get("children"))),
        )


@dataclass(frozen=True)
class CreatedOrganization:
    """The only answer that ever holds this key: seal it before anything else."""

    id: str
    name: str
    parent_id: str | None
    api_key: str = field(repr=False)
    created_at: datetime | None = None

    @classmethod
    def read(cls, data: Any) -> Self:
        data = _object(data)
        key = data.get("api_key")
        return cls(
            id=_id(data),
            name=text(data.get("name")) or "",
            parent_id=text(data.get("parent_org_id")),
            api_key=key if isinstance(key, str) else "",
            created_at=moment(data.get("created_at")),
        )


@dataclass(frozen=True)
class RemoteNumber(_OfAssistant):
    """A phone number (`§7`)."""

    id: str
    phone_number: str | None
    name: str | None
    agent_id: str | None
    agent_name: str | None
    business_name: str | None
    is_active: bool
    transfer_trunk_id: str | None

    @property
    def has_trunk(self) -> bool:
        """Transfers and campaigns need a SIP trunk on the number."""
        return self.transfer_trunk_id is not None

    @classmethod
    def read(cls, data: Any) -> Self:
        data = _object(data)
        return cls(
            id=_id(data),
            phone_number=text(first(data, "phone_number", "number")),
            name=text(data.get("name")),
            agent_id=text(first(data, "agent_id", "assistant_id")),
            agent_name=text(first(data, "agent_name", "assistant_name")),
            business_name=text(data.get("business_name")),
            is_active=flag(data.get("is_active"), default=True),
            transfer_trunk_id=text(data.get("transfer_trunk_id")),
        )


@dataclass(frozen=True)
class RemoteAssistant:
    """A saved assistant (`§8`), without what is secret in it."""

    id: str
    name: str | None
    business_name: str | None
    is_active: bool
    provider: str | None
    model: str | None
    first_message: str | None
    webhook_url: str | None
    webhook_events: tuple[str, ...]
    has_webhook_secret: bool
    has_voicemail_detection: bool
    has_voicemail_message: bool
    created_at: datetime | None
    updated_at: datetime | None

    @property
    def family(self) -> Family:
        return family_of(self.provider)

    @classmethod
    def read(cls, data: Any) -> Self:
        data = _object(data)
        model = mapping(data.get("llm_config"))
        events = data.get("webhook_events")
        return cls(
            id=_id(data),
            name=text(data.get("name")),
            business_name=text(data.get("business_name")),
            is_active=flag(data.get("is_active"), default=True),
            provider=text(model.get("provider")),
            model=text(model.get("model")),
            first_message=text(data.get("first_message")),
            webhook_url=text(data.get("webhook_url")),
            webhook_events=tuple(filter(None, map(text, events))) if isinstance(events, list) else (),
            has_webhook_secret=bool(data.get("webhook_secret")),
            has_voicemail_detection=flag(data.get("voicemail_detection")),
            has_voicemail_message=bool(text(data.get("voicemail_message"))),
            created_at=moment(data.get("created_at")),
            updated_at=moment(data.get("updated_at")),
        )


@dataclass(frozen=True)
class RemoteCall(_OfAssistant):
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
        data = _object(data)
        return cls(
            id=_id(data),
            status=states.normal(text(data.get("status")) or ""),
            direction=text(data.get("direction")),
            caller_phone=text(data.get("caller_phone")),
            assistant_phone=text(first(data, "assistant_phone", "agent_phone", "phone_number")),
            agent_id=text(first(data, "agent_id", "assistant_id")),
            agent_name=text(first(data, "agent_name", "assistant_name")),
            number_id=text(data.get("number_id")),
            started_at=moment(data.get("started_at")),
            ended_at=moment(data.get("ended_at")),
            duration_seconds=whole(first(data, "duration_seconds", "duration_sec")),
            end_reason=text(data.get("end_reason")),
            error=text(data.get("error")),
            summary=text(data.get("summary")),
            analysis=clean(mapping(first(data, "analysis_result", "analysis"))) or None,
            messages=reading.messages(data.get("messages")),
            recording_url=text(data.get("recording_url")),
            created_at=moment(data.get("created_at")),
            updated_at=moment(data.get("updated_at")),
        )


@dataclass(frozen=True)
class PlacedCall:
    """VoiceDock took the call; usually `dialing` (`§5.5`)."""

    call_id: str
    status: str

    @classmethod
    def read(cls, data: Any) -> Self:
        data = _object(data)
        return cls(_id(data, "call_id", "id"), states.normal(text(data.get("status")) or "dialing"))


@dataclass(frozen=True)
class Accepted:
    """VoiceDock took the command. It never tells whether it had an effect (`§4.1`)."""

    message: str = ""

    @classmethod
    def read(cls, data: Any) -> Self:
        return cls(text(mapping(data).get("message")) or "")


@dataclass(frozen=True)
class RemoteCampaign(_OfAssistant):
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
        data = _object(data)
        return cls(
            id=_id(data),
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
        data = _object(data)
        variables = clean(mapping(data.get("variables")))
        return cls(
            id=_id(data),
            campaign_id=text(data.get("campaign_id")),
            phone_number=text(data.get("phone_number")) or "",
            variables={name: text(value) or "" for name, value in variables.items()},
            status=text(data.get("status")) or "",
            call_id=text(data.get("call_id")),
            attempts=whole(data.get("attempts")) or 0,
            last_attempt_at=moment(data.get("last_attempt_at")),
            created_at=moment(data.get("created_at")),
        )


def _object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise Malformed("VoiceDock answered with something else than one object.")
    return data


def _id(data: dict[str, Any], *names: str) -> str:
    found = text(first(data, *(names or ("id",))))
    if not found:
        raise Malformed("VoiceDock answered with something that has no id.")
    return found
