"""Calls a day of two weeks as a drawing: widths in percent, so that it fits any page; heights in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 140.0  # of the plot; the days stand below it
HEADROOM = 24.0  # pixels left empty above the highest bar, for its figure
ROUNDED_FROM = 10_000  # figures from here on are written in thousands
CROWDED_DAYS, CROWDED_FIGURE = 5, 1000  # beyond these the figures of the week before do not fit on a phone


@dataclass(frozen=True)
class DayCalls:
    """The calls of a day: `reached` people, the `rest`, and all of the day `before` that it is compared with."""

    label: str
    reached: int
    rest: int
    before: int
    url: str = ""

    @property
    def calls(self) -> int:
        return self.reached + self.rest

    @property
    def words(self) -> str:
        return f"{self.label}: {self.calls} calls this week, {self.reached} reached; {self.before} last week"


@dataclass(frozen=True)
class Rect:
    """`x` and `width` in percent, `y` and `height` in pixels from the top; its figure stands above it."""

    x: str
    width: str
    y: str
    height: str
    middle: str
    figure: str
    figure_y: str


@dataclass(frozen=True)
class Bar:
    """The bars of a day; the hit area and the middle of both are in percent."""

    day: DayCalls
    middle: str
    hit_x: str
    hit_width: str
    before: Rect
    reached: Rect
    rest: Rect


@dataclass(frozen=True)
class Chart:
    bars: list[Bar]
    is_crowded: bool

    @property
    def is_empty(self) -> bool:
        return not any(bar.day.calls or bar.day.before for bar in self.bars)


def draw(days: Sequence[DayCalls]) -> Chart:
    """One pair of bars for each day: the week before as an outline, this week filled."""
    most = max((max(day.calls, day.before) for day in days), default=0)
    scale = (HEIGHT - HEADROOM) / max(most, 1)
    share = 100 / max(len(days), 1)
    bars = [_bar(at, day, share, scale) for at, day in enumerate(days)]
    return Chart(bars, len(days) > CROWDED_DAYS or most >= CROWDED_FIGURE)


def _bar(at: int, day: DayCalls, share: float, scale: float) -> Bar:
    left = at * share

    def rect(count: int, above: int, begins: float, width: float, figure: str) -> Rect:
        y = HEIGHT - (count + above) * scale
        return Rect(
            x=_percent(left + share * begins),
            width=_percent(share * width),
            y=f"{y:.1f}",
            height=f"{count * scale:.1f}",
            middle=_percent(left + share * (begins + width / 2)),
            figure=figure,
            figure_y=f"{y - 6:.1f}",
        )

    return Bar(
        day=day,
        middle=_percent(left + share / 2),
        hit_x=_percent(left),
        hit_width=_percent(share),
        before=rect(day.before, 0, 0.17, 0.28, shortened(day.before)),
        reached=rect(day.reached, 0, 0.49, 0.34, ""),
        rest=rect(day.rest, day.reached, 0.49, 0.34, shortened(day.calls)),
    )


def _percent(value: float) -> str:
    return f"{value:.2f}%"


def shortened(count: int) -> str:
    """`1,027`; `12k` where all digits do not fit above a bar."""
    return f"{count / 1000:.0f}k" if count >= ROUNDED_FROM else f"{count:,}"
