"""The history of a campaign's counts as a drawing: areas in steps, since nothing is known to move between snapshots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from dashboard.campaigns import snapshots
from dashboard.campaigns.models import Campaign, CampaignSnapshot
from tenants.isolation import scope

WIDTH, HEIGHT = 600.0, 120.0  # of the drawing, which is stretched to the width of its place
POINTS = 48  # drawn, and rows of the table


class Area(NamedTuple):
    """`kind` is its CSS name; `path` closes at the bottom, and what is below it is drawn later."""

    kind: str
    path: str


@dataclass(frozen=True)
class HistoryChart:
    """`points` are what is drawn, the oldest first; no areas where they are too few to draw."""

    points: list[CampaignSnapshot]
    areas: list[Area]

    @property
    def since(self) -> datetime | None:
        return self.points[0].at if self.points else None

    @property
    def newest_first(self) -> list[CampaignSnapshot]:
        return self.points[::-1]

    @property
    def words(self) -> str:
        """What the drawing shows, in a sentence."""
        first, last = self.points[0], self.points[-1]
        return (
            f"People by state: from {first.completed:,} to {last.completed:,} completed, from {first.not_reached:,} to "
            f"{last.not_reached:,} not reached, {last.left:,} of {last.total:,} left"
        )

    @property
    def last(self) -> CampaignSnapshot:
        return self.points[-1]


LAYERS: tuple[tuple[str, Callable[[CampaignSnapshot], int]], ...] = (
    ("other", lambda point: point.completed + point.not_reached + point.others),
    ("failed", lambda point: point.completed + point.not_reached),
    ("done", lambda point: point.completed),
)


@scope.requires_scope
def of(campaign: Campaign) -> HistoryChart:
    """Three queries, whatever the number of snapshots."""
    return draw(snapshots.spread(campaign, POINTS))


def draw(points: list[CampaignSnapshot]) -> HistoryChart:
    if len(points) < 2:
        return HistoryChart(points, [])
    areas = [Area(kind, _path(points, figure)) for kind, figure in LAYERS if any(figure(point) for point in points)]
    return HistoryChart(points, areas)


def _path(points: Sequence[CampaignSnapshot], figure: Callable[[CampaignSnapshot], int]) -> str:
    begins, ends = points[0].at, points[-1].at + snapshots.PERIOD
    most = max(max(point.total, figure(point)) for point in points) or 1
    steps = [f"M0 {HEIGHT:.0f}"]
    for point in points:
        x = WIDTH * ((point.at - begins) / (ends - begins))
        steps.append(f"H{x:.1f}V{HEIGHT * (1 - figure(point) / most):.1f}")
    return "".join(steps) + f"H{WIDTH:.0f}V{HEIGHT:.0f}Z"
