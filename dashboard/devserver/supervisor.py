"""Starts children in order, waits until each is healthy, restarts what crashes, stops all and leaves nothing."""

import contextlib
import itertools
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from dashboard.devserver import disk_space, processes
from dashboard.devserver.paths import Places

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LONGEST_PAUSE, CALM_AFTER = 30.0, 60.0
LONG_LOG = 5_000_000  # bytes
LONGEST_START = 600.0  # seconds for which even one that works on is waited for
REPORT_AFTER = 10.0  # seconds of waiting, and between two words about it
CHECK_EVERY = 0.5  # seconds between two checks of what a starting process has done


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
    start_limit: float = 40  # seconds in which it neither computes nor writes a line
    stop_limit: float = 10
    stop_group: str = ""  # neighbours of one group need nothing of each other and are stopped at the same time
    files: tuple[int, ...] = ()  # numbers of open files that it inherits, such as a socket


@dataclass
class Running:
    child: Child
    process: subprocess.Popen
    since: float
    pause: float = 0.5
    due: float | None = None  # when a crashed one starts again


class Supervisor:
    """One per `up`. Children are in sessions of their own, so a Ctrl-C reaches us alone and we end them in order."""

    def __init__(self, places: Places, report: Callable[[str], None] = print) -> None:
        self.places, self.report = places, report
        self.running: dict[str, Running] = {}
        self.asked, self._asked_at = 0, -1.0
        self._disk_warning = ""
        self._log_from: dict[str, int] = {}  # where the lines of the newest process of a name begin in its log
        self._wake, self._waker = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._waker, False)

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Signals are ours inside; whatever happens, no child is left afterwards."""
        before = {number: signal.signal(number, self._on_signal) for number in FORWARDED}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        try:
            yield
        finally:
            self.stop()
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """A group and its leader often get the signal both: what comes within a second is the same request."""
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
        log_from = os.fstat(log).st_size
        try:
            process = subprocess.Popen(
                child.command,
                env=child.environment,
                cwd=child.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=0o077,  # what it writes may hold secrets
                preexec_fn=processes.dies_with_us(child.stop_signal),
                pass_fds=child.files,
                **child.user,
            )
        finally:
            os.close(log)
        processes.note(self.places.run / f"{child.name}.pid", process.pid, child.stop_signal)
        known = self.running.get(child.name)
        self.running[child.name] = now = Running(child, process, time.monotonic())
        self._log_from[child.name] = log_from
        if known:
            now.pause = min(known.pause * 2, LONGEST_PAUSE)
        return now

    def _log(self, name: str) -> Path:
        """Long ones begin anew; the one before is kept."""
        path = self.places.logs / f"{name}.log"
        self.rotate(path)
        return path

    def rotate(self, path: Path) -> None:
        """Copied and emptied, since its process writes on into the same file, always at its end."""
        if path.exists() and path.stat().st_size > LONG_LOG:
            shutil.copyfile(path, path.with_suffix(".log.1"))
            os.truncate(path, 0)
            self._log_from[path.stem] = 0

    def _await(self, child: Child) -> None:
        """As long as it makes progress: a busy machine is no fault of the process."""
        progress = Progress(child.start_limit)
        while not child.healthy():
            if self.asked:
                raise Stopped
            code = self.running[child.name].process.poll()
            if code is not None:
                raise Failed(f"{child.name} ended at once ({ending(code)}).\n{self.last_words(child.name)}")
            if progress.is_due() and progress.has_ended(self._done_by(child.name)):
                words = f"{child.name} did not answer within {progress.waited:.0f} s."
                raise Failed(f"{words}\n{self.last_words(child.name)}")
            if progress.is_report_due():
                self.report(f"Still starting {child.name}, for {progress.waited:.0f} s now …")
            self._sleep(0.05)

    def _done_by(self, name: str) -> tuple[int, int]:
        """What changes as long as a process works: its computing time, and the length of its log."""
        log = self.places.logs / f"{name}.log"
        return processes.work(self.running[name].process.pid), log.stat().st_size if log.exists() else 0

    def once(self, child: Child) -> None:
        """Run to its end; Failed when it exits with an error."""
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
                    self.report(
                        f"{it.child.name} ended ({ending(code)}); starting it again. See logs/{it.child.name}.log"
                    )
                elif it.due is not None and now >= it.due:
                    self._spawn(it.child)
            self._look_after_the_disk()
            waiting = [it.due - now for it in self.running.values() if it.due is not None]
            self._sleep(min([max(0.01, pause) for pause in waiting] + [60.0 if not waiting else 5.0]))

    def _look_after_the_disk(self) -> None:
        for name in self.running:
            self.rotate(self.places.logs / f"{name}.log")
        words = disk_space.trouble(self.places.data)
        if words and words != self._disk_warning:
            self.report(words)
        self._disk_warning = words

    def stop(self) -> None:
        """Last started, first stopped, one group after the other: each needs those before it. Asked twice: kill."""
        asked_before = self.asked
        last_first = reversed(list(self.running.values()))
        for _, group in itertools.groupby(last_first, key=lambda it: it.child.stop_group or it.child.name):
            self._stop_together(list(group), asked_before)

    def _stop_together(self, group: list[Running], asked_before: int) -> None:
        for it in group:
            if it.process.poll() is None:
                it.process.send_signal(it.child.stop_signal)
        began = time.monotonic()
        for it in group:
            deadline = began + it.child.stop_limit
            while it.process.poll() is None and time.monotonic() < deadline and self.asked <= max(asked_before, 1):
                self._sleep(0.05)
            processes.kill_group(it.process.pid)  # itself when it would not, and what it may have left
            it.process.wait()
            self._forget(it.child.name)

    def _forget(self, name: str) -> None:
        del self.running[name]
        (self.places.run / f"{name}.pid").unlink(missing_ok=True)

    def _sleep(self, seconds: float) -> None:
        """Wakes at a signal, a child's end included."""
        if select.select([self._wake], [], [], seconds)[0]:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake, 4096)

    def last_words(self, name: str, lines: int = 15) -> str:
        """Of the process that runs now, or ran last; not of one before it that wrote into the same file."""
        path = self.places.logs / f"{name}.log"
        own = path.read_bytes()[self._log_from.get(name, 0) :] if path.exists() else b""
        last = own.decode(errors="replace").splitlines()[-lines:]
        return "\n".join(f"  {line}" for line in last) + f"\n  (from {path})"


@dataclass
class Progress:
    """Whether something that starts still does anything; `patience` is how long it may do nothing."""

    patience: float
    began: float = field(default_factory=time.monotonic)
    checked_at: float = 0.0
    moved_at: float = field(default_factory=time.monotonic)
    reported_at: float = field(default_factory=time.monotonic)
    done: object = None

    @property
    def waited(self) -> float:
        return time.monotonic() - self.began

    def is_due(self) -> bool:
        """A check costs a little, so it is not made at each turn."""
        if time.monotonic() - self.checked_at < min(CHECK_EVERY, self.patience / 4):
            return False
        self.checked_at = time.monotonic()
        return True

    def has_ended(self, done: object) -> bool:
        if done != self.done:
            self.done, self.moved_at = done, time.monotonic()
        return time.monotonic() - self.moved_at > self.patience or self.waited > LONGEST_START

    def is_report_due(self) -> bool:
        if time.monotonic() - self.reported_at < REPORT_AFTER:
            return False
        self.reported_at = time.monotonic()
        return True


def ending(code: int) -> str:
    return f"exit {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
