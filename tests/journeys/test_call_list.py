"""The list of calls: what a search found is in sight at every width, and every row is as high as its neighbour."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

CUT = """() => [...document.querySelectorAll('.call-row__summary:has(mark)')].flatMap(line => {
    const box = line.getBoundingClientRect(), marked = line.querySelector('mark').getBoundingClientRect();
    const inSight = marked.width && marked.left >= box.left && marked.right <= box.right + 1
        && marked.bottom <= box.bottom + 2;
    return inSight ? [] : [line.innerText];
})"""
HEIGHTS = "() => [...document.querySelectorAll('.call-row')].map(row => Math.round(row.getBoundingClientRect().height))"


@pytest.mark.parametrize(
    ("email", "path"), [("owner@bloom.test", "/c/bloom-dental/calls/"), ("admin@patchbay.test", "/calls/")]
)
def test_words_that_were_found_are_in_sight(window, email, path):
    page = window(email)
    page.goto(f"{path}?q=insurance")
    expect(page.locator(".call-row__summary mark")).not_to_have_count(0)
    for width in (1440, 1024, 768, 390):
        page.set_viewport_size({"width": width, "height": 900})
        found = page.evaluate(CUT)
        assert found == [], (width, found)


def test_rows_are_equally_high(window):
    page = window("owner@bloom.test", viewport={"width": 1440, "height": 900})
    page.goto("/c/bloom-dental/calls/")
    expect(page.locator(".call-row")).not_to_have_count(0)
    assert len(set(page.evaluate(HEIGHTS))) == 1
