"""How often a preset was used: counted where the list of calls finds the same rows, in one bounded query."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from dashboard.calls.models import Call
from dashboard.calls.presets import usage
from tenants.access.permissions import Role
from tenants.isolation import scope
from tests.calls.test_presets import LIST, make_preset
from tests.fixtures.call_factories import captured_selects, make_call

DAY = 24 * 3600


@pytest.fixture
def manager(bloom: Any, make_member: Any, sign_in: Any) -> Any:
    return sign_in(make_member(bloom, Role.MANAGER))


def called(setup: Any, name: str, *ago: int) -> None:
    """Calls made with a preset, each so many seconds ago."""
    for seconds in ago:
        call = make_call(setup, state="ended", ago=seconds)
        with scope.for_tenant(setup.tenant):
            Call.objects.filter(pk=call.pk).update(preset_name=name)


def words(page: Any) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split()))


def test_each_preset_says_how_often_it_was_used_and_leads_to_these_calls(bloom, harbor, manager):
    make_preset(bloom, "Reminder"), make_preset(bloom, "Survey"), make_preset(bloom, "Old one")
    called(bloom, "Reminder", 60, 3600, 5 * DAY, 40 * DAY)
    called(bloom, "Old one", 45 * DAY)
    called(harbor, "Survey", 60)
    page = manager.get(LIST)
    assert "3 calls in 30 days, last 1 min ago" in words(page) and "Not used yet" in words(page)
    assert "No calls in 30 days, last" in words(page)
    (link,) = re.findall(r'href="([^"]*preset=[^"]*)"', page.content.decode())
    listed = manager.get(unescape(link))
    assert listed.context["count"] == 3 and len(listed.context["rows"]) == 3
    assert "Reminder" in [chip.words for chip in listed.context["filters"].chips]


def test_a_preset_that_is_not_ones_own_narrows_nothing(bloom, harbor, manager):
    make_preset(harbor, "Their reminder"), make_preset(bloom, "Reminder")
    called(bloom, "Reminder", 60)
    page = manager.get("/c/bloom-dental/calls/?preset=Their+reminder")
    assert page.context["rows"] == [] and '<option value="Their reminder"' not in page.content.decode()


def test_more_calls_than_are_counted_are_not_read(bloom, manager, monkeypatch):
    monkeypatch.setattr(usage, "MOST", 2)
    make_preset(bloom, "Reminder")
    called(bloom, "Reminder", 60, 120, 180, 240)
    with captured_selects() as found:
        page = manager.get(LIST)
    assert "More than 2 calls in 30 days" in words(page)
    (counting,) = [sql for sql in found if "AS counted" in sql]
    assert "LIMIT 3" in counting
