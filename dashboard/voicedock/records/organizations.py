"""Organizations and their children (`voicedock-api.md §9.1`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from .. import parsing
from ..parsing import date_time, decimal, first_present, integer, text
from .shape import require_id, require_object


@dataclass(frozen=True)
class RemoteChild:
    """An organization below another, of which VoiceDock lists only the name (`§9.1`)."""

    id: str
    name: str
    created_at: datetime | None

    @classmethod
    def read(cls, data: Any) -> Self:
        data = require_object(data)
        return cls(require_id(data), text(data.get("name")) or "", date_time(data.get("created_at")))


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
        data = require_object(data)
        return cls(
            id=require_id(data),
            name=text(first_present(data, "name", "company_name")) or "",
            minutes_balance=decimal(data.get("minutes_balance")),
            monthly_usage_minutes=decimal(data.get("monthly_usage_minutes")),
            active_numbers=integer(data.get("active_numbers")),
            active_agents=integer(data.get("active_agents")),
            active_calls=integer(data.get("active_calls")),
            parent_id=text(data.get("parent_org_id")),
            children=tuple(RemoteChild.read(child) for child in parsing.objects(data.get("children"))),
        )


@dataclass(frozen=True)
class CreatedOrganization:
    """The only response that contains this key: store it encrypted before anything else."""

    id: str
    name: str
    parent_id: str | None
    api_key: str = field(repr=False)
    created_at: datetime | None = None

    @classmethod
    def read(cls, data: Any) -> Self:
        data = require_object(data)
        key = data.get("api_key")
        return cls(
            id=require_id(data),
            name=text(data.get("name")) or "",
            parent_id=text(data.get("parent_org_id")),
            api_key=key if isinstance(key, str) else "",
            created_at=date_time(data.get("created_at")),
        )
