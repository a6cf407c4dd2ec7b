"""Numbers and assistants (`voicedock-api.md §7, §8`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from ..capabilities import Family, family_of
from ..configuration import Configuration
from ..parsing import boolean, date_time, first_present, mapping, text
from .shape import OfAssistant, require_id, require_object


@dataclass(frozen=True)
class RemoteNumber(OfAssistant):
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
        data = require_object(data)
        return cls(
            id=require_id(data),
            phone_number=text(first_present(data, "phone_number", "number")),
            name=text(data.get("name")),
            agent_id=text(first_present(data, "agent_id", "assistant_id")),
            agent_name=text(first_present(data, "agent_name", "assistant_name")),
            business_name=text(data.get("business_name")),
            is_active=boolean(data.get("is_active"), default=True),
            transfer_trunk_id=text(data.get("transfer_trunk_id")),
        )


@dataclass(frozen=True)
class RemoteAssistant:
    """A saved assistant (`§8`), without its secrets."""

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
    configuration: Configuration
    created_at: datetime | None
    updated_at: datetime | None

    @property
    def family(self) -> Family:
        return family_of(self.provider)

    @classmethod
    def read(cls, data: Any) -> Self:
        data = require_object(data)
        model = mapping(data.get("llm_config"))
        events = data.get("webhook_events")
        return cls(
            id=require_id(data),
            name=text(data.get("name")),
            business_name=text(data.get("business_name")),
            is_active=boolean(data.get("is_active"), default=True),
            provider=text(model.get("provider")),
            model=text(model.get("model")),
            first_message=text(data.get("first_message")),
            webhook_url=text(data.get("webhook_url")),
            webhook_events=tuple(filter(None, map(text, events))) if isinstance(events, list) else (),
            has_webhook_secret=bool(data.get("webhook_secret")),
            has_voicemail_detection=boolean(data.get("voicemail_detection")),
            has_voicemail_message=bool(text(data.get("voicemail_message"))),
            configuration=Configuration.read(data),
            created_at=date_time(data.get("created_at")),
            updated_at=date_time(data.get("updated_at")),
        )
