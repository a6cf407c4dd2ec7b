"""The drawing of a day: bars stand on the line, the scale is round, words are where they fit."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dashboard.ui import charts

AT_TWO = datetime(2026, 11, 19, 14, 7, tzinfo=UTC)
ZONE = ZoneInfo("UTC")


def test_an_empty_day_draws_no_bar():
    drawn = charts.draw({}, AT_TWO, ZONE)
    assert [bar.hour.hour for bar in drawn.bars] == list(range(8, 20)) and not drawn.hours and drawn.last is None


@pytest.mark.parametrize("found", [{8: (22, 9), 14: (31, 8)}, {0: (1, 0)}, {23: (0, 4)}, {9: (1500, 800)}])
def test_bars_stand_on_the_line_and_stay_inside(found):
    drawn = charts.draw(found, AT_TWO, ZONE)
    for bar in drawn.bars:
        assert float(bar.reached_y) + float(bar.reached_height) == pytest.approx(charts.HEIGHT, abs=0.1)
        assert float(bar.missed_y) >= charts.HEADROOM - 0.1
        assert float(bar.hit_x[:-1]) + float(bar.hit_width[:-1]) <= 100.1
    assert {hour.hour: (hour.reached, hour.missed) for hour in drawn.hours} == found
    assert 2 <= len(drawn.lines) <= 4
    assert (drawn.reached, drawn.missed) == tuple(map(sum, zip(*found.values(), strict=True)))


def test_words_are_beside_the_last_bar_only_where_they_fit():
    assert charts.draw({9: (3, 1)}, AT_TWO, ZONE).last
    assert charts.draw({19: (3, 1)}, AT_TWO, ZONE).last is None
