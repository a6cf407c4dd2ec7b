"""A request and a response, between WSGI and the operations."""

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from .errors import ApiError

MOST_LEVELS = 60  # of nested lists and objects


class ConnectionCut(ConnectionResetError):
    """The connection is closed without a response (or with one that cannot be read)."""


@dataclass
class Request:
    """`path` is decoded, `query` the last value of each name, `raw` the body as received."""

    method: str
    path: str
    query: dict[str, str]
    raw: bytes
    key: str
    peer: str
    range: str = ""

    @classmethod
    def read(cls, environ: dict[str, Any]) -> "Request":
        length = int(environ.get("CONTENT_LENGTH") or 0)
        scheme, _, key = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        return cls(
            method=environ["REQUEST_METHOD"],
            path=environ["PATH_INFO"].encode("latin-1", "replace").decode("utf-8", "replace"),
            query=dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
            raw=environ["wsgi.input"].read(length) if length else b"",
            key=key.strip() if scheme.lower() == "bearer" else "",
            peer=environ.get("REMOTE_ADDR", ""),
            range=environ.get("HTTP_RANGE", ""),
        )

    def json(self) -> dict[str, Any]:
        """The body as an object; raises a 400 for anything else."""
        try:
            body = json.loads(self.raw or b"{}", parse_constant=_refuse_constant)
            if b"\\ud" in self.raw.lower():
                json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair is not text
        except (ValueError, RecursionError):
            raise ApiError(400, "Request body is not valid JSON") from None
        if self._too_deep(body):
            raise ApiError(400, f"Request body is nested deeper than {MOST_LEVELS} levels")
        if not isinstance(body, dict):
            raise ApiError(400, "Request body must be an object")
        return body

    def _too_deep(self, body: object) -> bool:
        """Whether copying it would go too deep for the interpreter."""
        if self.raw.count(b"{") + self.raw.count(b"[") <= MOST_LEVELS:
            return False
        level, depth = [body], 0
        while level and depth <= MOST_LEVELS:
            level = [
                inner
                for outer in level
                if isinstance(outer, dict | list)
                for inner in (outer.values() if isinstance(outer, dict) else outer)
            ]
            depth += 1
        return depth > MOST_LEVELS

    def loggable_body(self) -> object:
        """The body for the request log: parsed where possible."""
        if not self.raw:
            return None
        try:
            body = json.loads(self.raw)
            return body if not self._too_deep(body) else self.raw[:2000].decode("utf-8", "replace")
        except (ValueError, RecursionError):
            return self.raw[:2000].decode("utf-8", "replace")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


@dataclass
class Response:
    """`pause` is real seconds before the response is sent; `cut` closes the connection instead."""

    status: int = 200
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0
    cut: bool = False

    def encoded(self) -> bytes:
        """JSON for objects; bytes (a fault's HTML, for example) are sent as they are."""
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body, separators=(",", ":")).encode()

    def status_line(self) -> str:
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return f"{self.status} Unknown"
