"""The sandbox's time: real time that may run faster, or a clock that stands still until it is moved."""

import threading
import time


class Clock:
    """Sandbox time runs `speed` times as fast as real time. Rate limits and signatures use real time."""

    def __init__(self, speed: float = 1.0, ahead: float = 0.0) -> None:
        self._lock = threading.Lock()
        self._speed = speed
        self._real_anchor = time.time()
        self._sandbox_anchor = self._real_anchor + ahead

    def wall_time(self) -> float:
        """Unix seconds outside the sandbox."""
        return time.time()

    def now(self) -> float:
        """Unix seconds inside the sandbox."""
        with self._lock:
            return self._sandbox_anchor + (time.time() - self._real_anchor) * self._speed

    @property
    def speed(self) -> float:
        return self._speed

    @property
    def ahead(self) -> float:
        """Seconds by which sandbox time is ahead of real time."""
        return self.now() - self.wall_time()

    def run_at(self, speed: float) -> None:
        with self._lock:
            wall_time = time.time()
            self._sandbox_anchor += (wall_time - self._real_anchor) * self._speed
            self._real_anchor, self._speed = wall_time, speed

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._sandbox_anchor += seconds


class ManualClock(Clock):
    """Stands still; `advance` moves it. Real time is the same time, so rate limits and signatures follow it too."""

    def __init__(self, start: float = 1_790_000_000.0) -> None:
        super().__init__()
        self._time = start

    def wall_time(self) -> float:
        return self._time

    def now(self) -> float:
        return self._time

    def run_at(self, speed: float) -> None:
        self._speed = speed

    def advance(self, seconds: float) -> None:
        self._time += seconds
