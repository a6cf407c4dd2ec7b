"""The drawing of two weeks: bars stand on the line, each with its own figure, and nothing leaves the plot."""

from __future__ import annotations

import pytest

from dashboard.ui import charts
from dashboard.ui.charts import DayCalls


def day(reached=0, rest=0, before=0, label="Mon"):
    return DayCalls(label, reached, rest, before, "/calls/")


def test_a_week_without_calls_is_empty():
    drawn = charts.draw([day() for _ in range(5)])
    assert drawn.is_empty and not drawn.is_crowded and len(drawn.bars) == 5


@pytest.mark.parametrize(
    "week",
    [
        [day(70, 27, 88), day(66, 27, 102), day(66, 25, 95), day(84, 37, 84), day()],
        [day(1)],
        [day(0, 4), day(0, 0, 9)],
        [day(1500, 800, 3000) for _ in range(7)],
    ],
)
def test_bars_stand_on_the_line_and_stay_inside(week):
    drawn = charts.draw(week)
    for bar in drawn.bars:
        assert bottom(bar.reached) == pytest.approx(charts.HEIGHT, abs=0.1)
        assert bottom(bar.before) == pytest.approx(charts.HEIGHT, abs=0.1)
        assert bottom(bar.rest) == pytest.approx(float(bar.reached.y), abs=0.11)
        assert min(float(bar.rest.figure_y), float(bar.before.figure_y)) >= charts.HEADROOM - 6.2
        assert float(bar.hit_x[:-1]) + float(bar.hit_width[:-1]) <= 100.1
        assert float(bar.before.x[:-1]) + float(bar.before.width[:-1]) < float(bar.rest.x[:-1])


def bottom(rect):
    return float(rect.y) + float(rect.height)


def test_each_bar_has_its_own_figure():
    drawn = charts.draw([day(70, 27, 88), day(900, 127, 12), day(0, 0, 12_400)])
    assert [(bar.before.figure, bar.rest.figure) for bar in drawn.bars] == [("88", "97"), ("12", "1,027"), ("12k", "0")]


def test_figures_of_the_week_before_give_way_where_they_do_not_fit():
    assert not charts.draw([day(9) for _ in range(5)]).is_crowded
    assert charts.draw([day(9) for _ in range(7)]).is_crowded
    assert charts.draw([day(9, before=1000)]).is_crowded
