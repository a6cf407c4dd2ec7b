"""The real web server as a process of its own, against the database of the tests."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

import httpx
from django.db import connection

from dashboard.devserver.paths import ROOT, free_port

START_WITHIN = 60.0  # seconds, on a machine that does much else


@dataclass
class Server:
    port: int
    process: subprocess.Popen

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", trust_env=False, timeout=3).status_code == 200
        except httpx.HTTPError:
            return False

    def wait(self) -> Server:
        until = time.monotonic() + START_WITHIN
        while not self.is_ready():
            assert self.process.poll() is None and time.monotonic() < until, "the web server did not come up"
            time.sleep(0.05)
        return self

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)


@contextmanager
def started(shared: socket.socket | None = None, *, first: str = "", **environment: str) -> Iterator[Server]:
    """It may still be starting; killed at the end, however it is then.

    `shared` is the socket of several of them; `first` is Python to run in it before it serves, after the imports.
    """
    port = shared.getsockname()[1] if shared else free_port()
    where = ["--socket", str(shared.fileno())] if shared else ["--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-c", f"from dashboard.web import server\n{first}\nserver.main()", *where],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PATCHBAY_PROCESS": "web", **database(), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[shared.fileno()] if shared else (),
    )
    try:
        yield Server(port, process)
    finally:
        process.kill()
        process.wait(10)


def database() -> dict[str, str]:
    at = connection.settings_dict
    host = f"{at['USER']}:{quote(at['PASSWORD'])}@{at['HOST']}:{at['PORT']}"
    return {"DATABASE_URL": f"postgresql://{host}/{at['NAME']}", "PATCHBAY_HOSTS": "127.0.0.1"}
