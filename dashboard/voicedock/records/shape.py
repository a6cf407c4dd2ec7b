"""What all records share: a page of them, and the little that must be there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..errors import Malformed
from ..reading import first, text

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
