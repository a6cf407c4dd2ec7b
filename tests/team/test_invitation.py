"""Invitations: a link that works once, for a week, for one address."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tenants.access.permissions import Role, StaffRole
from tenants.accounts import members
from tenants.isolation import scope
from tenants.models import Invitation, Membership, StaffMember, User

PASSWORD = "nine gentle otters swim"


@pytest.fixture
def invited(bloom, make_member):
    """An invitation of new@bloom.test as operator, and its address."""
    owner = make_member(bloom, Role.OWNER)
    with scope.for_tenant(bloom.tenant):
        invitation, token = members.invite(bloom.tenant, email="New@bloom.test", role=Role.OPERATOR, by=owner)
    return invitation, f"/invitation/{members.mailed_token(token)}/"


def shown(address: str) -> str:
    """The link that the inviting person sees."""
    token, by_mail = members.read_token(address.strip("/").split("/")[1])
    assert by_mail
    return f"/invitation/{token}/"


def join(browser: Client, address: str, **more: str):
    return browser.post(address, {"name": "Nina New", "password": PASSWORD} | more)


def test_somebody_new_joins_and_is_signed_in(client, invited, bloom):
    _, address = invited
    page = client.get(address).content.decode()
    assert "Welcome to Bloom Dental" in page and "at least 12 characters" in page
    assert join(client, address).headers["Location"] == "/c/bloom-dental/"
    assert client.get("/c/bloom-dental/").status_code == 200
    with scope.for_tenant(bloom.tenant):
        assert Membership.objects.get(user__email="new@bloom.test").role == Role.OPERATOR


@pytest.mark.parametrize("password", ["short", "password1234", "new@bloom.test"])
def test_a_weak_password_is_reported_and_the_link_still_works(client, invited, password):
    _, address = invited
    answer = join(client, address, password=password)
    assert answer.status_code == 422 and answer.context["form"].errors["password"]
    page = answer.content.decode()
    assert 'value="Nina New"' in page and f'value="{password}"' not in page
    assert join(client, address).status_code == 302


def test_used_expired_withdrawn_and_invented_are_reported_alike(client, invited, bloom):
    invitation, address = invited
    gone = client.get("/invitation/never-there/")
    with scope.for_tenant(bloom.tenant):
        Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    expired = client.get(address)
    with scope.for_tenant(bloom.tenant):
        Invitation.objects.filter(pk=invitation.pk).update(
            expires_at=timezone.now() + timedelta(days=1), withdrawn_at=timezone.now()
        )
    withdrawn = join(client, address)
    with scope.for_tenant(bloom.tenant):
        Invitation.objects.filter(pk=invitation.pk).update(withdrawn_at=None)
    assert join(client, address).status_code == 302
    used = join(Client(), address)
    bodies = set()
    for answer in (gone, expired, withdrawn, used):
        assert answer.status_code == 410
        body = answer.content.decode()
        bodies.add(body[body.index("<main") : body.index("</main>")].replace(str(answer.context["csrf_token"]), ""))
    assert len(bodies) == 1
    assert User.objects.filter(email="new@bloom.test").count() == 1


def test_an_address_that_is_known_signs_in_first(client, invited, make_user, sign_in, bloom):
    _, address = invited
    known = make_user("Nina Known", "new@bloom.test")
    page = client.get(address).content.decode()
    assert "Sign in and join" in page and 'name="password"' not in page
    assert "has an account already" in join(client, address).content.decode()
    browser = sign_in(known)
    assert "Join Bloom Dental" in browser.get(address).content.decode()
    assert browser.post(address).headers["Location"] == "/c/bloom-dental/"
    assert browser.get("/c/bloom-dental/").status_code == 200


def test_somebody_else_who_is_signed_in_does_not_take_it(invited, harbor, make_member, sign_in, bloom):
    _, address = invited
    browser = sign_in(make_member(harbor, Role.OWNER))
    for answer in (browser.get(address), browser.post(address)):
        assert answer.status_code == 409 and "for somebody else" in answer.content.decode()
    assert browser.get("/c/bloom-dental/").status_code == 404


def test_a_link_from_a_screen_makes_no_account_but_sends_one_by_mail(client, invited, mailoutbox):
    _, address = invited
    page = client.get(shown(address)).content.decode()
    assert "Send me the link" in page and 'name="password"' not in page
    answer = join(client, shown(address))
    assert answer.status_code == 200 and "on its way" in answer.content.decode()
    assert not User.objects.filter(email="new@bloom.test").exists()
    [mail] = mailoutbox
    assert mail.to == ["new@bloom.test"] and address in mail.body and shown(address) not in mail.body
    assert join(client, address).status_code == 302


@pytest.mark.parametrize("change", [lambda token: token + "x", lambda token: token.replace(".", ".x")])
def test_a_proof_that_was_made_up_is_none(client, invited, change):
    _, address = invited
    token = address.strip("/").split("/")[1]
    assert join(client, f"/invitation/{change(token)}/").status_code == 410
    assert not User.objects.filter(email="new@bloom.test").exists()


def test_the_link_is_mailed_a_few_times_and_no_more(client, invited, mailoutbox):
    _, address = invited
    statuses = [client.post(shown(address)).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429] and len(mailoutbox) == 3


def test_a_mail_server_that_fails_is_shown_on_the_page(client, invited, settings):
    settings.EMAIL_BACKEND, settings.MAIL_IS_KEPT = "tenants.mail.backend.QueueBackend", False
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    _, address = invited
    answer = client.post(shown(address))
    assert answer.status_code == 200 and "could not be sent yet" in answer.content.decode()


def test_outside_of_the_demo_the_mailed_link_is_on_no_screen(bloom, make_member, admin, sign_in, settings, mailoutbox):
    settings.DEMO = False
    team = sign_in(make_member(bloom, Role.OWNER)).post(
        "/c/bloom-dental/team/invite/", {"email": "new@bloom.test", "role": "viewer"}
    )
    staff = sign_in(admin).post("/staff/invite/", {"email": "s@kabelhuis.test", "name": "Sam", "role": "support"})
    secrets = [re.search(r"https?://\S+", mail.body)[0] for mail in mailoutbox]
    assert len(secrets) == 2
    for answer, secret in zip((team, staff), secrets, strict=True):
        assert answer.status_code == 200 and secret not in answer.content.decode()


def test_whoever_became_staff_after_being_invited_does_not_join(bloom, admin, make_user, sign_in):
    """Else the reseller's own people could give it the client's consent to support access."""
    one = make_user("Sam Both")
    with scope.for_tenant(bloom.tenant):
        _, token = members.invite(bloom.tenant, email=one.email, role=Role.OWNER, by=admin)
    StaffMember.objects.create(user=one, role=StaffRole.ADMIN)
    browser, address = sign_in(one), f"/invitation/{members.mailed_token(token)}/"
    assert browser.post(address).status_code == 410
    with scope.for_tenant(bloom.tenant):
        assert not Membership.objects.filter(user=one).exists()
