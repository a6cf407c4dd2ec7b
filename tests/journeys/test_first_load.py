"""What a browser that has nothing yet has to fetch before it shows a page, and in all."""

from __future__ import annotations

from typing import Any

import pytest

OWNER, STAFF = "owner@bloom.test", "admin@patchbay.test"
MOST_BEFORE_PAINT = 60 * 1024  # bytes, as they are sent
MOST_FONTS = 60 * 1024
MOST_REQUESTS = 8
KIND = {"document", "stylesheet"}


def is_blocking(request: Any) -> bool:
    """Nothing is painted before it is there: the page, style sheets, and the script of the theme."""
    return request.resource_type in KIND or "/js/theme." in request.url


def is_of_the_page(request: Any) -> bool:
    """Not what a page that is shown asks for by itself: its stream, and parts that have changed meanwhile."""
    return request.resource_type not in ("fetch", "xhr", "eventsource")


@pytest.mark.parametrize(
    ("email", "path"),
    [
        ("", "/accounts/login/"),
        (OWNER, "/c/bloom-dental/calls/"),
        (OWNER, "/c/bloom-dental/"),
        (OWNER, "/c/bloom-dental/live/"),
        (STAFF, "/calls/"),
        (STAFF, "/"),
        (STAFF, "/clients/"),
    ],
)
def test_a_first_visit_is_small_and_compressed(window, email, path):
    page = window(email)
    page.goto("about:blank")
    page.context.new_cdp_session(page).send("Network.clearBrowserCache")
    asked: list[Any] = []
    page.on("requestfinished", lambda request: asked.append(request) if is_of_the_page(request) else None)
    page.goto(path, wait_until="load")
    page.evaluate("() => document.fonts.ready.then(() => true)")
    sent = {request.url: request.sizes()["responseBodySize"] for request in asked}
    names = "\n".join(f"{size:>7} {url}" for url, size in sent.items())
    assert len(sent) <= MOST_REQUESTS, names
    assert sum(sent[request.url] for request in asked if is_blocking(request)) <= MOST_BEFORE_PAINT, names
    assert sum(sent[request.url] for request in asked if request.resource_type == "font") <= MOST_FONTS, names
    uncompressed = [
        request.url
        for request in asked
        if request.resource_type in KIND | {"script"}
        and request.response().headers.get("content-encoding") != "gzip"
        and sent[request.url] > 1000
    ]
    assert uncompressed == []


def test_what_has_a_name_by_its_content_is_asked_for_once(window):
    """A second page fetches nothing but itself."""
    page = window(OWNER)
    page.goto("/c/bloom-dental/calls/", wait_until="load")
    page.goto("/c/bloom-dental/team/", wait_until="load")
    fetched = page.evaluate(
        "() => performance.getEntriesByType('resource').filter(one => one.transferSize > 0).map(one => one.name)"
    )
    assert [url for url in fetched if "/static/" in url] == []
