"""Times on a page are of one zone, and the page says which: a client's own, the reseller's on staff pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from tenants import audit
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import StaffMember, Tenant
from tests.fixtures.call_factories import make_call, make_campaign
from tests.promises import url_matrix

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def at_noon(bloom, harbor, support, time_machine):
    """Noon in Greenwich: something happens at both clients, one of them in New York."""
    time_machine.move_to(NOON)
    with scope.for_system("a client elsewhere"):
        Tenant.objects.filter(pk=harbor.tenant.pk).update(timezone="America/New_York")
        for setup in (bloom, harbor):
            audit.record(support, setup.tenant, "visit.began", setup.tenant)


def clocks(html: str) -> set[str]:
    return set(re.findall(r">(\d\d:\d\d)</time>", html))


def test_a_clients_page_is_in_its_own_zone(at_noon, harbor, bloom, make_member, sign_in):
    for setup, there, words in ((harbor, "07:00", "New York time"), (bloom, "13:00", "Amsterdam time")):
        html = sign_in(make_member(setup, Role.OWNER)).get(f"/c/{setup.tenant.slug}/activity/").content.decode()
        assert there in clocks(html) and words in html
    make_call(harbor, state="ended")
    overview = sign_in(make_member(harbor, Role.OWNER)).get(f"/c/{harbor.tenant.slug}/").content.decode()
    assert "Until 07:00" in overview and "against last week to Monday 07:00" in overview


def test_a_list_of_several_clients_is_in_the_resellers(at_noon, admin, sign_in, settings):
    settings.TIME_ZONE = "Europe/Lisbon"
    html = sign_in(admin).get("/activity/").content.decode()
    assert "12:00" in clocks(html) and "07:00" not in clocks(html) and "Lisbon time" in html


def test_the_auditors_admin_site_writes_the_zone_beside_the_time(at_noon, auditor, sign_in):
    html = sign_in(auditor).get("/admin/tenants/auditentry/").content.decode()
    assert re.search(r"23 Nov 2026, \d\d:00:00 (UTC|CET)", html)


def test_a_zone_this_machine_does_not_know_breaks_nothing():
    assert Tenant(timezone="Mars/Olympus").zone == ZoneInfo("UTC")


STRANGE = ["US", "Europe", "localtime", "Mars/Olympus", "", "W. Europe Standard Time", "<b>UTC</b>", "../UTC"]
ABOUT = {"campaign", "connection", "colleague", ""}
PAGES = [
    endpoint
    for endpoint in url_matrix.every()
    if endpoint.permission
    and "GET" in endpoint.row.methods
    and endpoint.row.about in ABOUT
    and not endpoint.name.startswith("sandbox")
]


@pytest.mark.parametrize("text", STRANGE)
def test_no_page_breaks_on_a_strange_zone_of_a_campaign_or_a_client(text, bloom, admin, make_member, sign_in):
    campaign = make_campaign(bloom, timezone=text)
    with scope.for_system("a strange zone"):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(timezone=text, transient_calls=True)
    owner = sign_in(make_member(bloom, Role.OWNER, places_transient_calls=True))
    staff = sign_in(admin)
    colleague = StaffMember.objects.get(user=admin).pk
    ids = {"slug": bloom.slug, "campaign": campaign.pk, "connection": bloom.connection.pk, "colleague": colleague}
    things = SimpleNamespace(ids=ids)
    seen = {
        endpoint.name: (owner if endpoint.of_client else staff).get(endpoint.address(things, things))
        for endpoint in PAGES
    }
    assert {name: page.status_code for name, page in seen.items() if page.status_code not in (200, 302)} == {}
    assert {"campaigns", "campaign", "client-home", "staff-clients", "settings", "caller-id"} <= set(seen)


@pytest.mark.parametrize("text", ["US", "Mars/Olympus", ""])
def test_an_unknown_zone_is_shown_and_nothing_is_computed_with_it(text, bloom, admin, make_member, sign_in):
    campaign = make_campaign(bloom, timezone=text, starts=time(9), ends=time(17))
    owner = sign_in(make_member(bloom, Role.OWNER))
    shown = owner.get(f"/c/bloom-dental/campaigns/{campaign.pk}/")
    page, status = shown.content.decode(), shown.context["row"].status
    assert "is not known" in page and not re.search(r"it is \d\d:\d\d there", page)
    assert not status.is_calling and not status.waits
    with scope.for_system("a strange zone"):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(timezone=text)
    assert "are in UTC until an owner chooses another" in owner.get("/c/bloom-dental/").content.decode()
    assert "UTC, because its time zone" in sign_in(admin).get("/clients/bloom-dental/").content.decode()


def test_a_form_takes_what_is_read_and_keeps_its_exact_name(bloom, make_member, sign_in):
    owner = sign_in(make_member(bloom, Role.OWNER))
    form = {"name": "Bloom Dental", "brand_hue": 186, "brand_chroma": "0.078"}
    refused = owner.post("/c/bloom-dental/settings/", form | {"timezone": "US"})
    assert refused.status_code == 422 and "Choose a time zone from the list" in refused.content.decode()
    assert 'value="US"' in refused.content.decode()
    assert owner.post("/c/bloom-dental/settings/", form | {"timezone": "w. europe standard time"}).status_code == 302
    with scope.for_system("look"):
        assert Tenant.objects.get(pk=bloom.tenant.pk).timezone == "Europe/Berlin"
