"""What all records share: a page of them, and the little that must be there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ..errors import Malformed
from ..reading import first, text

T = TypeVar("T")


@dataclass(frozen=True)
class Unreadable:
    """An item of a list that could not be read; `id` is "" where it has none."""

    id: str
    reason: str


class Listing(list[T]):
    """A whole list, as far as it could be read."""

    def __init__(self, items: Iterable[T] = (), unreadable: Iterable[Unreadable] = ()) -> None:
        super().__init__(items)
        self.unreadable = list(unreadable)


@dataclass(frozen=True)
class Page(Generic[T]):
    """A slice of a longer list, as far as it could be read."""

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
    """VoiceDock calls assistants agents in its answers (`§16` 8); both names work here."""

    agent_id: str | None

    @property
    def assistant_id(self) -> str | None:
        return self.agent_id


def an_object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise Malformed("VoiceDock answered with something else than one object.")
    return data


def its_id(data: dict[str, Any], *names: str) -> str:
    found = text(first(data, *(names or ("id",))))
    if not found:
        raise Malformed("VoiceDock answered with something that has no id.")
    return found
