"""Calls per hour as a drawing: widths in percent, so that it fits any page; heights in pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

HEIGHT = 214.0  # of the plot; the hours stand below it
HEADROOM = 40.0  # pixels left empty above the highest bar
MARGIN = 4.0  # per cent, for the figures of the scale
LABEL_HOURS = 3  # hours to the right of the last bar that its label needs
DAY = range(8, 20)  # shown even when nothing was called


@dataclass(frozen=True)
class Hour:
    """Calls of one hour of the day, 0 to 23."""

    hour: int
    reached: int
    missed: int


@dataclass(frozen=True)
class Bar:
    """`x`, `width` and the hit area's in percent; `y` and heights in pixels from the top."""

    hour: Hour
    x: str
    width: str
    hit_x: str
    hit_width: str
    middle: str
    reached_y: str
    reached_height: str
    missed_y: str
    missed_height: str
    label_reached: str
    label_missed: str


@dataclass(frozen=True)
class Chart:
    bars: list[Bar]
    lines: list[tuple[str, int]]  # y and what it stands for
    reached: int
    missed: int
    last: Bar | None  # with space for a label beside it
    beside: str

    @property
    def hours(self) -> list[Hour]:
        """Those with calls, for the table."""
        return [bar.hour for bar in self.bars if bar.hour.reached or bar.hour.missed]


def draw(found: dict[int, tuple[int, int]], now: datetime, zone: ZoneInfo) -> Chart:
    """`found`: hour of the day → reached, missed."""
    current_hour = now.astimezone(zone).hour
    span = range(min([DAY.start, *found]), max([DAY.stop - 1, current_hour, *found]) + 1)
    hours = [Hour(hour, *found.get(hour, (0, 0))) for hour in span]
    step = _step(max((hour.reached + hour.missed for hour in hours), default=0))
    top = step * max(2, math.ceil(max((hour.reached + hour.missed for hour in hours), default=0) / step))
    scale = (HEIGHT - HEADROOM) / top
    share = (100 - MARGIN) / len(hours)
    bars = [_bar(at, hour, share, scale) for at, hour in enumerate(hours)]
    called = [bar for bar in bars if bar.hour.reached or bar.hour.missed]
    last = called[-1] if called and called[-1].hour.hour <= span[-1] - LABEL_HOURS else None
    return Chart(
        bars=bars,
        lines=[(f"{HEIGHT - scale * value:.1f}", value) for value in range(step, top + 1, step)],
        reached=sum(hour.reached for hour in hours),
        missed=sum(hour.missed for hour in hours),
        last=last,
        beside=f"{MARGIN + (last.hour.hour - span[0] + 1) * share + 1:.2f}%" if last else "",
    )


def _step(most: int) -> int:
    """A round distance between two lines, so that two to four of them cover the highest bar."""
    for step in (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2500, 5000):
        if most <= 3 * step:
            return step
    return 10 ** len(str(most))


def _bar(at: int, hour: Hour, share: float, scale: float) -> Bar:
    left = MARGIN + at * share
    gap = 1.0 if hour.reached and hour.missed else 0.0
    reached, missed = hour.reached * scale, hour.missed * scale
    return Bar(
        hour=hour,
        x=f"{left + share * 0.22:.2f}%",
        width=f"{share * 0.56:.2f}%",
        hit_x=f"{left:.2f}%",
        hit_width=f"{share:.2f}%",
        middle=f"{left + share / 2:.2f}%",
        reached_y=f"{HEIGHT - reached:.1f}",
        reached_height=f"{reached:.1f}",
        missed_y=f"{HEIGHT - reached - missed:.1f}",
        missed_height=f"{max(0.0, missed - gap):.1f}",
        label_reached=f"{HEIGHT - max(6.0, reached / 2):.1f}",
        label_missed=f"{HEIGHT - max(26.0, reached / 2 + 20, reached + missed / 2):.1f}",
    )
