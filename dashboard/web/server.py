"""The web server: uvicorn around `dashboard.asgi`. How it stops is in `docs/architecture.md`."""

import argparse
import asyncio
import os
import resource
import socket
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvicorn

from dashboard import garbage_collection
from dashboard.live_updates import feed
from dashboard.web import memory
from dashboard.web import shutdown as stopping

log = structlog.get_logger()

IN_FLIGHT = 35  # seconds for requests that have begun; one that waits for VoiceDock takes at most 30
BACKLOG = 4096  # connections that wait to be taken: after a restart every open page comes back at once
OPEN_FILES = 20_000  # each stream is one
KEEP_ALIVE = 75  # seconds: longer than a proxy keeps a connection, so that it never writes into one that closes
TICKS = 50  # of a tenth of a second, between two looks at the memory
LOADED = (600, 6_000)  # ticks after which most of what is loaded when it is first used, such as templates, is there


class Server(uvicorn.Server):
    """Stops in this order: not ready any more, streams end, proxies notice, requests in flight end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._warming = set(LOADED)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        garbage_collection.leave_out_present()
        if self.started and (path := os.environ.get("PATCHBAY_READY_FILE")):
            Path(path).touch()

    async def on_tick(self, counter: int) -> bool:
        """Each tenth of a second; True ends the process."""
        if counter % TICKS == 0 and memory.is_beyond_cap():
            log.warning("web_memory_cap", megabytes=memory.used() >> 20, most=memory.most() >> 20)
            return True
        if counter in self._warming:
            self._warming.remove(counter)  # the counter begins anew each day
            garbage_collection.leave_out_present()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        stopping.begin()
        feed.close()
        until = asyncio.get_running_loop().time() + notice()
        while not self.force_exit and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.05)
        await super().shutdown(sockets)


def notice() -> float:
    """Seconds between not being ready and taking no more requests, for a balancer that asks `/readyz`."""
    return float(os.environ.get("PATCHBAY_STOP_NOTICE", "0"))


def configuration(host: str, port: int) -> uvicorn.Config:
    """Access is logged by the proxy. Its headers are believed only when we are told which addresses are proxies."""
    behind_proxy = os.environ.get("PATCHBAY_PROXY") == "1"
    return uvicorn.Config(
        "dashboard.asgi:application",
        host=host,
        port=port,
        backlog=BACKLOG,
        timeout_graceful_shutdown=IN_FLIGHT,
        timeout_keep_alive=KEEP_ALIVE,
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=behind_proxy,
        forwarded_allow_ips=os.environ.get("PATCHBAY_PROXY_IPS", "127.0.0.1") if behind_proxy else None,
        lifespan="on",
        ws="none",
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m dashboard.web.server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--socket", type=int, help="the number of a bound socket instead, which processes may share")
    options = parser.parse_args(arguments)
    os.environ.setdefault("PATCHBAY_PROCESS", "web")
    _allow_open_files()
    shared = None if options.socket is None else [socket.socket(fileno=options.socket)]
    Server(configuration(options.host, options.port)).run(shared)


def _allow_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    main()
