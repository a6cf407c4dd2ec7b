"""Requests straight to the ASGI application, without a server: what each was answered, and when its body arrives."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from tests.patience import PATIENCE

FORM = "application/x-www-form-urlencoded"


@dataclass
class Request:
    """One request; `chunks` may be given later by `feed`, None ends the body."""

    method: str
    path: str
    query: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @property
    def scope(self) -> dict[str, Any]:
        return {
            "type": "http",
            "http_version": "1.1",
            "method": self.method,
            "path": self.path,
            "query_string": self.query,
            "scheme": "http",
            "client": ("127.0.0.1", 1),
            "server": ("testserver", 80),
            "headers": [(k.lower().encode(), v.encode()) for k, v in {"Host": "testserver", **self.headers}.items()],
        }

    def feed(self, chunk: bytes, *, more: bool = False) -> None:
        self.incoming.put_nowait({"type": "http.request", "body": chunk, "more_body": more})

    def leave(self) -> None:
        self.incoming.put_nowait({"type": "http.disconnect"})

    async def send(self, message: dict[str, Any]) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        return self.messages[0]["status"]

    @property
    def answered(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    async def go(self, application: Any) -> Request:
        await asyncio.wait_for(application(self.scope, self.incoming.get, self.send), PATIENCE)
        return self


def get(path: str, **more: Any) -> Request:
    return Request("GET", path, **more)


def post(path: str, body: bytes = b"", **headers: str) -> Request:
    """A form that is there at once."""
    request = Request("POST", path, headers={"Content-Type": FORM, "Content-Length": str(len(body)), **headers})
    request.feed(body)
    return request
