"""The HTTP transport: one TLS context per process, and a deadline for a whole response (`httpx` has none)."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import httpcore
import httpx

from dashboard.voicedock.httpx_private import connect_through

ONCE = frozenset({"POST", "PATCH"})  # never repeated

_until: ContextVar[float | None] = ContextVar("until", default=None)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """All network I/O in this block ends within `seconds`: connecting, sending, and reading the whole response."""
    token = _until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(token)


class PooledTransport(httpx.BaseTransport):
    """Two pools: requests that are sent once get a new connection.

    A kept-alive one may be closed while the request is sent, and then it is unknown whether it arrived.
    """

    def __init__(self) -> None:
        self.kept, self.fresh = _transport(keep=4), _transport(keep=0)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return (self.fresh if request.method in ONCE else self.kept).handle_request(request)

    def close(self) -> None:
        self.kept.close()
        self.fresh.close()


@lru_cache(maxsize=1)
def tls() -> ssl.SSLContext:
    """Built once: reading the certificates takes some 30 ms."""
    return httpx.create_ssl_context()


def _transport(keep: int) -> httpx.HTTPTransport:
    limits = httpx.Limits(max_keepalive_connections=keep, keepalive_expiry=15)
    transport = httpx.HTTPTransport(verify=tls(), limits=limits)
    connect_through(transport, _Backend())
    return transport


class _Backend(httpcore.SyncBackend):
    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *args: Any, **more: Any) -> _Stream:
        failure: Exception = httpcore.ConnectError(f"no address for {host}")
        for address in _addresses(host, port):
            try:
                return _Stream(super().connect_tcp(address, port, _left(timeout), *args, **more))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class _Stream(httpcore.NetworkStream):
    """Shortens each wait to what is left of the deadline."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> _Stream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()


def _addresses(host: str, port: int) -> Iterable[str]:
    """The addresses of a host, tried in turn, so that several that do not answer share one deadline."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    return dict.fromkeys(str(address[4][0]) for address in found)


def _left(timeout: float | None, timeout_error: type[Exception] = httpcore.ConnectTimeout) -> float | None:
    until = _until.get()
    if until is None:
        return timeout
    left = until - time.monotonic()
    if left <= 0:
        raise timeout_error("the deadline has passed")
    return left if timeout is None else min(timeout, left)
