"""No page grows with the number of clients: menus and filters fetch them when they are opened."""

from __future__ import annotations

import re

import pytest

from tenants.isolation import scope
from tenants.models import StaffGrant, StaffMember, Tenant

pytestmark = pytest.mark.django_db
OPENED = {"HX-Request": "true"}


def add_clients(first: int, last: int) -> None:
    with scope.for_system("many clients"):
        Tenant.objects.bulk_create(
            Tenant(name=f"Opened {n:04}", slug=f"opened-{n:04}", timezone="Europe/Amsterdam")
            for n in range(first, last)
        )


def size(answer) -> int:
    """In characters, without what differs from page to page: tokens, nonces, times."""
    assert answer.status_code == 200
    return len(re.sub(r"[0-9,]+|value=\"[^\"]*\"|nonce=\"[^\"]*\"", "", answer.content.decode()))


@pytest.mark.parametrize("path", ["/calls/", "/campaigns/", "/activity/", "/clients/bloom-dental/", "/live/"])
def test_a_page_is_as_large_with_three_hundred_clients_as_with_ten(bloom, admin, sign_in, path):
    browser = sign_in(admin)
    add_clients(0, 10)
    browser.get(path)
    few = size(browser.get(path))
    add_clients(10, 300)
    answer = browser.get(path)
    assert abs(size(answer) - few) < 200
    assert "opened-0005" not in answer.content.decode()


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
