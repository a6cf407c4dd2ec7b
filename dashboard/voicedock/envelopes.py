"""Take answers out of what they are wrapped in, which differs by operation (`voicedock-api.md §3.1`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from .errors import Malformed
from .reading import first, mapping, text, whole
from .records import Listing, Page, Unreadable

T = TypeVar("T")


def one(data: Any, *envelopes: str) -> Any:
    """The object itself, or what its envelope holds (`§3.1`)."""
    found = mapping(data)
    return next((found[name] for name in envelopes if isinstance(found.get(name), dict)), data)


def many(data: Any, *envelopes: str) -> list[Any]:
    """A whole list. One that is not there is an error: an empty one would say that everything is gone."""
    found = mapping(data)
    for value in (*(found.get(name) for name in (*envelopes, "data")), data):
        if isinstance(value, list):
            return value
    raise Malformed("VoiceDock answered without the list we asked for.")


def each(values: list[Any], read: Callable[[Any], T]) -> Listing[T]:
    """Every item by itself, so that one that cannot be read does not hide the others.

    Raises `Malformed` when none of them can: then it is not the items that are wrong.
    """
    listed: Listing[T] = Listing()
    for value in values:
        try:
            listed.append(read(value))
        except Malformed as error:
            listed.unreadable.append(Unreadable(text(first(mapping(value), "id")) or "", error.words))
    if values and not listed:
        raise Malformed(listed.unreadable[0].reason)
    return listed


def page(data: Any, envelopes: tuple[str, ...], read: Callable[[Any], T], limit: int, offset: int) -> Page[T]:
    listed = each(many(data, *envelopes), read)
    told = mapping(mapping(data).get("pagination")) or mapping(data)
    total, size, start = whole(told.get("total")), whole(told.get("limit")), whole(told.get("offset"))
    start = offset if start is None else start
    end = start + len(listed) + len(listed.unreadable)
    return Page(list(listed), end if total is None else total, size or limit, start, listed.unreadable)
