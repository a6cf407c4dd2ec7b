"""What time it is in the sandbox: real time that may run faster, or a clock that stands still until it is moved."""

import threading
import time


class Clock:
    """World time follows the wall clock, `speed` times as fast. Rate limits and signatures stay on the wall clock."""

    def __init__(self, speed: float = 1.0, ahead: float = 0.0) -> None:
        self._lock = threading.Lock()
        self._speed = speed
        self._anchor_wall = time.time()
        self._anchor_world = self._anchor_wall + ahead

    def wall(self) -> float:
        """Unix seconds outside the sandbox."""
        return time.time()

    def now(self) -> float:
        """Unix seconds inside the sandbox."""
        with self._lock:
            return self._anchor_world + (time.time() - self._anchor_wall) * self._speed

    @property
    def speed(self) -> float:
        return self._speed

    @property
    def ahead(self) -> float:
        """Seconds by which the world is ahead of the wall clock."""
        return self.now() - self.wall()

    def run_at(self, speed: float) -> None:
        with self._lock:
            wall = time.time()
            self._anchor_world += (wall - self._anchor_wall) * self._speed
            self._anchor_wall, self._speed = wall, speed

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._anchor_world += seconds


class ManualClock(Clock):
    """Stands still; `advance` moves it. The wall clock is the same clock, so limits and signatures follow it too."""

    def __init__(self, start: float = 1_790_000_000.0) -> None:
        super().__init__()
        self._time = start

    def wall(self) -> float:
        return self._time

    def now(self) -> float:
        return self._time

    def run_at(self, speed: float) -> None:
        self._speed = speed

    def advance(self, seconds: float) -> None:
        self._time += seconds
