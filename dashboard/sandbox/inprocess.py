"""The sandbox without a socket, for tests: an httpx transport in which cut and slow answers fail as on the network."""

import httpx

from .app import Sandbox
from .exchange import ConnectionCut


class _TooSlow(Exception):
    """The client would have given up by now."""


class Transport(httpx.BaseTransport):
    """Nobody really waits: a pause longer than the client's read timeout is a ReadTimeout, a shorter one is nothing."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        patience = request.extensions.get("timeout", {}).get("read")

        def pause(seconds: float) -> None:
            if patience is not None and seconds >= patience:
                raise _TooSlow

        def app(environ: dict, start_response):
            return self.sandbox(environ | {"sandbox.pause": pause}, start_response)

        try:
            return httpx.WSGITransport(app=app).handle_request(request)
        except ConnectionCut as cut:
            raise httpx.ReadError(str(cut), request=request) from cut
        except _TooSlow as late:
            raise httpx.ReadTimeout("timed out", request=request) from late


def client(sandbox: Sandbox, key: str = "", timeout: float = 30.0) -> httpx.Client:
    """A client of the vendor's paths with this key; without one it reaches `/_sandbox` too."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    base = "http://sandbox/api/v1" if key else "http://sandbox"
    return httpx.Client(transport=Transport(sandbox), base_url=base, headers=headers, timeout=timeout)
