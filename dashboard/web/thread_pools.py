"""The threads that serve requests: apart for each kind, so that one kind's trouble is not another's.

A thread that waits for VoiceDock is cheap; what is scarce is the processor and the database. Pools whose requests wait
have many threads and few places at work (`dashboard/rate_limits/waiting.py`). `CONNECTIONS` is how many database
connections all of them can use at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Semaphore
from typing import Any

from a2wsgi import WSGIMiddleware

from dashboard.rate_limits import waiting
from dashboard.web.request_kinds import Kind, Route

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

CHUNKS = 256  # of an answer that may wait for its reader without holding the thread that made it
STREAMED_CHUNKS = 16


@dataclass(frozen=True)
class Size:
    """`threads`; `most` requests that run or wait for one; `at_work`: how many may compute at once."""

    threads: int
    most: int
    at_work: int
    may_wait: bool = False
    share: int = 0  # of `most`, what one client may take; 0: all
    chunks: int = CHUNKS


SIZES = {
    Kind.PAGE: Size(threads=8, most=400, at_work=8),
    Kind.COMMAND: Size(threads=64, most=64, at_work=3, may_wait=True, share=52),
    Kind.ENDING: Size(threads=48, most=48, at_work=3, may_wait=True, share=32),
    Kind.EXPORT: Size(threads=2, most=12, at_work=2, chunks=STREAMED_CHUNKS),
    Kind.UPLOAD: Size(threads=2, most=6, at_work=2, share=3),  # each holds its file in memory
}
CONNECTIONS = sum(size.at_work for size in SIZES.values()) + 4 + 2 + 1  # checks of streams, readiness, of uploads


class Pool:
    """The threads of one kind. Use from the event loop only."""

    def __init__(self, application: Application, size: Size) -> None:
        self.size, self.inside = size, 0
        self.clients: Counter[str] = Counter()
        self._at_work = Semaphore(size.at_work)
        self._application = application
        self._threads = WSGIMiddleware(self._serve, workers=size.threads, send_queue_size=size.chunks)  # type: ignore[arg-type]

    def has_capacity(self, client: str = "") -> bool:
        full = self.inside >= self.size.most
        return not full and not (client and self.size.share and self.clients[client] >= self.size.share)

    async def run(self, client: str, scope: Any, receive: Any, send: Any) -> None:
        self.inside += 1
        self.clients[client] += 1
        try:
            await self._threads(scope, receive, send)
        finally:
            self.inside -= 1
            self.clients[client] -= 1
            self.clients += Counter()  # drops those at zero

    def _serve(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with waiting.use_slot(waiting.RequestSlot(self._at_work, may_wait=self.size.may_wait)):
            return self._application(environ, start_response)


class Pools:
    """All of them, and where a request goes when its own is full."""

    def __init__(self, application: Application, sizes: dict[Kind, Size] | None = None) -> None:
        self.of = {kind: Pool(application, size) for kind, size in (sizes or SIZES).items()}

    def choose(self, route: Route, *, ends: bool) -> Pool | None:
        """Its own pool; for what may wait, else the pages', where it is answered without asking VoiceDock. None: full.

        So a command that finds no thread still has its receipt, which says that it was not sent.
        """
        wanted = [Kind.PAGE if route.kind == Kind.HOOK else route.kind]
        if route.kind == Kind.COMMAND:
            wanted = [Kind.ENDING, Kind.COMMAND, Kind.PAGE] if ends else [Kind.COMMAND, Kind.PAGE]
        return next((self.of[kind] for kind in wanted if self.of[kind].has_capacity(route.client)), None)
