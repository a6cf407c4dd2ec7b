"""The second step: set up, asked for at sign-in, required by the reseller and by a client, and lost."""

import re
import time
from types import SimpleNamespace

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from dashboard.live_updates import access
from tenants import secrets as tenants_secrets
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AuditEntry, Tenant
from tests.fixtures.factories import PASSWORD, give_password, record_authentication
from tests.promises import url_matrix

APP, INDEX = "/accounts/second-step/app/", "/accounts/second-step/"


pytestmark = pytest.mark.django_db(transaction=True)  # audit entries about factors are written after the commit


@pytest.fixture(autouse=True)
def _nothing_remembered():
    cache.clear()


def code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def set_up(browser: Client) -> str:
    """An app, as a person does it; gives its secret."""
    page = browser.get(APP)
    secret = page.context["form"].secret
    assert browser.post(APP, {"code": code(secret)}).status_code == 302
    return secret


@pytest.fixture
def owner(bloom, make_member):
    return give_password(make_member(bloom, Role.OWNER))


def enter(user, browser: Client | None = None) -> Client:
    browser = browser or Client()
    answer = browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    return browser


def test_an_app_is_asked_for_at_the_next_sign_in(owner):
    with time_machine.travel("2026-10-01T10:00:00Z", tick=False) as clock:
        browser = enter(owner)
        secret = set_up(browser)
        codes = re.findall(r"<code>(\d{10})</code>", browser.get("/accounts/second-step/codes/").content.decode())
        assert len(codes) == 10
        assert not re.findall(r"<code>\d", browser.get("/accounts/second-step/codes/").content.decode())  # shown once
        assert "authenticator app" in mail.outbox[0].body and "Chrome" not in mail.outbox[0].body
        second = enter(owner)
        assert second.get("/c/bloom-dental/").status_code == 302  # the password alone opens nothing
        assert second.post("/accounts/second-step/enter/", {"code": "000000"}).status_code == 200
        assert second.get("/c/bloom-dental/").status_code == 302
        clock.shift(60)
        assert second.post("/accounts/second-step/enter/", {"code": code(secret)}).status_code == 302
        assert second.get("/c/bloom-dental/").status_code == 200
        third = enter(owner)
        assert third.post("/accounts/second-step/enter/", {"code": code(secret)}).status_code == 200  # used already
        assert third.post("/accounts/second-step/enter/", {"code": codes[3]}).status_code == 302
        fourth = enter(owner)
        assert fourth.post("/accounts/second-step/enter/", {"code": codes[3]}).status_code == 200  # once each
    with scope.for_system("look"):
        actors = list(AuditEntry.objects.filter(action="person.step-added").values_list("actor", flat=True))
    assert actors == [str(owner)] * 2  # the app, and the codes that came with it


def test_codes_are_guessed_a_few_times_only(owner):
    with time_machine.travel("2026-10-01T10:00:00Z", tick=False) as clock:
        secret = set_up(enter(owner))
        clock.shift(60)
        browser = enter(owner)
        for guess in range(5):
            browser.post("/accounts/second-step/enter/", {"code": f"00000{guess}"})
        answer = browser.post("/accounts/second-step/enter/", {"code": code(secret)})
        assert answer.status_code == 200 and "Too many" in answer.content.decode()
        assert "Try again in five minutes at most." in answer.content.decode()
        clock.shift(360)
        browser = enter(owner)
        assert browser.post("/accounts/second-step/enter/", {"code": code(secret)}).status_code == 302


def test_passwords_are_guessed_a_few_times_only(owner):
    for _ in range(5):
        answer = Client().post("/accounts/login/", {"login": owner.email, "password": "a wrong passphrase"})
        assert answer.status_code == 200
    answer = Client().post("/accounts/login/", {"login": owner.email, "password": PASSWORD})
    assert answer.status_code == 200 and "Too many" in answer.content.decode()


def test_seeds_are_sealed(owner):
    secret = set_up(enter(owner))
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept and kept.count("gAAAA") == 2


def test_a_seed_moved_to_another_persons_row_opens_nothing(owner, bloom, make_member):
    with time_machine.travel("2026-10-01T10:00:00Z", tick=False) as clock:
        other = give_password(make_member(bloom, Role.VIEWER, "Other"))
        secrets_of = {person.pk: set_up(enter(person)) for person in (owner, other)}
        clock.shift(60)
        own = Authenticator.objects.get(user=owner, type="totp")
        theirs = Authenticator.objects.get(user=other, type="totp")
        with connection.cursor() as cursor:  # whoever can write to the database puts a known seed into another's row
            cursor.execute(
                "UPDATE mfa_authenticator SET data = (SELECT data FROM mfa_authenticator WHERE id = %s) WHERE id = %s",
                [own.pk, theirs.pk],
            )
        browser = enter(other)
        for seed in secrets_of.values():
            answer = browser.post("/accounts/second-step/enter/", {"code": code(seed)})
            assert answer.status_code == 200 and "not right" in answer.content.decode()
        assert (
            enter(owner).post("/accounts/second-step/enter/", {"code": code(secrets_of[owner.pk])}).status_code == 302
        )


def test_recovery_codes_are_bound_too_and_stay_bound_as_they_are_used(owner):
    browser = enter(owner)
    set_up(browser)
    codes = re.findall(r"<code>(\d{10})</code>", browser.get("/accounts/second-step/codes/").content.decode())
    assert enter(owner).post("/accounts/second-step/enter/", {"code": codes[0]}).status_code == 302
    assert enter(owner).post("/accounts/second-step/enter/", {"code": codes[1]}).status_code == 302
    for row in Authenticator.objects.filter(user=owner):
        sealed = row.data.get("secret") or row.data["seed"]
        assert tenants_secrets.decrypt(str(sealed), f"second step:{owner.pk}")
        with pytest.raises(tenants_secrets.Unreadable):
            tenants_secrets.decrypt(str(sealed), "second step")


