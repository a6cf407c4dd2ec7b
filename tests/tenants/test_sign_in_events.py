"""Sign-ins, failures, lockouts and resets are in the trail; a mail is sent about a new browser and a lockout."""

import json
import re

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from tenants.access.permissions import Role
from tenants.accounts import known_devices
from tenants.accounts.network import network_of
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry, User
from tests.fixtures.factories import PASSWORD, give_password, record_authentication

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(autouse=True)
def _nothing_remembered():
    cache.clear()


@pytest.fixture
def owner(bloom, make_member):
    user = give_password(make_member(bloom, Role.OWNER))
    User.objects.filter(pk=user.pk).update(last_login=timezone.now())  # signed in before, elsewhere
    return user


def enter(user, browser=None, password=PASSWORD):
    browser = browser or Client(HTTP_USER_AGENT=FIREFOX)
    browser.post("/accounts/login/", {"login": user.email, "password": password})
    return browser


def trail() -> list[tuple[str, dict]]:
    with scope.for_system("look"):
        found = AuditEntry.objects.filter(tenant=None, action__startswith="person.").order_by("seq")
        return [(entry.action.removeprefix("person."), json.loads(entry.body)["details"]) for entry in found]


def subjects() -> list[str]:
    return [sent.subject for sent in mail.outbox]


def test_a_sign_in_from_a_new_browser_is_mailed_and_from_a_known_one_is_not(owner):
    browser = enter(owner)
    assert subjects() == ["New sign-in to your account"] and mail.outbox[0].to == [owner.email]
    assert "Firefox on Windows" in mail.outbox[0].body and "127.0.0.1" in mail.outbox[0].body
    browser.post("/accounts/logout/")
    assert browser.cookies[known_devices.COOKIE]["httponly"] and browser.cookies[known_devices.COOKIE].value
    enter(owner, browser)
    assert len(mail.outbox) == 1
    assert [(action, facts.get("device")) for action, facts in trail()] == [
        ("signed-in", "a new"),
        ("signed-in", "a known"),
    ]


def test_a_cookie_that_was_made_up_is_no_known_browser(owner):
    browser = Client()
    browser.cookies[known_devices.COOKIE] = f"[{owner.pk}]"
    enter(owner, browser)
    assert len(mail.outbox) == 1


def test_another_person_of_the_same_browser_is_mailed_too(owner, harbor, make_member):
    browser = enter(owner)
    browser.post("/accounts/logout/")
    other = give_password(make_member(harbor, Role.OWNER))
    User.objects.filter(pk=other.pk).update(last_login=timezone.now())
    enter(other, browser)
    assert [sent.to for sent in mail.outbox] == [[owner.email], [other.email]]


def test_the_very_first_sign_in_is_not_mailed(bloom, make_member):
    user = give_password(make_member(bloom, Role.OWNER))
    enter(user)
    assert mail.outbox == [] and [action for action, _ in trail()] == ["signed-in"]


def test_failures_and_the_lockout_are_in_the_trail_and_the_person_is_mailed(owner):
    for _ in range(7):
        enter(owner, password="a wrong passphrase")
    assert [action for action, _ in trail()] == ["sign-in-failed"] * 5 + ["locked-out"]
    assert subjects() == ["Sign-in to your account is locked for five minutes"]
    with scope.for_system("look"):
        sentences = {sentence(entry) for entry in AuditEntry.objects.filter(action__startswith="person.")}
    assert f"A sign-in as {owner.email} failed, wrong password: Firefox on Windows from 127.0.0.1." in sentences
    assert "a wrong passphrase" not in str(trail())


def test_another_host_does_not_count_anew(owner, settings):
    settings.ALLOWED_HOSTS = ["*"]
    for number in range(5):
        browser = Client(HTTP_HOST=f"host-{number}.test")
        browser.post("/accounts/login/", {"login": owner.email, "password": "a wrong passphrase"})
    answer = Client(HTTP_HOST="host-9.test").post("/accounts/login/", {"login": owner.email, "password": PASSWORD})
    assert answer.status_code == 200 and "Too many" in answer.content.decode()


@pytest.mark.parametrize("exists", [True, False])
def test_a_lockout_says_when_one_may_try_again_and_not_whether_the_account_exists(owner, exists):
    login = owner.email if exists else "nobody@people.test"

    def answer(password="a wrong passphrase"):
        page = Client().post("/accounts/login/", {"login": login, "password": password})
        return page.content.decode() if page.status_code == 200 else "signed in"

    with time_machine.travel("2026-10-01T10:00:00Z", tick=False) as clock:
        for _ in range(5):
            assert "Try again in" not in answer()
        for seconds, wait in ((0, "5 minutes"), (90, "4 minutes"), (209, "1 minute")):
            clock.shift(seconds)
            assert f"Too many failed attempts to sign in. Try again in {wait}." in answer(PASSWORD)
        clock.shift(2)
        assert ("signed in" in answer(PASSWORD)) is exists


