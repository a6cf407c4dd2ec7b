"""What was typed comes back after signing in, confirming or a stale token; never a secret, never to somebody else."""

from __future__ import annotations

import re

import pytest
from allauth.account import forms as account_forms
from allauth.mfa.base import forms as mfa_forms
from django import forms
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from dashboard.clients import forms as inventory_forms
from dashboard.team import forms as home_forms
from tenants import secrets
from tenants.access import form_recovery, support_access
from tenants.access.permissions import Role, StaffRole
from tenants.access.reauthentication import MAX_AGE
from tenants.isolation import scope
from tests.fixtures.factories import PASSWORD, give_password, record_authentication

TEAM = "/c/bloom-dental/team/"
INVITE = f"{TEAM}invite/"
PAGE = {"HTTP_REFERER": f"http://testserver{TEAM}"}
WORDS = {"email": "new@bloom.test", "name": "Somebody Typed", "role": "viewer"}


@pytest.fixture
def owner(bloom, make_member):
    return give_password(make_member(bloom, Role.OWNER))


@pytest.fixture
def browser(owner, sign_in):
    return sign_in(owner)


def opened_by(browser: Client, page: str = TEAM) -> dict[str, str]:
    """What the page's forms carry along."""
    found = re.search(r'name="opened_by" value="([^"]+)"', browser.get(page).content.decode())
    assert found, page
    return {"opened_by": found[1]}


def end_session(browser: Client) -> None:
    Session.objects.filter(pk=browser.session.session_key).delete()


def sign_in_by_form(browser: Client, user, to: str):
    return browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD, "next": to})


def everything_kept() -> str:
    kept = ""
    for session in Session.objects.all():
        for key, value in session.get_decoded().items():
            kept += secrets.decrypt(value, form_recovery.PLACE) if key == form_recovery.SESSION_KEY else str(value)
    return kept


def test_after_the_session_has_ended_the_words_come_back_on_their_page(browser, owner):
    form = WORDS | opened_by(browser)
    end_session(browser)
    asked = browser.post(INVITE, form, **PAGE)
    assert asked.status_code == 302 and asked["Location"] == "/accounts/login/?next=%2Fc%2Fbloom-dental%2Fteam%2F"
    assert "Somebody Typed" not in browser.get(asked["Location"]).content.decode()
    assert sign_in_by_form(browser, owner, TEAM)["Location"] == TEAM
    page = browser.get(TEAM).content.decode()
    assert f'data-saved-form="{INVITE}"' in page and "Somebody Typed" in page and "not sent" in page
    assert "saved-form" not in browser.get("/c/bloom-dental/calls/").content.decode()  # another page
    assert browser.post(INVITE, form, **PAGE).status_code == 200
    assert "Somebody Typed" not in everything_kept()
    assert "data-saved-form" not in browser.get(TEAM).content.decode()


def test_somebody_else_who_signs_in_reads_none_of_it(browser, bloom, make_member):
    form = WORDS | opened_by(browser)
    end_session(browser)
    browser.post(INVITE, form, **PAGE)
    assert "Somebody Typed" in everything_kept()
    sign_in_by_form(browser, give_password(make_member(bloom, Role.OWNER)), TEAM)
    assert "Somebody Typed" not in everything_kept()
    assert "Somebody Typed" not in browser.get(TEAM).content.decode()


def test_a_form_of_somebody_who_was_signed_in_before_is_not_kept_for_the_next(browser, bloom, make_member, sign_in):
    form = WORDS | opened_by(browser)
    other = sign_in(make_member(bloom, Role.VIEWER))
    assert other.post(INVITE, form, **PAGE).status_code == 403
    stale = Client(enforce_csrf_checks=True)
    stale.cookies = other.cookies
    assert stale.post(INVITE, form, **PAGE).status_code == 403
    assert "Somebody Typed" not in everything_kept()


def test_a_stale_token_does_nothing_and_keeps_the_words(browser, owner):
    form = WORDS | opened_by(browser)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    answer = strict.post(INVITE, form | {"csrfmiddlewaretoken": "x" * 64}, **PAGE)
    assert answer.status_code == 403 and f'href="{TEAM}"' in answer.content.decode()
    assert "Somebody Typed" in browser.get(TEAM).content.decode()


