"""Where one is signed in: listed, ended one by one and all but this one, and never another person's."""

import time_machine
from allauth.usersessions.models import UserSession
from django.test import Client

from dashboard.live_updates.models import Change
from tenants.access.permissions import Role
from tenants.accounts import sessions
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.fixtures.factories import PASSWORD, give_password

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile Safari/604.1"
WHERE = "/accounts/sessions/"


def two(bloom, make_member):
    user = give_password(make_member(bloom, Role.OWNER))
    browsers = []
    for agent in (FIREFOX, PHONE):
        browser = Client(HTTP_USER_AGENT=agent)
        assert browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD}).status_code == 302
        browsers.append(browser)
    return user, *browsers


def test_one_that_is_ended_sees_nothing_with_its_next_request(bloom, make_member):
    user, here, phone = two(bloom, make_member)
    page = here.get(WHERE).content.decode()
    assert "Firefox on Windows" in page and "Safari on iPhone" in page and "This one" in page
    other = UserSession.objects.exclude(session_key=here.session.session_key).get()
    assert phone.get("/c/bloom-dental/").status_code == 200
    assert here.post(f"{WHERE}{other.pk}/end/").status_code == 302
    assert phone.get("/c/bloom-dental/").status_code == 302 and here.get("/c/bloom-dental/").status_code == 200
    with scope.for_system("look"):
        assert Change.objects.filter(kind="access", ref=f"person-{user.pk}").exists()  # its streams are asked at once
        assert AuditEntry.objects.filter(action="person.sessions-ended", actor=str(user)).count() == 1


def test_all_but_this_one(bloom, make_member):
    _, here, phone = two(bloom, make_member)
    assert here.post(WHERE).status_code == 302
    assert (here.get(WHERE).status_code, phone.get(WHERE).status_code) == (200, 302)
    assert "You are signed in here only" in here.get(WHERE).content.decode()


def test_nobody_ends_another_person_s(bloom, make_member, sign_in):
    _, here, _ = two(bloom, make_member)
    one = UserSession.objects.get(session_key=here.session.session_key)
    assert sign_in(make_member(bloom, Role.OWNER, "Other")).post(f"{WHERE}{one.pk}/end/").status_code == 404
    assert here.get(WHERE).status_code == 200
    assert here.post(f"{WHERE}{one.pk}/end/").status_code == 302  # this one is ended by signing out
    assert here.get(WHERE).status_code == 200


def test_a_new_password_ends_the_others(bloom, make_member):
    _, here, phone = two(bloom, make_member)
    new = "another long passphrase"
    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert phone.get("/c/bloom-dental/").status_code == 302


def test_last_use_is_written_down_now_and_then(bloom, make_member, django_assert_max_num_queries):
    _, here, _ = two(bloom, make_member)
    current = UserSession.objects.filter(session_key=here.session.session_key)
    before = current.get().last_seen_at
    here.get(WHERE)
    assert current.get().last_seen_at == before
    with time_machine.travel(before.timestamp() + sessions.LAST_USE_PRECISION + 1):
        here.get(WHERE)
        assert current.get().last_seen_at > before
