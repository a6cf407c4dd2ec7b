"""A real Valkey for tests of what web processes share."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard.devserver import valkey
from dashboard.devserver.paths import free_port
from tests.patience import PATIENCE


@contextmanager
def started(folder: Path) -> Iterator[str]:
    """Its address."""
    port = free_port()
    child = valkey.child(folder / "valkey", port=port, password="secret", environment=dict(os.environ))
    process = subprocess.Popen(child.command, env=child.environment, cwd=child.directory, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE
        while not child.healthy():
            assert process.poll() is None and time.monotonic() < deadline
        yield f"redis://:secret@127.0.0.1:{port}/1"
    finally:
        process.kill()
        process.wait()
