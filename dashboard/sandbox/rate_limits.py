"""Rate limits: fixed windows of a minute, per key and per call (voicedock-api.md §1.4)."""

import math

WINDOW = 60.0
MOST_WINDOWS = 5000  # before those that are over are removed


class RateLimits:
    """Counts in real time. `take` returns whether one more is allowed; a refusal is not counted."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}

    def take(self, kind: str, subject: str, allowed: int, wall_time: float) -> bool:
        started, used = self._window(kind, subject, wall_time)
        if used >= allowed:
            return False
        self._windows[kind, subject] = (started, used + 1)
        if len(self._windows) > MOST_WINDOWS:
            self._windows = {key: window for key, window in self._windows.items() if wall_time < window[0] + WINDOW}
        return True

    def left(self, kind: str, subject: str, allowed: int, wall_time: float) -> int:
        return max(0, allowed - self._window(kind, subject, wall_time)[1])

    def resets_at(self, kind: str, subject: str, wall_time: float) -> float:
        """Unix seconds when the window is over."""
        return self._window(kind, subject, wall_time)[0] + WINDOW

    def retry_after(self, kind: str, subject: str, wall_time: float) -> int:
        """Whole seconds to wait, at least one."""
        return max(1, math.ceil(self.resets_at(kind, subject, wall_time) - wall_time))

    def clear(self) -> None:
        self._windows.clear()

    def _window(self, kind: str, subject: str, wall_time: float) -> tuple[float, int]:
        started, used = self._windows.get((kind, subject), (wall_time, 0))
        return (started, used) if wall_time < started + WINDOW else (wall_time, 0)
