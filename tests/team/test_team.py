"""The team: inviting, changing roles, removing, and that an owner always stays."""

from __future__ import annotations

from django.core import mail

from tenants.access.permissions import Role
from tenants.accounts import members
from tenants.isolation import scope
from tenants.models import Invitation, Membership, User


def membership(setup, user) -> Membership:
    with scope.for_tenant(setup.tenant):
        return Membership.objects.get(user=user, tenant=setup.tenant)


def test_an_owner_invites_and_the_link_is_shown_once(bloom, make_member, sign_in):
    browser = sign_in(make_member(bloom, Role.OWNER))
    answer = browser.post("/c/bloom-dental/team/invite/", {"email": "new@bloom.test", "role": "viewer"})
    link = answer.context["link"].address
    assert link in answer.content.decode() and link in mail.outbox[0].body
    later = browser.get("/c/bloom-dental/team/").content.decode()
    assert "new@bloom.test" in later and link not in later
    again = browser.post("/c/bloom-dental/team/invite/", {"email": "NEW@bloom.test", "role": "viewer"})
    assert again.status_code == 422 and "has an open invitation" in again.content.decode()
    assert len(mail.outbox) == 1
    with scope.for_tenant(bloom.tenant):
        invitation = Invitation.objects.get()
    assert browser.post(f"/c/bloom-dental/team/invitations/{invitation.pk}/withdraw/").status_code == 302
    assert members.find_invitation(link.rstrip("/").rsplit("/", 1)[-1]) is None


def test_a_mail_server_that_fails_is_reported_and_the_link_is_still_there(bloom, make_member, sign_in, settings):
    settings.EMAIL_BACKEND, settings.MAIL_IS_KEPT = "tenants.mail.backend.QueueBackend", False
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    answer = sign_in(make_member(bloom, Role.OWNER)).post(
        "/c/bloom-dental/team/invite/", {"email": "new@bloom.test", "role": "viewer"}
    )
    assert "could not be sent" in answer.content.decode() and answer.context["link"].address in answer.content.decode()


def test_roles_change_and_people_go(bloom, make_member, sign_in):
    owner, viewer = make_member(bloom, Role.OWNER), make_member(bloom, Role.VIEWER)
    browser, theirs = sign_in(owner), membership(bloom, viewer)
    change = {"role": "viewer", "sees_transcripts": "on"}
    assert browser.post(f"/c/bloom-dental/team/{theirs.pk}/role/", change).status_code == 302
    assert membership(bloom, viewer).sees_transcripts
    assert browser.post(f"/c/bloom-dental/team/{theirs.pk}/role/", {"role": "king"}).status_code == 422
    assert sign_in(viewer).get("/c/bloom-dental/").status_code == 200
    assert browser.post(f"/c/bloom-dental/team/{theirs.pk}/remove/").status_code == 302
    assert sign_in(viewer).get("/c/bloom-dental/").status_code == 404
    assert User.objects.filter(pk=viewer.pk).exists()


def test_the_last_owner_stays(bloom, make_member, sign_in):
    owner = make_member(bloom, Role.OWNER)
    browser, own = sign_in(owner), membership(bloom, owner)
    page = browser.get("/c/bloom-dental/team/").content.decode()
    assert "This is the last owner. Make somebody else an owner first." in page
    assert f"/team/{own.pk}/role/" not in page and f'commandfor="remove-{own.pk}"' not in page
    for answer in (
        browser.post(f"/c/bloom-dental/team/{own.pk}/role/", {"role": "viewer"}),
        browser.post(f"/c/bloom-dental/team/{own.pk}/remove/"),
    ):
        assert answer.status_code == 409 and "This is the last owner." in answer.content.decode()
    assert membership(bloom, owner).role == Role.OWNER
    make_member(bloom, Role.OWNER, "Second Owner")
    gone = browser.post(f"/c/bloom-dental/team/{own.pk}/remove/")
    assert gone.headers["Location"] == "/"


def test_operators_look_and_viewers_do_not(bloom, harbor, make_member, sign_in):
    operator, owner = sign_in(make_member(bloom, Role.OPERATOR)), make_member(bloom, Role.OWNER)
    page = operator.get("/c/bloom-dental/team/").content.decode()
    assert str(owner) in page and "Invite somebody" not in page
    assert operator.post("/c/bloom-dental/team/invite/", {"email": "x@y.test", "role": "owner"}).status_code == 403
    assert sign_in(make_member(bloom, Role.VIEWER)).get("/c/bloom-dental/team/").status_code == 403
    elsewhere = membership(harbor, make_member(harbor, Role.OWNER))
    assert sign_in(owner).post(f"/c/bloom-dental/team/{elsewhere.pk}/remove/").status_code == 404
