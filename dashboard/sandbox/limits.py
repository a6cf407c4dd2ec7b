"""Rate limits: fixed windows of a minute, per key and per call (voicedock-api.md §1.4)."""

import math

WINDOW = 60.0


class Limits:
    """Counts on the wall clock. `take` says whether one more is allowed; a refusal is not counted."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}

    def take(self, kind: str, who: str, allowed: int, wall: float) -> bool:
        started, used = self._window(kind, who, wall)
        if used >= allowed:
            return False
        self._windows[kind, who] = (started, used + 1)
        if len(self._windows) > 5000:
            self._windows = {key: w for key, w in self._windows.items() if wall < w[0] + WINDOW}
        return True

    def left(self, kind: str, who: str, allowed: int, wall: float) -> int:
        return max(0, allowed - self._window(kind, who, wall)[1])

    def resets_at(self, kind: str, who: str, wall: float) -> float:
        """Unix seconds when the window is over."""
        return self._window(kind, who, wall)[0] + WINDOW

    def retry_after(self, kind: str, who: str, wall: float) -> int:
        """Whole seconds to wait, at least one."""
        return max(1, math.ceil(self.resets_at(kind, who, wall) - wall))

    def clear(self) -> None:
        self._windows.clear()

    def _window(self, kind: str, who: str, wall: float) -> tuple[float, int]:
        started, used = self._windows.get((kind, who), (wall, 0))
        return (started, used) if wall < started + WINDOW else (wall, 0)
