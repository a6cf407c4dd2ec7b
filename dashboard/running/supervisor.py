"""Starts children in order, waits until each is healthy, restarts what crashes, stops all and leaves nothing."""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from dashboard.running import processes
from dashboard.running.places import Places

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LONGEST_PAUSE, CALM_AFTER = 30.0, 60.0
LONG_LOG = 5_000_000  # bytes


class Failed(Exception):
    """A child did not start; the words are for a person."""


class Stopped(Exception):
    """Somebody asked us to stop while we were starting."""


@dataclass
class Child:
    """What to run and how to tell that it is well. `user` goes to Popen: user, group, extra_groups."""

    name: str
    command: list[str]
    healthy: Callable[[], bool]
    environment: dict[str, str]
    directory: Path = Path("/")
    user: dict = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    start_limit: float = 40
    stop_limit: float = 10


@dataclass
class Running:
    child: Child
    process: subprocess.Popen
    since: float
    pause: float = 0.5
    due: float | None = None  # when a crashed one starts again


class Supervisor:
    """One per `up`. Children are in sessions of their own, so a Ctrl-C reaches us alone and we end them in order."""

    def __init__(self, places: Places, say: Callable[[str], None] = print) -> None:
        self.places, self.say = places, say
        self.running: dict[str, Running] = {}
        self.asked, self._asked_at = 0, -1.0
        self._wake, self._waker = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._waker, False)

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Signals are ours inside; whatever happens, no child is left afterwards."""
        before = {number: signal.signal(number, self._hear) for number in FORWARDED}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        try:
            yield
        finally:
            self.stop()
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        """A group and its leader are often told both: what comes within a second is the same request."""
        if time.monotonic() - self._asked_at > 1:
            self.asked += 1
            self._asked_at = time.monotonic()

    def start(self, *children: Child) -> None:
        """Start these together; return when all are healthy, raise Failed or Stopped otherwise."""
        for child in children:
            self._spawn(child)
        for child in children:
            self._await(child)

    def _spawn(self, child: Child) -> Running:
        log = os.open(self._log(child.name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            process = subprocess.Popen(
                child.command,
                env=child.environment,
                cwd=child.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=processes.dies_with_us(child.stop_signal),
                **child.user,
            )
        finally:
            os.close(log)
        processes.note(self.places.run / f"{child.name}.pid", process.pid, child.stop_signal)
        known = self.running.get(child.name)
        self.running[child.name] = now = Running(child, process, time.monotonic())
        if known:
            now.pause = min(known.pause * 2, LONGEST_PAUSE)
        return now

    def _log(self, name: str) -> Path:
        """Long ones begin anew; the one before is kept."""
        path = self.places.logs / f"{name}.log"
        if path.exists() and path.stat().st_size > LONG_LOG:
            path.rename(path.with_suffix(".log.1"))
        return path

    def _await(self, child: Child) -> None:
        deadline = time.monotonic() + child.start_limit
        while not child.healthy():
            if self.asked:
                raise Stopped
            code = self.running[child.name].process.poll()
            if code is not None:
                raise Failed(f"{child.name} ended at once ({ending(code)}).\n{self.last_words(child.name)}")
            if time.monotonic() > deadline:
                raise Failed(
                    f"{child.name} did not answer within {child.start_limit:.0f} s.\n{self.last_words(child.name)}"
                )
            self._sleep(0.05)

    def once(self, child: Child) -> None:
        """Run to its end; Failed when it says no."""
        process = self._spawn(child).process
        while process.poll() is None:
            if self.asked:
                raise Stopped
            self._sleep(0.5)
        self._forget(child.name)
        if process.returncode:
            raise Failed(f"{child.name} failed ({ending(process.returncode)}).\n{self.last_words(child.name)}")

    def watch(self) -> None:
        """Until somebody asks to stop: start again whatever ends, after a pause that doubles."""
        while not self.asked:
            now = time.monotonic()
            for it in list(self.running.values()):
                if it.due is None and (code := it.process.poll()) is not None:
                    processes.kill_group(it.process.pid)
                    if now - it.since > CALM_AFTER:
                        it.pause = 0.5
                    it.due = now + it.pause
                    self.say(f"{it.child.name} ended ({ending(code)}); starting it again. See logs/{it.child.name}.log")
                elif it.due is not None and now >= it.due:
                    self._spawn(it.child)
            waiting = [it.due - now for it in self.running.values() if it.due is not None]
            self._sleep(min([max(0.01, pause) for pause in waiting] + [60.0 if not waiting else 5.0]))

    def stop(self) -> None:
        """Last started, first stopped; one after the other, since each needs those before it. Asked twice: kill."""
        asked_before = self.asked
        for name in reversed(list(self.running)):
            it = self.running[name]
            if it.process.poll() is None:
                it.process.send_signal(it.child.stop_signal)
            deadline = time.monotonic() + it.child.stop_limit
            while it.process.poll() is None and time.monotonic() < deadline and self.asked <= max(asked_before, 1):
                self._sleep(0.05)
            processes.kill_group(it.process.pid)  # itself when it would not, and what it may have left
            it.process.wait()
            self._forget(name)

    def _forget(self, name: str) -> None:
        del self.running[name]
        (self.places.run / f"{name}.pid").unlink(missing_ok=True)

    def _sleep(self, seconds: float) -> None:
        """Wakes at a signal, a child's end included."""
        if select.select([self._wake], [], [], seconds)[0]:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake, 4096)

    def last_words(self, name: str, lines: int = 15) -> str:
        path = self.places.logs / f"{name}.log"
        told = path.read_text(errors="replace").splitlines()[-lines:] if path.exists() else []
        return "\n".join(f"  {line}" for line in told) + f"\n  (from {path})"


def ending(code: int) -> str:
    return f"exit {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
