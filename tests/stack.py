"""A whole Patchbay for a test: `manage.py up` in a folder of its own, as a person would start it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dashboard.devserver.paths import ROOT, Places, free_port

READY = "Patchbay is ready: "


@dataclass
class Stack:
    """What is up: its address, the sandbox's, and everything `up` has printed."""

    url: str
    places: Places
    process: subprocess.Popen
    output: list[str] = field(default_factory=list)

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.places.ports()['sandbox']}"

    def logs(self) -> str:
        return "\n".join(f"== {log.name}\n{log.read_text()[-3000:]}" for log in sorted(self.places.logs.glob("*.log")))


@contextmanager
def folder() -> Iterator[Path]:
    """For its data; not below pytest's own, which is private, and root's PostgreSQL runs as another user."""
    path = Path(tempfile.mkdtemp(prefix="patchbay-up-"))
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextmanager
def up(folder: Path, *, port: int | None = None, within: float = 180, **environment: str) -> Iterator[Stack]:
    """Everything on free ports; stopped as Ctrl-C would, and it must then end well."""
    port = port or free_port()
    given = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-u", str(ROOT / "manage.py"), "up"],
        env={**given, "PATCHBAY_DATA": str(folder), "PORT": str(port), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    stack = Stack(f"http://localhost:{port}", Places(folder), process)
    reader = threading.Thread(target=_listen, args=(stack, ready := threading.Event()), daemon=True)
    reader.start()
    try:
        ready.wait(within)
        if not any(line.startswith(READY) for line in stack.output):
            raise AssertionError(f"`up` did not come up:\n{''.join(stack.output)}\n{stack.logs()}")
        yield stack
    finally:
        process.send_signal(signal.SIGINT)  # nothing happens when the test has ended it already
        try:
            code = process.wait(60)
        finally:
            process.kill()
            reader.join(5)
            process.stdout.close()
    assert code == 0, "".join(stack.output)


def _listen(stack: Stack, ready: threading.Event) -> None:
    """Until its end; `ready` is set by the line, and by an end without it."""
    for line in stack.process.stdout:
        stack.output.append(line)
        if line.startswith(READY):
            ready.set()
    ready.set()
