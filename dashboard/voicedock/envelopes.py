"""Unwrap responses: the name of the wrapping field differs by operation (`docs/voicedock-api.md §3.1`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from .errors import Malformed
from .parsing import first_present, integer, mapping, text
from .records import Listing, Page, Unreadable

T = TypeVar("T")


def unwrap(data: Any, *envelopes: str) -> Any:
    """The object in one of these envelopes, or the response itself where it has none (`§3.1`)."""
    found = mapping(data)
    return next((found[name] for name in envelopes if isinstance(found.get(name), dict)), data)


def unwrap_list(data: Any, *envelopes: str) -> list[Any]:
    """A whole list. A missing one raises `Malformed`: an empty one would mean that everything was deleted."""
    found = mapping(data)
    for value in (*(found.get(name) for name in (*envelopes, "data")), data):
        if isinstance(value, list):
            return value
    raise Malformed("VoiceDock answered without the list we asked for.")


def read_each(values: list[Any], read: Callable[[Any], T]) -> Listing[T]:
    """Read each item by itself, so that one that cannot be read does not hide the others.

    Empties `values` meanwhile, so that a long list is not in memory twice. Raises `Malformed` when none of them can be
    read: then the whole response has another shape.
    """
    listed: Listing[T] = Listing()
    values.reverse()
    while values:
        value = values.pop()
        try:
            listed.append(read(value))
        except Malformed as error:
            listed.unreadable.append(Unreadable(text(first_present(mapping(value), "id")) or "", error.message))
    if listed.unreadable and not listed:
        raise Malformed(listed.unreadable[0].reason)
    return listed


def read_page(data: Any, envelopes: tuple[str, ...], read: Callable[[Any], T], limit: int, offset: int) -> Page[T]:
    listed = read_each(unwrap_list(data, *envelopes), read)
    pagination = mapping(mapping(data).get("pagination")) or mapping(data)
    total, size, start = (integer(pagination.get(name)) for name in ("total", "limit", "offset"))
    start = offset if start is None else start
    end = start + len(listed) + len(listed.unreadable)
    return Page(list(listed), end if total is None else total, size or limit, start, listed.unreadable)
