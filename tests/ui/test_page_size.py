"""No page grows with the number of clients: menus and filters fetch them when they are opened."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from dashboard.overview.context_processors import CLIENT_PAGES, STAFF_PAGES
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import Membership, StaffGrant, StaffMember, Tenant, User

pytestmark = pytest.mark.django_db
OPENED = {"HX-Request": "true"}


def add_clients(first: int, last: int, member: User | None = None) -> None:
    with scope.for_system("many clients"):
        clients = Tenant.objects.bulk_create(
            Tenant(name=f"Opened {n:04}", slug=f"opened-{n:04}", timezone="Europe/Amsterdam")
            for n in range(first, last)
        )
        if member:
            Membership.objects.bulk_create(Membership(tenant=one, user=member, role=Role.VIEWER) for one in clients)


def is_same_size(browser: Client, path: str, make_few: Callable[[], None], make_more: Callable[[], None]) -> None:
    make_few()
    browser.get(path)
    few = size(browser.get(path))
    make_more()
    assert abs(size(browser.get(path)) - few) < 200


def size(answer) -> int:
    """In characters, without what differs from page to page: tokens, nonces, times."""
    assert answer.status_code == 200
    return len(re.sub(r"[0-9,]+|value=\"[^\"]*\"|nonce=\"[^\"]*\"", "", answer.content.decode()))


LISTED = {"home": 210, "staff-clients": 110}  # pages that list clients, and so many that they do not show them all
OF_STAFF = [*(name for name, *_ in STAFF_PAGES if name != "sandbox"), "account", "help"]
OF_MEMBERS = [name for name, *_ in CLIENT_PAGES]


@pytest.mark.parametrize("name", OF_STAFF)
def test_a_page_of_staff_is_as_large_with_three_hundred_clients_as_with_few(bloom, admin, sign_in, name):
    browser, few = sign_in(admin), LISTED.get(name, 6)
    is_same_size(browser, reverse(name), lambda: add_clients(0, few), lambda: add_clients(few, 300))
    if name not in LISTED:
        assert "opened-0005" not in browser.get(reverse(name)).content.decode()


@pytest.mark.parametrize("path", ["/clients/bloom-dental/", "/calls/?client=bloom-dental"])
def test_so_is_one_about_one_client(bloom, admin, sign_in, path):
    is_same_size(sign_in(admin), path, lambda: add_clients(0, 6), lambda: add_clients(6, 300))


@pytest.mark.parametrize("name", OF_MEMBERS)
def test_so_is_one_of_somebody_who_is_a_member_of_many(bloom, make_member, sign_in, name):
    member = make_member(bloom, Role.OWNER)
    path = reverse(name, args=["bloom-dental"])
    is_same_size(sign_in(member), path, lambda: add_clients(0, 10, member), lambda: add_clients(10, 300, member))


def test_the_menu_and_the_filter_fetch_them(bloom, harbor, admin, sign_in):
    browser = sign_in(admin)
    page = browser.get("/calls/", {"client": "bloom-dental"}).content.decode()
    assert 'hx-get="/client-choices/"' in page and 'hx-get="/client-choices/?here=&amp;menu=client-list"' in page
    options = browser.get("/client-choices/", {"client": "bloom-dental"}, headers=OPENED).content.decode()
    assert re.findall(r'<option value="([^"]+)"', options) == ["harbor-logistics"]
    menu = browser.get("/client-choices/", {"menu": "client-list", "here": "harbor-logistics"}, headers=OPENED)
    assert re.findall(r'href="(/clients/[^"]+)" +(aria-current)?', menu.content.decode()) == [
        ("/clients/bloom-dental/", ""),
        ("/clients/harbor-logistics/", "aria-current"),
    ]


def test_without_scripts_the_page_of_clients_leads_there(bloom, admin, sign_in):
    browser = sign_in(admin)
    assert 'href="/clients/"' in browser.get("/calls/").content.decode()
    assert browser.get("/client-choices/")["Location"] == "/clients/"


@pytest.mark.parametrize("path", ["/calls/", "/campaigns/", "/activity/"])
def test_a_client_that_is_chosen_is_shown_and_one_that_does_not_exist_is_an_error(bloom, admin, sign_in, path):
    browser = sign_in(admin)
    page = browser.get(path, {"client": "bloom-dental"}).content.decode()
    assert re.search(r'<option value="bloom-dental"\s+selected>\s*Bloom Dental', page)
    assert "Select a valid choice" in browser.get(path, {"client": "nobody"}).content.decode()


def test_staff_of_some_clients_fetch_no_other(bloom, harbor, support, sign_in):
    StaffMember.objects.filter(user=support).update(sees_all=False)
    with scope.for_system("a grant"):
        StaffGrant.objects.create(staff=StaffMember.objects.get(user=support), tenant=bloom.tenant)
    for query in ({}, {"menu": "client-list"}):
        answer = sign_in(support).get("/client-choices/", query, headers=OPENED).content.decode()
        assert "bloom-dental" in answer and "harbor-logistics" not in answer