@pytest.fixture
def strict(bloom):
    with scope.for_system("asks for it"):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(requires_second_step=True)
    return bloom


def test_a_client_that_asks_for_it_stays_shut_to_its_own_people(
    strict, harbor, owner, make_member, sign_in, visit_client, admin
):
    browser = sign_in(owner)
    answer = browser.get("/c/bloom-dental/calls/")
    assert answer.status_code == 403 and 'href="/account/#two-factor"' in answer.content.decode()
    assert access.audience_for(owner) is None and access.audience_for(owner, proven=True) is not None
    assert "asks for two-factor authentication" in browser.get(INDEX).content.decode()
    set_up(browser)
    assert browser.get("/c/bloom-dental/calls/").status_code == 200
    assert sign_in(make_member(harbor, Role.OWNER)).get("/c/harbor-logistics/").status_code == 200
    assert visit_client(admin, strict).get("/c/bloom-dental/").status_code == 200  # staff: the reseller asks, or not


def test_every_endpoint_asks_for_it(strict, owner, admin, auditor, sign_in, settings):
    """Of the client, of the staff and of the auditors' admin site; but not the pages on which one sets it up."""
    settings.STAFF_SECOND_STEP = True
    people = {"client": sign_in(owner), "staff": sign_in(admin), "reading": sign_in(auditor)}
    opened, asked, here = [], 0, SimpleNamespace(ids={"slug": "bloom-dental"})
    for endpoint in url_matrix.every():
        if (
            not (endpoint.permission or endpoint.auditor_admin or endpoint.name in url_matrix.OWN_CHECK)
            or endpoint.about
            or endpoint.row.needs_sandbox
        ):
            continue
        who = "client" if endpoint.of_client else "reading" if endpoint.auditor_admin else "staff"
        address = endpoint.address(here, here)
        method = endpoint.row.methods[0].lower()
        answer = getattr(people[who], method)(address)
        asked += 1
        if answer.status_code != 403 or "Two-factor authentication, please" not in answer.content.decode():
            opened.append(f"{method} {address}: {answer.status_code}")
    assert opened == [] and asked > 60


def test_the_help_sheet_and_the_root_url_show_nothing_before(strict, owner, admin, sign_in, settings):
    settings.STAFF_SECOND_STEP = True
    for person in (admin, owner):
        answer = sign_in(person).get("/help/")
        assert answer.status_code == 200 and "Bloom" not in answer.content.decode() and "nav" not in answer.context
    assert sign_in(admin).get("/").status_code == 403


def test_the_last_step_stays_where_one_is_required(strict, owner, sign_in):
    browser = sign_in(owner)
    set_up(browser)
    assert "only method" in browser.get(f"{APP}remove/").content.decode()
    browser.post(f"{APP}remove/")
    assert Authenticator.objects.filter(user=owner, type="totp").exists()
    passkey = Authenticator.objects.create(user=owner, type="webauthn", data={"name": "Key"})
    assert browser.post(f"{APP}remove/").status_code == 302
    answer = browser.post(f"/accounts/second-step/passkey/{passkey.pk}/remove/")
    assert answer.status_code == 409 and "only method" in answer.content.decode()
    with scope.for_system("no longer asks"):
        Tenant.objects.update(requires_second_step=False)
    assert browser.post(f"/accounts/second-step/passkey/{passkey.pk}/remove/").status_code == 302
    assert not Authenticator.objects.filter(user=owner).exists()


def test_an_owner_asks_for_it_in_the_settings(bloom, owner, sign_in):
    from tests.team.test_settings import filled

    browser = sign_in(owner)
    answer = browser.post("/c/bloom-dental/settings/", filled(bloom, requires_second_step="on"))
    assert answer.status_code == 302 and browser.get("/c/bloom-dental/").status_code == 403
    with scope.for_system("look"):
        assert "two-factor authentication" in AuditEntry.objects.get(action="tenant.settings-changed").body


def test_whoever_lost_everything_is_let_in_again_by_command(owner, capsys):
    browser = enter(owner)
    set_up(browser)
    with pytest.raises(CommandError, match="Nobody"):
        call_command("reset_second_step", "nobody@people.test", why="-")
    call_command("reset_second_step", owner.email.upper(), why="called back on a known number")
    assert browser.get("/c/bloom-dental/").status_code == 302  # signed out everywhere
    assert enter(owner).get("/c/bloom-dental/").status_code == 200
    with scope.for_system("look"):
        assert "known number" in AuditEntry.objects.get(action="person.steps-reset").body
    with pytest.raises(CommandError, match="no two-factor"):
        call_command("reset_second_step", owner.email, why="again")


def test_whoever_has_a_step_confirms_with_it(owner, sign_in):
    with time_machine.travel("2026-10-01T10:00:00Z", tick=False) as clock:
        browser = sign_in(owner)
        secret = set_up(browser)
        record_authentication(browser, owner, ago=3600)
        clock.shift(60)
        asked = browser.get("/accounts/reauthenticate/?next=/c/bloom-dental/", follow=True)
        assert asked.redirect_chain[-1][0].startswith("/accounts/second-step/confirm/")
        answer = browser.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": "/"})
        assert answer.status_code == 302 and "second-step" in answer["Location"]  # the password is not asked
        answer = browser.post("/accounts/second-step/confirm/", {"code": code(secret), "next": "/c/bloom-dental/"})
        assert answer["Location"] == "/c/bloom-dental/"
