"""The sandbox without a socket, for tests: an httpx transport. Cut and slow responses fail as on a network."""

from collections.abc import Callable, Iterable
from typing import Any

import httpx

from .app import Sandbox
from .http_messages import ConnectionCut


class _TooSlow(Exception):
    """The response would come after the client's read timeout."""


class Transport(httpx.BaseTransport):
    """Does not wait: a pause longer than the client's read timeout is a ReadTimeout, a shorter one has no effect."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        read_timeout = request.extensions.get("timeout", {}).get("read")

        def pause(seconds: float) -> None:
            if read_timeout is not None and seconds >= read_timeout:
                raise _TooSlow

        def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            return self.sandbox(environ | {"sandbox.pause": pause}, start_response)

        try:
            return httpx.WSGITransport(app=app).handle_request(request)
        except ConnectionCut as error:
            raise httpx.ReadError(str(error), request=request) from error
        except _TooSlow as error:
            raise httpx.ReadTimeout("timed out", request=request) from error


def client(sandbox: Sandbox, key: str = "", timeout: float = 30.0) -> httpx.Client:
    """A client of the vendor's paths with this key; without one it reaches `/_sandbox` too."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    base = "http://sandbox/api/v1" if key else "http://sandbox"
    return httpx.Client(transport=Transport(sandbox), base_url=base, headers=headers, timeout=timeout)