@pytest.mark.parametrize("mark", ["", "1", "1:made-up", "x"])
def test_words_from_a_form_that_is_not_ours_are_not_kept(browser, mark):
    end_session(browser)
    browser.post(INVITE, WORDS | {"opened_by": mark}, **PAGE)
    assert "Somebody Typed" not in everything_kept()


def test_a_key_is_not_kept_and_the_name_beside_it_is(admin, sign_in):
    browser = sign_in(give_password(admin))
    form = {"name": "Typed Name", "api_key": "fl_canary_of_a_key"} | opened_by(browser, "/connections/")
    page = {"HTTP_REFERER": "http://testserver/connections/"}
    record_authentication(browser, admin, ago=MAX_AGE + 1)
    asked = browser.post("/connections/add/", form, **page)
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert "Typed Name" in everything_kept() and "fl_canary" not in everything_kept()
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": "/connections/"})
    page = browser.get("/connections/").content.decode()
    assert "Typed Name" in page and "fl_canary" not in page


def test_a_password_that_was_sent_without_a_session_is_not_kept(browser):
    form = {"oldpassword": PASSWORD, "password1": PASSWORD, "password2": PASSWORD}
    form |= opened_by(browser, "/accounts/password/change/")
    end_session(browser)
    browser.post("/accounts/password/change/", form, HTTP_REFERER="http://testserver/accounts/password/change/")
    assert PASSWORD not in everything_kept()


def test_a_form_on_the_answer_to_another_form_leads_to_the_page_above(browser, owner):
    form = WORDS | opened_by(browser)
    end_session(browser)
    asked = browser.post(INVITE, form, HTTP_REFERER=f"http://testserver{INVITE}")
    sign_in_by_form(browser, owner, INVITE)
    assert asked["Location"].endswith("invite%2F")
    there = browser.get(INVITE)
    assert there.status_code == 302 and there["Location"] == TEAM
    assert "Somebody Typed" in browser.get(TEAM).content.decode()


def test_a_visit_that_ended_meanwhile_keeps_the_words_too(bloom, make_staff, visit_client):
    admin = make_staff(StaffRole.ADMIN)
    browser = visit_client(admin, bloom)
    form = WORDS | opened_by(browser)
    with scope.for_tenant(bloom.tenant):
        support_access.end_all(bloom.tenant, of=admin)
    answer = browser.post(INVITE, form, **PAGE)
    assert answer.status_code == 403 and f'name="next" value="{TEAM}"' in answer.content.decode()
    browser.post("/enter/bloom-dental/", {"next": TEAM})
    assert "Somebody Typed" in browser.get(TEAM).content.decode()


def test_what_is_kept_is_sealed_and_goes_after_an_hour(browser, owner, monkeypatch):
    form = WORDS | opened_by(browser)
    end_session(browser)
    browser.post(INVITE, form, **PAGE)
    assert all("Somebody Typed" not in str(session.get_decoded()) for session in Session.objects.all())
    sign_in_by_form(browser, owner, TEAM)
    later = form_recovery.time.time() + form_recovery.LIFETIME + 1
    monkeypatch.setattr(form_recovery.time, "time", lambda: later)
    record_authentication(browser, owner)
    assert "Somebody Typed" not in browser.get(TEAM).content.decode()


def test_no_field_for_a_secret_is_ever_kept():
    kept = []
    for module in (home_forms, inventory_forms, account_forms, mfa_forms):
        for form in vars(module).values():
            if isinstance(form, type) and issubclass(form, forms.BaseForm):
                fields = {**form.base_fields, **getattr(form, "declared_fields", {})}  # type: ignore[attr-defined]
                for name, field in fields.items():
                    if isinstance(field.widget, forms.PasswordInput) and not form_recovery._is_left_out(name):
                        kept.append(f"{form.__name__}.{name}")
    assert kept == []


def test_every_form_that_posts_says_who_opened_it():
    without = []
    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        for form in re.findall(r"<form\b.*?</form>", path.read_text("utf-8"), re.S):
            if re.search(r'method="post"', form) and "{% csrf_token %}" not in form:
                without.append(f"{path.name}: {form[:80]}")
    assert without == []
