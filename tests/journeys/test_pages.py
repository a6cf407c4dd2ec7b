"""Every main page, wide and on a phone, light and dark: no rule of WCAG broken, nothing wider than the screen."""

from __future__ import annotations

import re

import pytest

from tests.journeys.axe import findings

STAFF = ["/", "/live/", "/clients/", "/clients/new/", "/clients/bloom-dental/", "/inventory/", "/calls/", "/campaigns/",
         "/connections/", "/activity/", "/sandbox/", "/help/"]  # fmt: skip
CLIENT = ["", "call/", "live/", "calls/", "campaigns/", "team/", "settings/", "activity/"]
SCREENS = [
    {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True},
]


@pytest.fixture(params=SCREENS, ids=["wide-light", "phone-dark"])
def screen(request):
    return request.param


def wrong(page, path):
    """What is wrong with the page at this address."""
    answer = page.goto(path)
    found = [f"{path} answers {answer.status}"] if answer.status != 200 else []
    if page.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
        found.append(f"{path} is wider than the screen")
    return found + [f"{path} {finding}" for finding in findings(page)]


def test_the_pages_of_staff(window, screen):
    page = window("admin@patchbay.test", **screen)
    assert [one for path in STAFF for one in wrong(page, path)] == []
    page.goto("/connections/")
    assert wrong(page, page.get_by_role("main").get_by_role("link").first.get_attribute("href")) == []


def test_the_pages_of_a_client(window, screen):
    page = window("owner@bloom.test", **screen)
    assert [one for path in CLIENT for one in wrong(page, f"/c/bloom-dental/{path}")] == []
    for room in ("calls", "campaigns"):
        page.goto(f"/c/bloom-dental/{room}/")
        links = page.get_by_role("main").locator(f"a[href^='/c/bloom-dental/{room}/']")
        one = next(href for href in links.evaluate_all("all => all.map(a => a.getAttribute('href'))")
                   if re.search(r"/[0-9a-f-]+/$", href))  # fmt: skip
        assert wrong(page, one) == []


def test_the_pages_without_a_person(window, screen):
    page = window(**screen)
    assert [one for path in ("/accounts/login/", "/accounts/password/reset/") for one in wrong(page, path)] == []
    assert page.goto("/nowhere/").status in (302, 404) and findings(page) == []
