"""The web server: uvicorn around `dashboard.asgi`, which ends its open streams before it stops."""

import argparse
import os
import socket
from collections.abc import Sequence

import uvicorn

from dashboard.live import feed


class Server(uvicorn.Server):
    """Open event streams would keep the server alive for ever: each gets its end before the doors close."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        feed.close()
        await super().shutdown(sockets)


def configuration(host: str, port: int) -> uvicorn.Config:
    """Access is logged by the proxy. Its headers are believed only when we are told that there is one."""
    behind_proxy = os.environ.get("PATCHBAY_PROXY") == "1"
    return uvicorn.Config(
        "dashboard.asgi:application",
        host=host,
        port=port,
        timeout_graceful_shutdown=2,
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=behind_proxy,
        forwarded_allow_ips=os.environ.get("PATCHBAY_PROXY_IPS", "*") if behind_proxy else None,
        lifespan="on",
        ws="none",
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m dashboard.running.web", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args(arguments)
    os.environ.setdefault("PATCHBAY_PROCESS", "web")
    Server(configuration(options.host, options.port)).run()


if __name__ == "__main__":
    main()
