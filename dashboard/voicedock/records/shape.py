"""What all records share: lists, pages, and the fields that are required."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ..errors import Malformed
from ..parsing import first_present, text

T = TypeVar("T")


@dataclass(frozen=True)
class Unreadable:
    """An item of a list that could not be read; `id` is "" where it has none."""

    id: str
    reason: str


class Listing(list[T]):
    """A whole list: the items that could be read, and `unreadable` ones."""

    def __init__(self, items: Iterable[T] = (), unreadable: Iterable[Unreadable] = ()) -> None:
        super().__init__(items)
        self.unreadable = list(unreadable)


@dataclass(frozen=True)
class Page(Generic[T]):
    """A page of a longer list: the items that could be read, and `unreadable` ones."""

    items: list[T]
    total: int
    limit: int
    offset: int
    unreadable: list[Unreadable] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many items VoiceDock sent."""
        return len(self.items) + len(self.unreadable)

    @property
    def more(self) -> bool:
        return self.size > 0 and self.offset + self.size < self.total


class OfAssistant:
    """VoiceDock calls assistants agents in its responses (`§16` 8); both names work here."""

    agent_id: str | None

    @property
    def assistant_id(self) -> str | None:
        return self.agent_id


def require_object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise Malformed("VoiceDock answered with something else than one object.")
    return data


def require_id(data: dict[str, Any], *names: str) -> str:
    found = text(first_present(data, *(names or ("id",))))
    if not found:
        raise Malformed("VoiceDock answered with something that has no id.")
    return found
