"""The sessions that have streams open here, and whether each may still hear what it hears.

Every open stream is checked within `RECHECK_INTERVAL`: sessions whose mark is the same stay as they are, the others are
read whole. A change of access published by Patchbay itself is acted on at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import monotonic

import psycopg
import structlog
from django.db import DatabaseError

from dashboard.live_updates import access, session_limit
from dashboard.live_updates.access import Access, StreamRequest
from dashboard.live_updates.feed import Feed
from dashboard.live_updates.open_stream import Stream

log = structlog.get_logger()

RECHECK_INTERVAL = 10.0  # seconds; access that ended without `publish.access_changed` ends within them
TURNS = 20  # in which all sessions are checked, so that the checks do not fall together
RENEWED_AFTER = session_limit.LEASE / 2
MOST_PER_SESSION = 12  # streams, over all processes; a browser needs one for all its tabs (static/js/live_updates.js)

executor = ThreadPoolExecutor(4, thread_name_prefix="events")


class Session:
    """The streams of one session in this process, the oldest first."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.person = 0
        self.mark: int | None = None
        self.streams: list[Stream] = []
        self.is_queued = False
        self.renewed_at = monotonic()


class Sessions:
    """Use from the event loop only; what asks the database or the cache runs in threads."""

    def __init__(self) -> None:
        self.by_key: dict[str, Session] = {}
        self._queue: deque[tuple[float, Session]] = deque()  # by the time of the last check
        self._urgent: set[Session] = set()
        self._is_urgent = asyncio.Event()

    def add(self, stream: Stream, found: Access) -> None:
        """The oldest beyond the limit is ended. Those of other processes count when the leases are renewed."""
        session = self.by_key.setdefault(stream.request.session_key, Session(stream.request.session_key))
        is_first = not session.streams
        session.streams.append(stream)
        session.person = stream.listener.audience.person
        session.mark = found.mark if is_first or session.mark == found.mark else None  # else the others are read again
        for oldest in session.streams[:-MOST_PER_SESSION]:
            oldest.end(bye=True)
        if not session.is_queued:
            session.is_queued = True
            self._queue.append((monotonic(), session))

    def remove(self, stream: Stream) -> None:
        executor.submit(stream.lease.release)
        session = self.by_key[stream.request.session_key]
        session.streams.remove(stream)
        if not session.streams:
            del self.by_key[session.key]

    def check_at_once(self, stream: Stream) -> None:
        session = self.by_key.get(stream.request.session_key)
        if session:
            self._urgent.add(session)
            self._is_urgent.set()

    async def keep_checking(self, changes_feed: Feed) -> None:
        """Until it is cancelled."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_urgent.wait(), RECHECK_INTERVAL / TURNS)
            self._is_urgent.clear()
            urgent, self._urgent = self._urgent, set()
            due = self._due()
            try:
                await self._check(changes_feed, urgent, due)
            except Exception:  # whoever could not be checked hears nothing more
                log.exception("streams_not_checked")
                for stream in [stream for session in {*urgent, *due} for stream in session.streams]:
                    stream.end()

    async def _check(self, changes_feed: Feed, urgent: set[Session], due: Sequence[Session]) -> None:
        changed = await self._changed(changes_feed, [session for session in due if session not in urgent])
        await asyncio.gather(*(self._read_again(changes_feed, one) for one in {*urgent, *changed} if one.streams))
        await self._renew(due)

    def _due(self) -> list[Session]:
        """Those whose turn it is; each goes to the end of the queue."""
        now, found = monotonic(), []
        while self._queue and self._queue[0][0] <= now - RECHECK_INTERVAL * (1 - 2 / TURNS):
            _, session = self._queue.popleft()
            if self.by_key.get(session.key) is session:
                found.append(session)
                self._queue.append((now, session))
        return found

    async def _changed(self, changes_feed: Feed, sessions: Sequence[Session]) -> list[Session]:
        """Those whose mark is another one than when they were read, and all while nobody can say."""
        if not sessions or changes_feed.connection is None:
            return list(sessions)
        people = {session.key: session.person for session in sessions}
        try:
            found = await access.marks(changes_feed.connection, people)
        except (psycopg.Error, OSError):
            return list(sessions)
        return [one for one in sessions if one.mark is None or found.get(one.key) != one.mark]

    async def _read_again(self, changes_feed: Feed, session: Session) -> None:
        """Whole, once for each client that its streams were opened for.

        A stream that opened meanwhile may have been read before a change, so that its session is read once more.
        """
        marks, known = set(), set(session.streams)
        for slug in {stream.request.slug for stream in session.streams}:
            try:
                found = await fetch(StreamRequest(session.key, slug))
            except DatabaseError as error:
                log.warning("stream_access_check_failed", error=type(error).__name__)
                for stream in session.streams:
                    stream.end()
                return
            marks.add(found.mark)
            for stream in [one for one in session.streams if one.request.slug == slug]:
                if found.audience is None:
                    stream.end(bye=True)
                else:
                    changes_feed.change_audience(stream.listener, found.audience)
        session.mark = marks.pop() if len(marks) == 1 and known.issuperset(session.streams) else None

    async def _renew(self, sessions: Iterable[Session]) -> None:
        """The leases of their streams, in one exchange with the cache; those beyond the limit are ended."""
        now = monotonic()
        due = [one for one in sessions if one.renewed_at <= now - RENEWED_AFTER]
        streams = [stream for session in due for stream in session.streams]
        if not streams:
            return
        leases = [stream.lease for stream in streams]
        loop = asyncio.get_running_loop()
        staying = await loop.run_in_executor(executor, session_limit.hold_all, leases, MOST_PER_SESSION)
        for session in due:
            session.renewed_at = now
        for stream, stays in zip(streams, staying, strict=True):
            if not stays:
                stream.end(bye=True)


async def fetch(stream_request: StreamRequest) -> Access:
    """What this request may receive. Raises DatabaseError when that cannot be read."""
    return await asyncio.get_running_loop().run_in_executor(executor, access.read, stream_request)
