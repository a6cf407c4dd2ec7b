"""The reseller's own people: invited, changed, let into some clients, removed; an admin always stays."""

from __future__ import annotations

import pytest
from django.core import mail

from dashboard.live_updates import access
from tenants.access.permissions import Role, StaffRole
from tenants.accounts import members
from tenants.accounts import staff as staff_verbs
from tenants.isolation import scope
from tenants.models import AuditEntry, Membership, StaffMember, User, Visit
from tests.fixtures.concurrency import at_once


def test_an_admin_invites_somebody_who_chooses_a_password(admin, sign_in, client):
    browser = sign_in(admin)
    form = {"email": "Noor@reseller.example", "name": "Noor Prins", "role": "support", "sees_all": "on"}
    answer = browser.post("/staff/invite/", form)
    link = answer.context["link"].address
    assert link in mail.outbox[0].body and "two-factor" in mail.outbox[0].body
    page = client.get("/" + link.split("/", 3)[3], follow=True)
    chosen = {"password1": "a-long-enough-passphrase", "password2": "a-long-enough-passphrase"}
    assert client.post(page.redirect_chain[-1][0], chosen).status_code == 302
    entered = {"login": "noor@reseller.example", "password": "a-long-enough-passphrase"}
    assert client.post("/accounts/login/", entered).status_code == 302 and client.get("/clients/").status_code == 200
    again = browser.post("/staff/invite/", form)
    assert again.status_code == 422 and "signs in with this address already" in again.content.decode()
    assert "Noor Prins" in again.content.decode()  # what was typed stays
    listed = browser.get("/staff/").content.decode()
    assert "noor@reseller.example" in listed and link not in listed
    with scope.for_system("look"):
        assert AuditEntry.objects.filter(action="staff.invited", tenant=None).count() == 1


def test_only_admins_know_this_page(support, make_staff, sign_in):
    for person in (support, make_staff(StaffRole.FINANCE)):
        assert sign_in(person).get("/staff/").status_code == 403


@pytest.fixture
def limited(support) -> User:
    StaffMember.objects.filter(user=support).update(sees_all=False)
    return support


def test_support_is_let_into_one_client_and_out_again(admin, limited, sign_in, bloom, harbor):
    theirs, browser = sign_in(limited), sign_in(admin)
    assert [theirs.get(f"/clients/{setup.slug}/").status_code for setup in (bloom, harbor)] == [404, 404]
    assert access.audience_for(limited) is None
    assert browser.post(f"/staff/{limited.pk}/clients/", {"client": bloom.tenant.pk}).status_code == 302
    assert [theirs.get(f"/clients/{setup.slug}/").status_code for setup in (bloom, harbor)] == [200, 404]
    assert theirs.post("/enter/harbor-logistics/").status_code == 404
    assert theirs.post("/enter/bloom-dental/").status_code == 302
    for page in ("/", "/clients/", "/live/", "/calls/", "/campaigns/", "/activity/", "/c/bloom-dental/team/"):
        assert "Harbor" not in theirs.get(page).content.decode(), page
    for page in ("/inventory/", "/connections/", "/clients/new/"):
        assert theirs.get(page).status_code == 403
    assert access.audience_for(limited).tenants == {bloom.tenant.pk}
    assert browser.post(f"/staff/{limited.pk}/clients/bloom-dental/end/").status_code == 302
    assert theirs.get("/c/bloom-dental/").status_code == 404
    with scope.for_tenant(bloom.tenant):
        assert Visit.objects.get().ended_at
        actions = AuditEntry.objects.filter(action__startswith="support.").values_list("action", flat=True)
        assert list(actions.order_by("seq")) == ["support.let-in", "support.kept-out"]


def test_a_role_changes_and_with_it_the_reach(admin, limited, sign_in):
    browser = sign_in(admin)
    assert browser.post(f"/staff/{limited.pk}/change/", {"role": "finance"}).status_code == 302
    one = StaffMember.objects.get(user=limited)
    assert (one.role, one.sees_all) == (StaffRole.FINANCE, True)  # only support may know some clients alone
    assert browser.post(f"/staff/{limited.pk}/change/", {"role": "king"}).status_code == 422
    assert browser.post(f"/staff/{limited.pk}/remove/").status_code == 302
    assert sign_in(limited).get("/clients/").status_code == 404 and User.objects.filter(pk=limited.pk).exists()


def test_the_last_admin_stays(admin, sign_in):
    browser = sign_in(admin)
    for answer in (
        browser.post(f"/staff/{admin.pk}/change/", {"role": "support", "sees_all": "on"}),
        browser.post(f"/staff/{admin.pk}/remove/"),
    ):
        assert answer.status_code == 409 and "last admin" in answer.content.decode()
    assert StaffMember.objects.get(user=admin).role == StaffRole.ADMIN


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("action", ["demote", "remove"])
def test_two_owners_who_put_each_other_out_at_once_leave_one(bloom, make_member, action):
    one, two = make_member(bloom, Role.OWNER, "One"), make_member(bloom, Role.OWNER, "Two")

    def put_out(by, other):
        def run():
            with scope.for_tenant(bloom.tenant):
                theirs = Membership.objects.select_related("user", "tenant").get(user=other)
                if action == "remove":
                    members.remove(theirs, by=by)
                else:
                    members.change_role(theirs, Role.VIEWER, by=by)

        return run

    came = at_once(put_out(one, two), put_out(two, one))
    assert sorted(type(error).__name__ for error in came) == ["LastOwner", "NoneType"]
    with scope.for_tenant(bloom.tenant):
        assert Membership.objects.filter(role=Role.OWNER).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_remove_each_other_at_once_leave_one(admin, make_staff):
    other = make_staff(StaffRole.ADMIN)

    def put_out(by, whom):
        def run():
            with scope.for_system("remove"):
                staff_verbs.remove(StaffMember.objects.select_related("user").get(user=whom), by=by)

        return run

    came = at_once(put_out(admin, other), put_out(other, admin))
    assert sorted(type(error).__name__ for error in came) == ["NoneType", "StaffChangeRefused"]
    assert StaffMember.objects.filter(role=StaffRole.ADMIN).count() == 1


def test_what_the_last_admin_may_not_do_is_messages_before_the_click(admin, make_staff, sign_in):
    browser, page = sign_in(admin), f"/staff/{StaffMember.objects.get(user=admin).pk}/"
    alone = browser.get(page)
    assert "This is the last admin." in alone.content.decode() and 'commandfor="remove"' not in alone.content.decode()
    make_staff(StaffRole.ADMIN)
    two = browser.get(page).content.decode()
    assert "This is the last admin." not in two and 'commandfor="remove"' in two
