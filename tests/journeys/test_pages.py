"""Every main page, wide and on a phone, light and dark: no rule of WCAG broken, nothing wider than the screen."""

from __future__ import annotations

import re

import pytest

from tests.journeys.axe import findings, pale

STAFF = ["/", "/live/", "/clients/", "/clients/new/", "/clients/bloom-dental/", "/inventory/", "/calls/", "/campaigns/",
         "/connections/", "/activity/", "/sandbox/", "/help/"]  # fmt: skip
CLIENT = ["", "call/", "live/", "calls/", "campaigns/", "team/", "settings/", "activity/"]
AUDITOR = ["", "tenants/tenant/", "calls/call/", "tenants/auditentry/"]
SCREENS = [
    {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True},
]
OTHER = {"light": "dark", "dark": "light"}


@pytest.fixture(params=SCREENS, ids=["wide", "phone"])
def screen(request):
    return request.param


@pytest.fixture
def wrong(screen):
    """What is wrong with the page at an address, in both schemes of colour."""

    def look(page, path, *, status=200, django=False):
        answer = page.goto(path)
        found = [f"answers {answer.status}"] if answer.status != status else []
        if page.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
            found.append("is wider than the screen")
        found += findings(page, django=django)
        page.emulate_media(color_scheme=OTHER[screen["color_scheme"]])
        found += [f"{OTHER[screen['color_scheme']]} {one}" for one in pale(page)]
        page.emulate_media(color_scheme=screen["color_scheme"])
        return [f"{path} {one}" for one in found]

    return look


def test_the_pages_of_staff(window, screen, wrong):
    page = window("admin@patchbay.test", **screen)
    assert [one for path in STAFF for one in wrong(page, path)] == []
    page.goto("/connections/")
    assert wrong(page, page.get_by_role("main").get_by_role("link").first.get_attribute("href")) == []


def test_the_pages_of_a_client(window, screen, wrong):
    page = window("owner@bloom.test", **screen)
    assert [one for path in CLIENT for one in wrong(page, f"/c/bloom-dental/{path}")] == []
    for section in ("calls", "campaigns"):
        page.goto(f"/c/bloom-dental/{section}/")
        links = page.get_by_role("main").locator(f"a[href^='/c/bloom-dental/{section}/']")
        one = next(href for href in links.evaluate_all("all => all.map(a => a.getAttribute('href'))")
                   if re.search(r"/[0-9a-f-]+/$", href))  # fmt: skip
        assert wrong(page, one) == []


def test_the_pages_of_an_auditor(window, screen, wrong):
    page = window("auditor@patchbay.test", **screen)
    assert [one for path in AUDITOR for one in wrong(page, f"/admin/{path}", django=True)] == []


def test_the_pages_without_a_person(window, screen, wrong):
    page = window(**screen)
    assert [one for path in ("/accounts/login/", "/accounts/password/reset/") for one in wrong(page, path)] == []
    page = window("owner@harbor.test", **screen)
    assert wrong(page, "/nowhere/", status=404) == []
