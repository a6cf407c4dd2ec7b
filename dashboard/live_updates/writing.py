"""What is sent to all open streams: changes, each put into words once, and signs of life."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence

import structlog

from dashboard.live_updates.feed import Feed
from dashboard.live_updates.listeners import ChangeEvent, Listener
from dashboard.live_updates.open_stream import Stream
from dashboard.live_updates.sessions import Sessions

log = structlog.get_logger()

HEARTBEAT = 15.0  # seconds
SLOTS = 60  # of the heartbeats, so that they do not fall together
SPREAD = 12  # slots over which the first heartbeats of streams are spread that open together
CHUNK = 100  # streams that are written to before other work of the process has its turn
STUCK = 2  # heartbeats after which a browser that takes nothing is left
STILL_HERE = b": still here\n\n"


class Writer:
    """The open streams of this process."""

    def __init__(self) -> None:
        self.sessions = Sessions()
        self._streams: dict[Listener, Stream] = {}
        self._slots: dict[int, set[Stream]] = defaultdict(set)
        self._slot = 0  # the one that had its turn last
        self._added = 0

    def add(self, stream: Stream) -> None:
        self._streams[stream.listener] = stream
        self._added += 1
        stream.slot = (self._slot - self._added % SPREAD) % SLOTS  # nearly a whole turn from now
        self._slots[stream.slot].add(stream)

    def remove(self, stream: Stream) -> None:
        self._streams.pop(stream.listener, None)
        self._slots[stream.slot].discard(stream)

    async def flush(self, changes_feed: Feed, listeners: Sequence[Listener]) -> None:
        """Send what waits for each of them, but for those whose access is asked for first."""
        known: dict[tuple[ChangeEvent, ...], bytes] = {}
        for nth, listener in enumerate(listeners, start=1):
            stream = self._streams.get(listener)
            if stream is not None and not listener.closed and (listener.has_news or listener.must_recheck_access):
                if listener.must_recheck_access:
                    self.sessions.check_at_once(stream)
                else:
                    self._pass_on(stream, changes_feed.floor, known)
            if nth % CHUNK == 0:
                await asyncio.sleep(0)

    async def keep_alive(self, changes_feed: Feed) -> None:
        """Until it is cancelled: a sign of life to each stream, and once more what a slow browser did not take."""
        while True:
            await asyncio.sleep(HEARTBEAT / SLOTS)
            self._slot = (self._slot + 1) % SLOTS
            for stream in tuple(self._slots[self._slot]):
                if stream.listener.closed or stream.listener.must_recheck_access:
                    continue
                self._pass_on(stream, changes_feed.floor, {})
                if stream.is_stuck >= STUCK:
                    stream.end()

    def _pass_on(self, stream: Stream, floor: str, known: dict[tuple[ChangeEvent, ...], bytes]) -> None:
        """What waits for it, or a sign of life; `known` are batches that were put into words for this `floor`."""
        everything, batch = stream.listener.take()
        if everything:
            words = f"event: refresh\nid: {floor}\ndata: {{}}\n\n".encode()
        elif batch:
            words = known.get(key := tuple(batch)) or known.setdefault(key, _in_words(floor, batch))
        else:
            words = STILL_HERE
        try:
            stream.write(words)
        except Exception:
            log.exception("stream_not_written")
            stream.end()


def _in_words(floor: str, batch: Iterable[ChangeEvent]) -> bytes:
    facts = [json.dumps({"kind": event.kind, "ref": event.ref, "version": event.version}) for event in batch]
    return "".join(f"id: {floor}\ndata: {fact}\n\n" for fact in facts).encode()
