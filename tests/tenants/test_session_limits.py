"""Sessions end by themselves: a fixed time after sign-in whatever happens, and after a while without use."""

import time

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from dashboard.live_updates import access
from tenants.access.permissions import Role, StaffRole
from tenants.accounts import session_limits
from tenants.models import StaffMember
from tests.fixtures.factories import PASSWORD, give_password

START = "2026-10-01T06:00:00Z"
HOUR = session_limits.HOUR


def enter(user) -> Client:
    browser = Client()
    assert browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD}).status_code == 302
    return browser


def heard(browser: Client) -> bool:
    """Whether the event stream of this browser would go on."""
    visitor = access.StreamRequest(browser.cookies[settings.SESSION_COOKIE_NAME].value, "")
    return access.audience_of_session(visitor) is not None


@pytest.fixture
def people(bloom, make_member, admin, auditor):
    return {"client": give_password(make_member(bloom, Role.OWNER)), "staff": give_password(admin), "auditor": auditor}


@pytest.mark.parametrize(("kind", "path"), [("client", "/c/bloom-dental/"), ("staff", "/clients/")])
def test_a_session_that_is_used_all_the_time_ends_after_its_limit(people, kind, path):
    with time_machine.travel(START, tick=False) as clock:
        browser = enter(people[kind])
        limit, step = session_limits.ABSOLUTE[kind], session_limits.IDLE[kind] / 2
        for _ in range(int(limit // step) - 1):
            clock.shift(step)
            assert browser.get(path).status_code == 200
        assert heard(browser)
        clock.shift(step + 1)
        assert not heard(browser)  # the stream ends without a request
        assert browser.get(path)["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(("kind", "path"), [("client", "/c/bloom-dental/"), ("staff", "/clients/")])
def test_a_session_without_use_ends_earlier_and_refreshing_parts_are_no_use(people, kind, path):
    with time_machine.travel(START, tick=False) as clock:
        browser = enter(people[kind])
        clock.shift(session_limits.IDLE[kind] / 2)
        assert browser.get(path, HTTP_HX_REQUEST="true").status_code == 200  # a part that asks for itself
        clock.shift(session_limits.IDLE[kind] / 2 + 1)
        assert not heard(browser)
        assert browser.get(path).status_code == 302


def test_a_form_or_a_page_is_use(people):
    with time_machine.travel(START, tick=False) as clock:
        browser = enter(people["client"])
        for _ in range(3):
            clock.shift(20 * HOUR)
            answer = browser.post("/c/bloom-dental/team/invite/", {}, HTTP_HX_REQUEST="true")
            assert "login" not in answer.get("Location", "")
        assert browser.get("/c/bloom-dental/").status_code == 200


def test_the_cookie_ends_with_the_session(people):
    with time_machine.travel(START, tick=False):
        browser = enter(people["client"])
        cookie = browser.cookies[settings.SESSION_COOKIE_NAME]
        assert 0 < int(cookie["max-age"]) <= session_limits.IDLE["client"]


def test_whoever_joins_the_staff_while_signed_in_gets_its_limits(people):
    with time_machine.travel(START, tick=False) as clock:
        browser = enter(people["client"])
        clock.shift(11 * HOUR)
        StaffMember.objects.create(user=people["client"], role=StaffRole.ADMIN)
        assert browser.get("/clients/").status_code == 200
        clock.shift(HOUR + 1)
        assert browser.get("/clients/").status_code == 302


def test_a_session_from_before_these_limits_gets_them(people, sign_in):
    browser = sign_in(people["client"])
    session = browser.session
    for key in (session_limits.SIGNED_IN_AT, session_limits.EXPIRY, "seen"):
        session.pop(key, None)
    session.save()
    assert browser.get("/c/bloom-dental/").status_code == 200
    assert abs(browser.session[session_limits.SIGNED_IN_AT] - time.time()) < 60
    assert browser.session.get_expiry_age() <= session_limits.IDLE["client"]


def test_auditors_have_the_limits_of_staff(people, sign_in):
    browser = sign_in(people["auditor"])
    assert browser.session[session_limits.PERSON_KIND] == "staff"
