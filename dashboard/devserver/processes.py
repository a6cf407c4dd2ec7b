"""Processes by number: are they still who they were, and how they end with us."""

import contextlib
import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dashboard.devserver.paths import write_private

PR_SET_PDEATHSIG = 1


def born(pid: int) -> str | None:
    """When the process started, in the kernel's words; None when there is none. Numbers are used again, this is not."""
    if sys.platform == "linux":
        try:
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if words[0] in "ZX" else words[19]
    output = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return output or None


def command_line(pid: int) -> str:
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
        except OSError:
            return ""
    return subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True).stdout


def work(pid: int) -> int:
    """How much a process and its children have computed, in ticks of the kernel; it grows while they are busy."""
    if sys.platform != "linux":
        output = subprocess.run(["ps", "-o", "time=", "-p", str(pid)], capture_output=True, text=True).stdout
        return sum(int(digits) for digits in re.findall(r"\d+", output))
    return sum(_ticks(process) for process in [pid, *_children(pid)])


def _ticks(pid: int) -> int:
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(int(word) for word in words[11:15])


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


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
    write_private(path, json.dumps({"pid": pid, "born": born(pid), "signal": number}))


def _noted(path: Path) -> dict[str, Any]:
    """What `note` wrote; nothing when it cannot be read: half a note names nobody."""
    try:
        who = json.loads(path.read_text())
        return {"pid": int(who["pid"]), "born": who["born"], "signal": int(who["signal"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def clean_up(folder: Path, *, patience: float = 6) -> list[str]:
    """End what a killed run has left behind, by the notes in this folder; the names of what was found."""
    found = []
    notes = {path: _noted(path) for path in sorted(folder.glob("*.pid"))}
    for path, who in notes.items():
        if who and (born(who["pid"]) == who["born"] or _orphans(who["pid"])):
            found.append(path.stem)
            _signal(who["pid"], who["signal"])
    deadline = time.monotonic() + patience
    for path, who in notes.items():
        while path.stem in found and born(who["pid"]) == who["born"] and time.monotonic() < deadline:
            time.sleep(0.05)
        if path.stem in found and (born(who["pid"]) == who["born"] or _orphans(who["pid"])):
            kill_group(who["pid"])
        path.unlink(missing_ok=True)
    return found


def kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _orphans(pid: int) -> bool:
    """Whether the leader of the process group has ended and its children run on."""
    if born(pid) is not None:
        return False
    try:
        os.killpg(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
