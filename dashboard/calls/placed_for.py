"""What a call was placed for, on its page. Apps above this one that place calls for a purpose of their own register."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from dashboard.calls.models import Call
from tenants.isolation import scope


class PlacedFor(NamedTuple):
    """`view` is the name of the page to go back to, `pk` its row; `words` name both. `kind` says what call it is."""

    words: str
    view: str
    pk: int
    kind: str


Find = Callable[[Call], PlacedFor | None]
_finders: list[Find] = []


def find_with(find: Find) -> None:
    """Register who may know it, with one query for a call."""
    _finders.append(find)


@scope.requires_scope
def of(call: Call) -> PlacedFor | None:
    """Inside the scope of its client."""
    if call.origin != Call.Origin.PLACED:
        return None
    return next((found for find in _finders if (found := find(call))), None)
