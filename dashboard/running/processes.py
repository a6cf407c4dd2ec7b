"""Processes by number: are they still who they were, and how they end with us."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1


def born(pid: int) -> str | None:
    """When the process started, in the kernel's words; None when there is none. Numbers are used again, this is not."""
    if sys.platform == "linux":
        try:
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if words[0] in "ZX" else words[19]
    told = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return told or None


def command_line(pid: int) -> str:
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
        except OSError:
            return ""
    return subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True).stdout


def dies_with_us(number: int) -> Callable[[], None]:
    """To be run in a new child: the kernel sends it this signal when we are gone, however we went (Linux only)."""
    us, prctl = os.getpid(), ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def ask() -> None:
        if prctl:
            prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
            if os.getppid() != us:
                os._exit(1)

    return ask


def note(path: Path, pid: int, number: int) -> None:
    """Write down who runs, for a later start that finds us killed."""
    path.write_text(json.dumps({"pid": pid, "born": born(pid), "signal": number}))


def clean_up(folder: Path, *, patience: float = 6) -> list[str]:
    """End what a killed run has left behind, by the notes in this folder; the names of what was found."""
    found = []
    notes = {path: json.loads(path.read_text() or "{}") for path in sorted(folder.glob("*.pid"))}
    for path, who in notes.items():
        if who and (born(who["pid"]) == who["born"] or _orphans(who["pid"])):
            found.append(path.stem)
            _tell(who["pid"], who["signal"])
    deadline = time.monotonic() + patience
    for path, who in notes.items():
        while path.stem in found and born(who["pid"]) == who["born"] and time.monotonic() < deadline:
            time.sleep(0.05)
        if path.stem in found and (born(who["pid"]) == who["born"] or _orphans(who["pid"])):
            kill_group(who["pid"])
        path.unlink()
    return found


def kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _tell(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _orphans(pid: int) -> bool:
    """The leader of the group is gone, its children are not."""
    if born(pid) is not None:
        return False
    try:
        os.killpg(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
