"""One open stream: what waits for it, and how its browser is written to without waiting for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from dashboard.live_updates.access import StreamRequest
from dashboard.live_updates.listeners import Listener
from dashboard.live_updates.session_limit import StreamLease

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

LAST_WORDS = 5.0  # seconds for a browser to take them
BYE = b"event: bye\ndata: {}\n\n"


class Stream:
    """An open stream: its listener, and how its browser is written to."""

    def __init__(self, stream_request: StreamRequest, lease: StreamLease, listener: Listener, send: Send) -> None:
        self.request, self.lease, self.listener, self._send = stream_request, lease, listener, send
        self.says_bye = False
        self.is_stuck = 0  # how often in turn the browser took nothing
        self.slot = 0
        self._task: asyncio.Task[Any] | None = None
        listener.ended = self._wake

    def write(self, body: bytes) -> bool:
        """Without waiting; False when the browser has too much to take already."""
        step = self._send({"type": "http.response.body", "body": body, "more_body": True}).__await__()
        try:
            next(step)
        except StopIteration:
            self.is_stuck = 0
            return True
        step.close()
        self.is_stuck += 1
        self.listener.request_refresh()
        return False

    def end(self, *, bye: bool = False) -> None:
        self.says_bye = self.says_bye or bye
        self.listener.close()

    async def wait(self, receive: Receive) -> None:
        """Until the browser leaves, or somebody ends it; then it gets its last words."""
        self._task = asyncio.current_task()
        try:
            while not self.listener.closed and (await receive())["type"] != "http.disconnect":
                pass
        except asyncio.CancelledError:
            if not self.listener.closed:
                raise
            if self._task:
                self._task.uncancel()
        self._task = None
        if self.listener.closed and not self.is_stuck:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._last_words(), LAST_WORDS)

    async def _last_words(self) -> None:
        if self.says_bye:
            await self._send({"type": "http.response.body", "body": BYE, "more_body": True})
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def _wake(self) -> None:
        if self._task:
            self._task.cancel()
