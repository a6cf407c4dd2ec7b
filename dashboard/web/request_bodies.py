"""Read a whole request body in the event loop, before a thread is taken: no slow sender can hold one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from contextlib import suppress
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

DRAIN_WITHIN = 3.0  # seconds: a sender that is cut off while it sends would not read our answer
HELD_AT_MOST = 64 * 1024 * 1024  # bytes of unfinished bodies in this process


class Refused(Exception):
    """No thread is taken for this request; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Gone(Exception):
    """The sender has left before its body was whole."""


class Bodies:
    """What is being read at this moment, in bytes."""

    def __init__(self, most: int = HELD_AT_MOST) -> None:
        self.most, self.held = most, 0

    async def read(self, receive: Receive, headers: dict[bytes, bytes], largest: int, within: float) -> bytes:
        """The body; raises `Refused` with 400, 408, 413 or 503, and `Gone`."""
        announced = headers.get(b"content-length")
        if announced is None and b"transfer-encoding" not in headers:
            return b""
        if announced is not None:
            if not announced.isdigit():
                raise Refused(400)
            if int(announced) > largest:
                raise Refused(413)
        try:
            return await asyncio.wait_for(self._read(receive, largest), within)
        except TimeoutError:
            raise Refused(408) from None

    async def _read(self, receive: Receive, largest: int) -> bytes:
        body = bytearray()
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                chunk = message.get("body", b"")
                body += chunk
                self.held += len(chunk)
                if len(body) > largest:
                    raise Refused(413)
                if self.held > self.most:
                    raise Refused(503)
                if not message.get("more_body", False):
                    return bytes(body)
        finally:
            self.held -= len(body)


async def drain(receive: Receive) -> None:
    """Take and drop what is still being sent, for a while."""
    with suppress(TimeoutError):
        await asyncio.wait_for(_drop(receive), DRAIN_WITHIN)


async def _drop(receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return


def replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body at once, and then whatever the server says."""
    messages: Iterable[Message] = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def again() -> Message:
        for message in messages:
            return message
        return await receive()

    return again
