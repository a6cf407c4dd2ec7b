"""Error pages stand in the frame of the app, mark the section one was in, and say what to do."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client

from tenants.access import own_pages
from tenants.access.permissions import Role, StaffRole
from tests.fixtures.factories import give_password

HOME = "/c/bloom-dental/"
HTML = {"accept": "text/html"}


@pytest.fixture(autouse=True)
def attempts_counted_anew():
    """Wrong answers are counted by address too, which is the same in every test."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def owner(bloom, make_member):
    return give_password(make_member(bloom, Role.OWNER))


def marked(answer) -> list[str]:
    """The addresses that the sidebar marks as where one is."""
    sidebar = re.search(r'<nav class="sidebar".*?</nav>', answer.content.decode(), re.S)
    assert sidebar, "without the sidebar"
    links = re.findall(r"<a\b[^>]*>", sidebar[0])
    return [re.search(r'href="([^"]*)"', link)[1] for link in links if 'aria-current="page"' in link]


@pytest.mark.parametrize(
    ("method", "path", "status", "section"),
    [
        ("get", f"{HOME}calls/00000000-0000-0000-0000-000000000000/", 404, f"{HOME}calls/"),
        ("get", f"{HOME}campaigns/nothing/at/all/", 404, f"{HOME}campaigns/"),
        ("get", f"{HOME}nowhere/", 404, None),
        ("get", f"{HOME}team/invite/", 405, f"{HOME}team/"),
        ("post", f"{HOME}settings/", 422, f"{HOME}settings/"),
        ("get", "/c/harbor-logistics/calls/", 404, None),
        ("get", "/nowhere/", 404, None),
    ],
)
def test_the_section_stays_marked_after_an_error(owner, harbor, sign_in, method, path, status, section):
    answer = getattr(sign_in(owner), method)(path, headers=HTML)
    assert answer.status_code == status
    assert marked(answer) == ([section] if section else [])
    if section and status != 422:
        assert f'href="{section}"' in answer.content.decode().partition("<main")[2]  # the way back


def test_a_page_below_a_section_marks_it(bloom, admin, sign_in):
    browser = sign_in(admin)
    for path, section in (("/clients/bloom-dental/", "/clients/"), ("/clients/new/", "/clients/"), ("/", "/")):
        assert marked(browser.get(path)) == [section]
    assert marked(browser.get(HOME)) == ["/clients/"]  # who would enter


def test_whoever_may_not_open_a_page_reads_whom_to_ask(bloom, make_member, make_staff, sign_in, visit_client):
    answer = sign_in(make_member(bloom, Role.VIEWER)).get(f"{HOME}settings/")
    assert answer.status_code == 403 and marked(answer) == []
    assert "Your role at Bloom Dental is viewer" in answer.content.decode()
    assert "owner" in answer.content.decode() and "Kabelhuis can" not in answer.content.decode()
    answer = sign_in(make_staff(StaffRole.FINANCE)).get("/calls/")
    assert answer.status_code == 403 and "An\n" not in answer.content.decode()
    assert "is finance" in answer.content.decode() and "admin can change it" in answer.content.decode()
    answer = visit_client(make_staff(StaffRole.SUPPORT), bloom, read_only=True).post(f"{HOME}team/invite/")
    assert answer.status_code == 403 and "You can only look here" in answer.content.decode()
    assert marked(answer) == [f"{HOME}team/"]


def test_a_stale_form_is_answered_in_the_frame(owner, sign_in):
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = sign_in(owner).cookies
    answer = browser.post(f"{HOME}settings/", {}, HTTP_REFERER=f"http://testserver{HOME}settings/")
    assert answer.status_code == 403 and marked(answer) == [f"{HOME}settings/"]
    assert "Your form was too old" in answer.content.decode()


def test_too_many_attempts_are_answered_in_the_frame(owner, sign_in):
    browser = sign_in(owner)
    for _ in range(20):
        answer = browser.post("/accounts/reauthenticate/", {"password": "wrong"})
        if answer.status_code == 429:
            break
    assert answer.status_code == 429 and marked(answer) == ["/account/"]
    assert "Too many attempts" in answer.content.decode() and "Wait five minutes" in answer.content.decode()


def test_nobody_signed_in_sees_no_frame(client, bloom):
    answer = client.get("/nowhere/")
    assert answer.status_code == 404 and '<nav class="sidebar"' not in answer.content.decode()
    assert "To sign-in" in answer.content.decode()


def test_an_error_page_needs_no_database(owner, sign_in, monkeypatch):
    def gone(*_: object) -> None:
        raise OperationalError("the database does not answer")

    browser = sign_in(owner)
    monkeypatch.setattr(own_pages, "staff_of", gone)
    answer = browser.get("/nowhere/")
    assert answer.status_code == 404 and '<nav class="sidebar"' not in answer.content.decode()


def test_the_page_of_a_fault_leads_on(client):
    from dashboard.overview.error_views import server_error

    page = server_error(client.get("/healthz").wsgi_request).content.decode()
    for address in ("/", "/account/", "/help/"):
        assert f'href="{address}"' in page


def test_whoever_belongs_to_several_clients_stays_in_the_one_they_were_in(bloom, harbor, make_user, sign_in):
    from tenants.isolation import scope
    from tenants.models import Membership

    user = make_user("Zoë Both")
    for setup in (bloom, harbor):
        with scope.for_tenant(setup.tenant):
            Membership.objects.create(tenant=setup.tenant, user=user, role=Role.MANAGER)
    browser = sign_in(user)
    for slug in ("harbor-logistics", "bloom-dental"):
        browser.get(f"/c/{slug}/calls/")
        for path in ("/nowhere/", "/account/"):
            assert f'href="/c/{slug}/campaigns/"' in browser.get(path).content.decode()
