"""Organizations and their children (`voicedock-api.md §9.1`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from .. import reading
from ..reading import first, hundredths, moment, text, whole
from .shape import an_object, its_id


@dataclass(frozen=True)
class RemoteChild:
    """An organization below another: no more than its name is told (`§9.1`)."""

    id: str
    name: str
    created_at: datetime | None

    @classmethod
    def read(cls, data: Any) -> Self:
        data = an_object(data)
        return cls(its_id(data), text(data.get("name")) or "", moment(data.get("created_at")))


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
        data = an_object(data)
        return cls(
            id=its_id(data),
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
        data = an_object(data)
        key = data.get("api_key")
        return cls(
            id=its_id(data),
            name=text(data.get("name")) or "",
            parent_id=text(data.get("parent_org_id")),
            api_key=key if isinstance(key, str) else "",
            created_at=moment(data.get("created_at")),
        )
