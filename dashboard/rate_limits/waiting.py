"""Threads of the web server that wait for VoiceDock: meanwhile they hold neither a place at work nor a connection.

The web server opens one `Turn` per request (`dashboard/web/thread_pools.py`). Workers, commands and tests have none,
and then nothing here does anything but give the pooled database connection back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Semaphore

from django.db import connections

_turn: ContextVar[Turn | None] = ContextVar("turn", default=None)


@dataclass
class Turn:
    """One request in a thread of the web server.

    `at_work` limits how many threads of its pool compute or use the database at once; who waits for VoiceDock does not
    count. `may_wait` is False where a thread must not be held for long: the request is answered without asking.
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
def turn(current: Turn) -> Iterator[None]:
    """The block is one request's work; `begin` and `end` inside it say when it waits."""
    token = _turn.set(current)
    current.work()
    try:
        yield
    finally:
        current.rest()
        _turn.reset(token)


def allowed() -> bool:
    """Whether this thread may wait for VoiceDock."""
    current = _turn.get()
    return current is None or current.may_wait


def begin() -> None:
    """From here on the thread only waits. No transaction may be open."""
    for connection in connections.all(initialized_only=True):
        if getattr(connection, "pool", None) is not None:
            connection.close()  # back into the pool: the next query takes one again
    if current := _turn.get():
        current.rest()


def end() -> None:
    """It works again, when one of its pool's places is free."""
    if current := _turn.get():
        current.work()
