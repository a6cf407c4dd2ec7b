"""The client switcher: whoever is a member of several clients goes from one to the other on every page."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.access.decorators import LAST_CLIENT
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import Membership, Tenant

PAGES = ["", "live/", "calls/", "campaigns/", "team/", "settings/", "activity/", "call/"]


@pytest.fixture
def both(bloom, harbor, make_member):
    user = make_member(bloom, Role.OWNER, "Dora Bloom")
    with scope.for_tenant(harbor.tenant):
        Membership.objects.create(tenant=harbor.tenant, user=user, role=Role.VIEWER)
    return user


@pytest.mark.parametrize("path", PAGES)
def test_every_page_offers_ones_other_clients(both, sign_in, path):
    page = sign_in(both).get(f"/c/bloom-dental/{path}")
    assert page.status_code == 200
    assert [(one["name"], one["url"], one["current"]) for one in page.context["switcher"]] == [
        ("Bloom Dental", "/c/bloom-dental/", True),
        ("Harbor Logistics", "/c/harbor-logistics/", False),
    ]
    assert 'href="/c/harbor-logistics/"' in page.content.decode()


def test_a_person_of_one_client_has_none_and_a_closed_one_is_not_offered(bloom, harbor, both, make_member, sign_in):
    alone = sign_in(make_member(bloom, Role.OWNER)).get("/c/bloom-dental/")
    assert alone.context["switcher"] == [] and "Harbor" not in alone.content.decode()
    with scope.for_system("it closes"):
        Tenant.objects.filter(pk=harbor.tenant.pk).update(status="closed")
    assert sign_in(both).get("/c/bloom-dental/").context["switcher"] == []


def test_it_costs_no_query(bloom, both, make_member, sign_in):
    counts = []
    for user in (make_member(bloom, Role.OWNER), both):
        browser = sign_in(user)
        browser.get("/c/bloom-dental/team/")
        with CaptureQueriesContext(connection) as asked:
            browser.get("/c/bloom-dental/team/")
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("get", {"HX-Request": "true"}),
        ("get", {"Accept": "text/event-stream"}),
        ("get", {"Sec-Fetch-Dest": "empty"}),
        ("get", {"Sec-Fetch-Dest": "audio"}),
        ("post", {}),
    ],
)
def test_only_a_page_that_is_opened_is_remembered_as_the_last_client(both, sign_in, method, headers):
    """The others would each write the whole session, over what another request has stored in it meanwhile."""
    browser = sign_in(both)
    browser.get("/c/harbor-logistics/", headers={"Sec-Fetch-Dest": "document"})
    with CaptureQueriesContext(connection) as queries:
        getattr(browser, method)("/c/bloom-dental/settings/", headers=headers)
    assert browser.session[LAST_CLIENT] == "harbor-logistics"
    assert not [one["sql"] for one in queries if one["sql"].startswith('UPDATE "django_session"')]
    browser.get("/c/bloom-dental/calls/")
    assert browser.session[LAST_CLIENT] == "bloom-dental"
