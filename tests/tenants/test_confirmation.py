"""Confirming one's identity in a dialog: the form behind it stays as typed, and is sent after the right answer."""

from __future__ import annotations

import re

import pytest
from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as webauthn
from django.core.cache import cache
from playwright.sync_api import expect

from tenants.access.permissions import Role
from tenants.access.reauthentication import ASKED_EARLY, MAX_AGE
from tenants.isolation import scope
from tenants.models import Invitation, Tenant
from tests.fixtures.factories import PASSWORD, give_password, record_authentication

ASK, TEAM = "/accounts/confirm/", "/c/bloom-dental/team/"
INVITE = f"{TEAM}invite/"
DIALOG = {"HX-Request": "true"}
KEY = "fl_typed_before_the_dialog"


@pytest.fixture(autouse=True)
def attempts_counted_anew():
    """Wrong answers are counted by address too, which is the same in every test."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def owner(bloom, make_member):
    return give_password(make_member(bloom, Role.OWNER))


@pytest.fixture
def browser(owner, sign_in):
    return _aged(sign_in(owner), owner)


def _aged(browser, user):
    record_authentication(browser, user, ago=MAX_AGE + 1)
    return browser


def invited() -> list[str]:
    with scope.for_system("look"):
        return [invitation.email for invitation in Invitation.objects.all()]


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ({"for": INVITE}, True),
        ({"for": f"{TEAM}3/role/?x=1"}, True),
        ({"for": "/c/bloom-dental/settings/"}, False),
        ({"for": "/c/bloom-dental/settings/", "always": ""}, True),
        ({"for": "/nowhere/"}, False),
        ({"for": "//elsewhere.example/["}, False),
        ({}, False),
    ],
)
def test_only_forms_that_need_it_are_asked_about(browser, query, asked):
    answer = browser.get(ASK, query, headers=DIALOG)
    assert (answer.status_code, answer.get("Location", "")) == (
        (302, "/accounts/reauthenticate/") if asked else (204, "")
    )


def test_nobody_is_asked_whose_form_would_be_taken(browser, owner, client):
    for ago, status in ((MAX_AGE - ASKED_EARLY - 30, 204), (MAX_AGE - ASKED_EARLY + 1, 302), (MAX_AGE + 1, 302)):
        record_authentication(browser, owner, ago=ago)
        assert browser.get(ASK, {"for": INVITE}, headers=DIALOG).status_code == status
    assert client.get(ASK, {"for": INVITE}).status_code == 302  # to sign in


def test_a_wrong_answer_is_shown_where_it_was_given(browser, owner, monkeypatch):
    answer = browser.post("/accounts/reauthenticate/", {"password": "wrong"}, headers=DIALOG)
    assert answer.status_code == 422 and "<html" not in answer.content.decode()
    assert 'aria-invalid="true"' in answer.content.decode()
    assert browser.post("/accounts/reauthenticate/", {"password": PASSWORD}, headers=DIALOG).status_code == 204
    assert browser.get(ASK, {"for": INVITE}, headers=DIALOG).status_code == 204

    Authenticator.objects.create(user=owner, type="webauthn", data={"name": "Key"})
    monkeypatch.setattr(webauthn, "get_credentials", lambda user: [])
    for headers, status in ((DIALOG, 422), ({}, 200)):
        answer = browser.post("/accounts/second-step/passkey/confirm/", {"credential": "{}"}, headers=headers)
        assert answer.status_code == status and "Use your passkey" in answer.content.decode()


def test_after_any_number_of_errors_on_the_page_the_request_goes_through(browser):
    asked = browser.post(INVITE, {"email": "new@bloom.test", "role": "viewer"})
    for _ in range(3):
        page = browser.post("/accounts/reauthenticate/", {"password": "wrong", "next": INVITE})
        assert f'value="{INVITE}"' in page.content.decode() and invited() == []
    assert asked["Location"].endswith("invite%2F")
    done = browser.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": INVITE})
    assert invited() == ["new@bloom.test"]
    assert 'aria-current="page"' in done.content.decode()  # its section is marked, though the address is another


def test_the_form_stays_as_typed_through_errors_and_is_sent_in_the_end(browser, served_browser):
    def steps(page):
        page.goto(TEAM)
        form = page.locator(f"form[action='{INVITE}']")
        form.get_by_label("E-mail").fill("new@bloom.test")
        form.get_by_role("button").click()
        dialog = page.get_by_role("dialog", name="Confirm that it is you")
        expect(dialog).to_contain_text("Invite to Bloom Dental")
        for wrong in ("first guess", "second guess"):
            dialog.get_by_label("Password").fill(wrong)
            dialog.get_by_role("button", name="Confirm and go on").click()
            expect(dialog.locator(".error")).to_be_visible()
            expect(dialog.get_by_label("Password")).to_be_focused()
            expect(dialog.get_by_label("Password")).to_have_value("")
        dialog.get_by_role("button", name="Back to the form").click()
        expect(dialog).to_be_hidden()
        expect(form.get_by_label("E-mail")).to_have_value("new@bloom.test")
        form.get_by_role("button").click()
        dialog.get_by_label("Password").fill(PASSWORD)
        dialog.get_by_role("button", name="Confirm and go on").click()
        expect(page.get_by_label("Invitation link")).to_be_visible()

    served_browser.run(browser, steps)
    assert [path for path, _ in served_browser.posts] == ["/accounts/reauthenticate/"] * 3 + [INVITE]
    assert invited() == ["new@bloom.test"]


def test_a_key_that_was_typed_is_sent_as_it_is(admin, sign_in, served_browser):
    browser = sign_in(give_password(admin))
    record_authentication(browser, admin)

    def steps(page):
        page.clock.install()
        page.goto("/connections/")
        form = page.locator("form[action='/connections/add/']")
        page.evaluate("() => document.querySelectorAll('details').forEach(one => one.open = true)")
        form.get_by_label("Name").first.fill("Harbor, November")
        form.locator("[name=api_key]").fill(KEY)
        page.clock.fast_forward((MAX_AGE + 1) * 1000)
        served_browser.in_test(lambda: _aged(browser, admin))
        form.get_by_role("button").last.click()
        dialog = page.get_by_role("dialog", name="Confirm that it is you")
        dialog.get_by_label("Password").fill(PASSWORD)
        served_browser.posts.clear()
        with page.expect_request("**/connections/add/"):
            dialog.get_by_role("button", name="Confirm and go on").click()
        page.wait_for_load_state()

    served_browser.run(browser, steps)
    assert [path for path, _ in served_browser.posts] == ["/accounts/reauthenticate/", "/connections/add/"]
    assert f"api_key={KEY}" in served_browser.posts[1][1]


def test_a_cancelled_passkey_is_shown_in_the_dialog(browser, owner, served_browser, monkeypatch):
    Authenticator.objects.create(user=owner, type="webauthn", data={"name": "Key"})
    monkeypatch.setattr(webauthn, "get_credentials", lambda user: [])

    def steps(page):
        page.goto(TEAM)
        page.evaluate(
            """() => Object.defineProperty(navigator, 'credentials', {
                value: { get: () => Promise.reject(new DOMException('no', 'NotAllowedError')) }
            })"""
        )
        form = page.locator(f"form[action='{INVITE}']")
        form.get_by_label("E-mail").fill("new@bloom.test")
        form.get_by_role("button").click()
        dialog = page.get_by_role("dialog", name="Confirm that it is you")
        for _ in range(2):
            dialog.get_by_role("button", name="Use your passkey").click()
            expect(dialog.get_by_role("alert")).to_contain_text("cancelled, or took too long")
        page.keyboard.press("Escape")
        expect(form.get_by_label("E-mail")).to_have_value("new@bloom.test")

    served_browser.run(browser, steps)
    assert served_browser.posts == [] and invited() == []


def test_the_ways_to_confirm_stay_in_one_order_and_the_one_in_use_is_marked(browser, monkeypatch):
    ways = [
        {"id": "reauthenticate", "description": "", "url": "/accounts/reauthenticate/"},
        {"id": "mfa_reauthenticate:webauthn", "description": "", "url": "/accounts/second-step/passkey/confirm/"},
    ]
    monkeypatch.setattr(type(get_adapter()), "get_reauthentication_methods", lambda adapter, user: ways)
    page = browser.get("/accounts/reauthenticate/", headers=DIALOG).content.decode()
    shown = page.split('aria-label="Ways to confirm"')[1].split("</nav>")[0]
    assert re.findall(r">([^<>]+)</a>", shown) == ["Password", "Passkey"]
    assert shown.count("aria-current") == 1 and shown.index("aria-current") < shown.index("Password")


def test_switching_two_factor_authentication_off_for_a_client_is_confirmed_over_the_settings(
    browser, bloom, served_browser
):
    with scope.for_tenant(bloom.tenant):
        Tenant.objects.update(requires_second_step=True)
    session = browser.session
    session["account_authentication_methods"][0]["method"] = "mfa"
    session.save()

    def steps(page):
        page.goto("/c/bloom-dental/settings/")
        page.get_by_label("City").fill("Utrecht")
        page.locator("[name=requires_second_step]").uncheck()
        page.get_by_role("button", name="Save the settings").click()
        dialog = page.get_by_role("dialog", name="Confirm that it is you")
        dialog.get_by_label("Password").fill(PASSWORD)
        dialog.get_by_role("button", name="Confirm and go on").click()
        expect(page.get_by_text("Saved: city, two-factor authentication")).to_be_visible()

    served_browser.run(browser, steps)
    with scope.for_tenant(bloom.tenant):
        assert Tenant.objects.get().city == "Utrecht"
