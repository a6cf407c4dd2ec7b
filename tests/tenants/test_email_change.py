"""Another e-mail address: confirmed by a mail to the new one; the old one is warned, and of no use then."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from tenants.access.permissions import Role
from tenants.access.reauthentication import MAX_AGE
from tenants.accounts import email_change
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.fixtures.factories import PASSWORD, give_password, record_authentication

CHANGE, NEW = "/accounts/email/", "dora@elsewhere.test"
RESET = "/accounts/password/reset/"


@pytest.fixture(autouse=True)
def mails_counted_anew():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def owner(bloom, make_member):
    return give_password(make_member(bloom, Role.OWNER, "Dora Bloom"))


@pytest.fixture
def browser(owner, sign_in):
    return sign_in(owner)


def ask(browser, email=NEW):
    return browser.post(CHANGE, {"email": email}, follow=True)


def link(mail) -> str:
    found = re.search(r"/accounts/email/confirm/\S+/", mail.body)
    assert found, mail.body
    return found[0]


def of(mailoutbox, address):
    return [mail for mail in mailoutbox if mail.to == [address]]


def actions() -> list[str]:
    with scope.for_system("look"):
        return list(AuditEntry.objects.filter(action__startswith="person.email").values_list("action", flat=True))


def test_nothing_changes_until_the_link_is_confirmed(browser, owner, mailoutbox):
    before = owner.email
    answer = ask(browser, " Dora@Elsewhere.test ")
    assert answer.redirect_chain == [("/account/#email", 302)] and f"A mail went to {NEW}" in answer.content.decode()
    (to_new,), (to_old,) = of(mailoutbox, NEW), of(mailoutbox, before)
    assert NEW in to_old.body and "/accounts/email/confirm/" not in to_old.body
    page = Client().get(link(to_new))
    assert page.status_code == 200 and NEW in page.content.decode()
    owner.refresh_from_db()
    assert owner.email == before and actions() == ["person.email-asked"]


def test_the_link_changes_it_once_in_any_browser_and_tells_the_old_address(browser, owner, mailoutbox):
    before = owner.email
    ask(browser)
    address = link(of(mailoutbox, NEW)[0])
    mailoutbox.clear()
    assert Client().post(address).headers["Location"] == "/accounts/login/"
    owner.refresh_from_db()
    assert owner.email == NEW and NEW in of(mailoutbox, before)[0].body
    assert sorted(actions()) == ["person.email-asked", "person.email-changed"]
    assert Client().post(address).status_code == 410
    assert browser.get("/account/").status_code == 200  # signed in still
    assert Client().post("/accounts/login/", {"login": NEW, "password": PASSWORD}).status_code == 302
    assert Client().post("/accounts/login/", {"login": before, "password": PASSWORD}).status_code == 200


def test_a_used_link_does_not_work_again_when_the_address_is_changed_back(browser, owner, mailoutbox):
    before = owner.email
    ask(browser)
    first = link(of(mailoutbox, NEW)[0])
    browser.post(first)
    ask(browser, before)
    browser.post(link(of(mailoutbox, before)[-1]))
    owner.refresh_from_db()
    assert owner.email == before
    assert Client().post(first).status_code == 410
    owner.refresh_from_db()
    assert owner.email == before


def test_the_old_address_sets_no_password_any_more(browser, owner, mailoutbox):
    before = owner.email
    EmailAddress.objects.create(user=owner, email=before, primary=True, verified=True)  # as allauth may keep one
    ask(browser)
    browser.post(link(of(mailoutbox, NEW)[0]))
    mailoutbox.clear()
    Client().post(RESET, {"email": before})
    assert not [mail for mail in mailoutbox if "/password/reset/key/" in mail.body]
    Client().post(RESET, {"email": NEW})
    assert "/password/reset/key/" in of(mailoutbox, NEW)[0].body


def test_an_address_of_somebody_else_is_reported_to_them_alone(browser, owner, admin, mailoutbox):
    answer = ask(browser, admin.email.upper())
    assert f"A mail went to {admin.email}" in answer.content.decode()  # the same words as for a free one
    assert "/accounts/email/confirm/" not in of(mailoutbox, admin.email)[0].body
    assert of(mailoutbox, owner.email), "its own mailbox would tell whether the address is free"
    owner.refresh_from_db()
    assert owner.email != admin.email


def test_an_address_that_was_taken_meanwhile_changes_nothing(browser, owner, admin, mailoutbox):
    before = owner.email
    ask(browser)
    type(admin).objects.filter(pk=admin.pk).update(email=NEW)
    answer = browser.post(link(of(mailoutbox, NEW)[0]))
    assert answer.status_code == 409 and "in use" in answer.content.decode()
    owner.refresh_from_db()
    assert owner.email == before and actions() == ["person.email-asked"]


@pytest.mark.parametrize("what", ["password", "address", "inactive", "age", "another token"])
def test_a_link_stops_working(browser, owner, mailoutbox, monkeypatch, what):
    ask(browser)
    address = link(of(mailoutbox, NEW)[0])
    if what == "password":
        give_password(owner)  # hashed anew
    elif what == "address":
        type(owner).objects.filter(pk=owner.pk).update(email="third@elsewhere.test")
    elif what == "inactive":
        type(owner).objects.filter(pk=owner.pk).update(is_active=False)
    elif what == "age":
        monkeypatch.setattr(email_change, "LINK_WORKS", -1)
    else:
        address = address[:-2] + ("a/" if address[-2] != "a" else "b/")
    for answer in (Client().get(address), Client().post(address)):
        assert answer.status_code == 410 and "no longer works" in answer.content.decode()
    owner.refresh_from_db()
    assert owner.email != NEW


@pytest.mark.parametrize("email", ["", "no address", "two@@test", f"{'a' * 250}@test.test"])
def test_an_address_that_is_refused_stays_typed_beside_its_error(browser, email, mailoutbox):
    answer = browser.post(CHANGE, {"email": email})
    page = answer.content.decode()
    assert answer.status_code == 422 and "aria-invalid" in page and (not email or f'value="{email}"' in page)
    assert not mailoutbox


def test_ones_own_address_is_no_change(browser, owner, mailoutbox):
    answer = browser.post(CHANGE, {"email": owner.email.upper()})
    assert answer.status_code == 422 and email_change.SAME in answer.content.decode() and not mailoutbox


def test_mails_are_bounded(browser, mailoutbox):
    for nth in range(5):
        ask(browser, f"dora{nth}@elsewhere.test")
    assert len(mailoutbox) == 10
    answer = browser.post(CHANGE, {"email": "dora9@elsewhere.test"})
    assert answer.status_code == 422 and email_change.TOO_MANY in answer.content.decode() and len(mailoutbox) == 10


def test_it_asks_to_confirm_ones_identity(browser, owner, mailoutbox):
    record_authentication(browser, owner, ago=MAX_AGE + 1)
    assert browser.post(CHANGE, {"email": NEW}).status_code == 302 and not mailoutbox
    asked = browser.get("/accounts/confirm/", {"for": CHANGE}, headers={"HX-Request": "true"})
    assert asked.status_code == 302
