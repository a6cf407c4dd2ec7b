"""Many signed webhooks over a few kept connections, as cheap as asyncio allows: the sender shares the processors."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from dashboard.voicedock import webhooks


@dataclass(frozen=True)
class Address:
    """Where one connection's webhooks go."""

    url: str
    token: str
    secret: str

    def request(self, body: bytes) -> bytes:
        """One whole HTTP request, signed now."""
        stamp = str(int(time.time()))
        lines = [
            f"POST /hooks/voicedock/{self.token}/ HTTP/1.1",
            f"Host: {urlsplit(self.url).netloc}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            f"X-Webhook-Timestamp: {stamp}",
            f"X-Webhook-Signature: sha256={webhooks.sign(self.secret, stamp, body)}",
        ]
        return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Sent:
    """Milliseconds of each answer, how long all of them took, and the statuses that were not 200."""

    took: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Line:
    """One connection that is kept; one request at a time."""

    def __init__(self, address: Address) -> None:
        self.address = address

    async def open(self) -> None:
        at = urlsplit(self.address.url)
        self.reader, self.writer = await asyncio.open_connection(at.hostname, at.port)

    async def post(self, request: bytes) -> str:
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        if length:
            await self.reader.readexactly(length)
        return head[9:12].decode()


async def burst(address: Address, bodies: Sequence[Sequence[bytes]]) -> Sent:
    """Each of these sequences over a connection of its own, as fast as they are answered."""
    found = Sent()
    lines = [(Line(address), [address.request(body) for body in group]) for group in bodies]
    await asyncio.gather(*(line.open() for line, _ in lines))
    began = time.monotonic()

    async def send(line: Line, requests: Sequence[bytes]) -> None:
        for request in requests:
            at = time.monotonic()
            _note(found, at, await line.post(request))

    await asyncio.gather(*(send(line, requests) for line, requests in lines))
    found.seconds = time.monotonic() - began
    return found


async def paced(address: Address, bodies: Sequence[bytes], *, rate: float, connections: int) -> Sent:
    """So many a second, each at its time whether those before are answered or not; a late start counts as waiting."""
    found, free = Sent(), asyncio.Queue[Line]()
    lines = [Line(address) for _ in range(connections)]
    await asyncio.gather(*(line.open() for line in lines))
    for line in lines:
        free.put_nowait(line)
    requests = [address.request(body) for body in bodies]
    began = time.monotonic()

    async def send(at: float, request: bytes) -> None:
        line = await free.get()
        _note(found, at, await line.post(request))
        free.put_nowait(line)

    tasks = []
    for nth, request in enumerate(requests):
        at = began + nth / rate
        if (pause := at - time.monotonic()) > 0:
            await asyncio.sleep(pause)
        tasks.append(asyncio.create_task(send(at, request)))
    await asyncio.gather(*tasks)
    found.seconds = time.monotonic() - began
    return found


def _note(found: Sent, began: float, status: str) -> None:
    found.took.append((time.monotonic() - began) * 1000)
    if status != "200":
        found.refused.append(status)
