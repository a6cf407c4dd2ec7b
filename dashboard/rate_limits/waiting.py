"""Threads that wait for VoiceDock release their concurrency slot and their database connection meanwhile.

The web server opens one `RequestSlot` per request (`dashboard/web/thread_pools.py`). Workers, commands and tests have
none; there the functions only return the pooled database connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Semaphore

from django.db import connections

_slot: ContextVar[RequestSlot | None] = ContextVar("request_slot", default=None)


@dataclass
class RequestSlot:
    """The slot of one request in a thread of the web server.

    `at_work` limits how many threads of its pool compute or use the database at once; threads that wait for VoiceDock
    do not count. `may_wait` is False where a thread must not be held for long: requests to VoiceDock are refused then.
    """

    at_work: Semaphore | None = None
    may_wait: bool = True
    _working: bool = False

    def work(self) -> None:
        if not self._working and self.at_work is not None:
            self.at_work.acquire()
        self._working = True

    def rest(self) -> None:
        if self._working and self.at_work is not None:
            self.at_work.release()
        self._working = False


@contextmanager
def use_slot(current: RequestSlot) -> Iterator[None]:
    """Hold the slot in this block; between `begin` and `end` it is released."""
    token = _slot.set(current)
    current.work()
    try:
        yield
    finally:
        current.rest()
        _slot.reset(token)


def allowed() -> bool:
    """Whether this thread may wait for VoiceDock."""
    current = _slot.get()
    return current is None or current.may_wait


def begin() -> None:
    """Release the slot and the database connection: the thread only waits now. No transaction may be open."""
    for connection in connections.all(initialized_only=True):
        if getattr(connection, "pool", None) is not None:
            connection.close()  # returns it to the pool; the next query takes another one
    if current := _slot.get():
        current.rest()


def end() -> None:
    """Take the slot again, as soon as one is free."""
    if current := _slot.get():
        current.work()
