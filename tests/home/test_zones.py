"""Times on a page are of one zone, and the page says which: a client's own, the reseller's on staff pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tenants import audit, scope
from tenants.models import Tenant
from tenants.roles import Role

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def at_noon(bloom, harbor, support, time_machine):
    """Noon in Greenwich: something happens at both clients, one of them in New York."""
    time_machine.move_to(NOON)
    with scope.system("a client elsewhere"):
        Tenant.objects.filter(pk=harbor.tenant.pk).update(timezone="America/New_York")
        for house in (bloom, harbor):
            audit.record(support, house.tenant, "visit.began", house.tenant)


def clocks(html: str) -> set[str]:
    return set(re.findall(r">(\d\d:\d\d)</time>", html))


def test_a_clients_page_is_in_its_own_zone(at_noon, harbor, bloom, member, sign_in):
    for house, there, words in ((harbor, "07:00", "New York time"), (bloom, "13:00", "Amsterdam time")):
        html = sign_in(member(house, Role.OWNER)).get(f"/c/{house.tenant.slug}/activity/").content.decode()
        assert there in clocks(html) and words in html
    overview = sign_in(member(harbor, Role.OWNER)).get(f"/c/{harbor.tenant.slug}/").content.decode()
    assert "until 07:00" in overview


def test_a_list_of_several_clients_is_in_the_resellers(at_noon, admin, sign_in, settings):
    settings.TIME_ZONE = "Europe/Lisbon"
    html = sign_in(admin).get("/activity/").content.decode()
    assert "12:00" in clocks(html) and "07:00" not in clocks(html) and "Lisbon time" in html


def test_the_reading_room_writes_the_zone_beside_the_moment(at_noon, auditor, sign_in):
    html = sign_in(auditor).get("/admin/tenants/auditentry/").content.decode()
    assert re.search(r"23 Nov 2026, \d\d:00 (UTC|CET)", html)


def test_a_zone_this_machine_does_not_know_breaks_nothing():
    assert Tenant(timezone="Mars/Olympus").zone == ZoneInfo("UTC")