def test_what_was_typed_as_an_unknown_address_is_not_kept_and_recorded_once_an_hour(db):
    for guess in ("hunter2@people.test", "other@people.test"):
        Client().post("/accounts/login/", {"login": guess, "password": "a wrong passphrase"})
    assert [action for action, _ in trail()] == ["sign-in-unknown"]
    assert "hunter2" not in str(trail()) and mail.outbox == []


def test_addresses_of_one_ipv6_network_are_recorded_once(db):
    """A subscriber holds a /64, so a new address for each attempt costs nothing."""
    guess = {"login": "nobody@people.test", "password": "a wrong passphrase"}
    for address in ("2001:db8:0:7::1", "2001:db8:0:7::2", "2001:db8:0:7:ffff::3", "2001:db8:0:8::1"):
        Client(REMOTE_ADDR=address).post("/accounts/login/", guess)
    assert [action for action, _ in trail()] == ["sign-in-unknown"] * 2
    with scope.for_system("look"):
        subjects = AuditEntry.objects.filter(action="person.sign-in-unknown").values_list("subject", flat=True)
        assert sorted(subjects) == ["address:2001:db8:0:7::/64", "address:2001:db8:0:8::/64"]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:DB8::1", "2001:db8::/64"),
        ("an unknown address", "an unknown address"),
    ],
)
def test_the_network_of_an_address(address, network):
    assert network_of(address) == network


def test_resets_are_in_the_trail_and_their_link_leads_to_the_public_address(owner, settings):
    settings.ALLOWED_HOSTS, settings.PUBLIC_URL = ["*"], "https://calls.reseller.test"
    browser = Client(HTTP_HOST="evil.test")
    assert browser.post("/accounts/password/reset/", {"email": owner.email}).status_code == 302
    body = mail.outbox[0].body
    link = re.search(r"https?://\S+", body)[0]
    assert link.startswith("https://calls.reseller.test/accounts/password/reset/key/") and "evil.test" not in body
    form = browser.get("/" + link.split("/", 3)[3], follow=True).redirect_chain[-1][0]
    new = {"password1": "nine gentle otters swim", "password2": "nine gentle otters swim"}
    assert browser.post(form, new).status_code == 302
    assert [action for action, _ in trail()] == ["reset-asked", "password-reset"]
    enter(owner, browser, new["password1"])
    change = {"oldpassword": new["password1"], "password1": PASSWORD, "password2": PASSWORD}
    browser.post("/accounts/password/change/", change)
    assert [action for action, _ in trail()][-1] == "password-changed"


@pytest.mark.parametrize("template", ["unknown", "known"])
def test_no_mail_holds_what_the_host_header_says(owner, settings, template):
    settings.ALLOWED_HOSTS = ["*"]
    address = owner.email if template == "known" else "nobody@people.test"
    Client(HTTP_HOST="evil.test").post("/accounts/password/reset/", {"email": address})
    Client(HTTP_HOST="evil.test").post("/accounts/login/", {"login": owner.email, "password": PASSWORD})
    assert mail.outbox and not [sent for sent in mail.outbox if "evil.test" in sent.body + sent.subject]


def test_switching_a_clients_two_factor_rule_off_asks_for_a_fresh_proof(owner, bloom, sign_in):
    from tests.team.test_settings import filled

    browser = sign_in(owner)
    assert browser.post("/c/bloom-dental/settings/", filled(bloom, requires_second_step="on")).status_code == 302
    record_authentication(browser, owner, "mfa", ago=3600)
    off = browser.post("/c/bloom-dental/settings/", filled(bloom))
    assert off.status_code == 302 and "reauthenticate" in off["Location"]
    record_authentication(browser, owner, "mfa")
    assert browser.post("/c/bloom-dental/settings/", filled(bloom))["Location"] == "/c/bloom-dental/settings/"


@pytest.mark.parametrize("path", ["app/remove/", "passkey/{}/remove/", "codes/new/"])
def test_switching_ones_own_second_factor_off_asks_for_a_fresh_proof(owner, sign_in, path):
    from allauth.mfa.models import Authenticator

    passkey = Authenticator.objects.create(user=owner, type="webauthn", data={"name": "Key"})
    Authenticator.objects.create(user=owner, type="totp", data={"secret": "x"})
    browser = sign_in(owner)
    record_authentication(browser, owner, ago=3600)
    answer = browser.post(f"/accounts/second-step/{path.format(passkey.pk)}")
    assert answer.status_code == 302 and "next=" in answer["Location"], answer
    assert Authenticator.objects.filter(user=owner).count() == 2
