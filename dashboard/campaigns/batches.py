"""Long lists in parts that fit into memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batched(found: Iterable[T], size: int) -> Iterator[list[T]]:
    """In lists of at most `size`. (`itertools.batched` comes with Python 3.12.)"""
    rest = iter(found)
    while some := list(islice(rest, size)):
        yield some
