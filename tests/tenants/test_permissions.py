"""The permission table: each action on a client's page has a row of its own, and support only looks from outside."""

from collections import defaultdict

import pytest
from django.core import mail

from dashboard.clients.views import client as client_views
from dashboard.clients.views import people as people_views
from tenants.access.permissions import STAFF_ROLE_PERMISSIONS, Permission, Role, StaffRole
from tenants.accounts import members
from tenants.isolation import scope
from tenants.models import AuditEntry, Invitation, Membership, Tenant
from tests.fixtures.concurrency import at_once
from tests.promises import url_matrix

ACTIONS = {  # what can be done on a client's page, and to its numbers and assistants in the inventory
    "client-name-number": Permission.DEDICATE,
    "client-dedicate-number": Permission.DEDICATE,
    "client-dedicate-assistant": Permission.DEDICATE,
    "inventory-dedicate-number": Permission.DEDICATE,
    "inventory-dedicate-assistant": Permission.DEDICATE,
    "client-release-number": Permission.RELEASE,
    "client-release-assistant": Permission.RELEASE,
    "client-invite": Permission.INVITE_FIRST_OWNER,
    "client-withdraw": Permission.INVITE_TO_CLIENTS,
    "client-limits": Permission.SET_LIMITS,
    "client-countries": Permission.SET_COUNTRIES,
    "client-kinds": Permission.SET_COSTLY_KINDS,
    "client-transient-calls": Permission.ALLOW_TRANSIENT_CALLS,
    "client-suspend": Permission.SUSPEND_CLIENTS,
    "client-close": Permission.CLOSE_CLIENTS,
    "client-reopen": Permission.REOPEN_CLIENTS,
    "client-retention": Permission.SET_RETENTION,
    "staff-contact-rules-change": Permission.SET_CONTACT_RULES,
    "client-end-calls": Permission.END_CLIENT_CALLS,
}


def test_each_action_on_a_clients_page_has_its_own_permission():
    outside = ("clients/<slug:slug>/", "inventory/")
    found = {
        endpoint.name: endpoint.permission for endpoint in url_matrix.every() if endpoint.route.startswith(outside)
    }
    acting = {name: permission for name, permission in found.items() if "POST" in url_matrix.ROWS[name].methods}
    assert acting == ACTIONS
    kinds_of = defaultdict(set)
    del acting["client-name-number"]  # whoever assigns a number names it
    for name, permission in acting.items():
        kinds_of[permission].add(name.partition("-")[2].removesuffix("-number").removesuffix("-assistant"))
    assert {permission: kinds for permission, kinds in kinds_of.items() if len(kinds) > 1} == {}


def test_support_looks_from_outside_and_invites_only_a_first_owner():
    acting = set(ACTIONS.values()) | {Permission.OPEN_CLIENTS}
    assert acting & STAFF_ROLE_PERMISSIONS[StaffRole.SUPPORT] == {Permission.INVITE_FIRST_OWNER}
    assert acting & STAFF_ROLE_PERMISSIONS[StaffRole.FINANCE] == set()
    assert acting <= STAFF_ROLE_PERMISSIONS[StaffRole.ADMIN]


@pytest.fixture
def asked():
    return {"email": "mara.private@mail.test", "name": "Mara", "role": "owner"}


def test_support_cannot_make_itself_owner_of_a_client(bloom, make_member, support, sign_in, asked):
    make_member(bloom, Role.OWNER)
    browser = sign_in(support)
    assert browser.post("/clients/bloom-dental/people/", asked).status_code == 403
    assert 'id="invite"' not in browser.get("/clients/bloom-dental/").content.decode()
    with scope.for_tenant(bloom.tenant):
        assert not Invitation.objects.exists() and mail.outbox == []


def test_support_invites_the_first_owner_once_and_by_mail_alone(bloom, support, sign_in, settings, asked):
    settings.DEMO = False
    browser = sign_in(support)
    assert browser.post("/clients/bloom-dental/people/", asked | {"role": "operator"}).status_code == 422
    answer = browser.post("/clients/bloom-dental/people/", asked)
    assert answer.status_code == 200 and "/invitation/" not in answer.content.decode()
    assert "/invitation/" in mail.outbox[0].body and mail.outbox[0].to == [asked["email"]]
    again = browser.post("/clients/bloom-dental/people/", asked | {"email": "other@mail.test"})
    assert again.status_code == 403  # somebody is invited as owner already
    with scope.for_tenant(bloom.tenant):
        assert Invitation.objects.get().role == Role.OWNER and not Membership.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_staff_who_invite_the_first_owner_at_once_one_is_refused(bloom, make_staff, admin):
    def invite(by, email, **more):
        def run():
            with scope.for_system("invite"):
                members.invite(bloom.tenant, email=email, role="owner", by=by, **more)

        return run

    support = invite(make_staff(StaffRole.SUPPORT), "one@mail.test", only_first_owner=True)
    other = invite(make_staff(StaffRole.SUPPORT), "two@mail.test", only_first_owner=True)
    assert sorted(type(error).__name__ for error in at_once(support, other)) == ["HasOwner", "NoneType"]
    with scope.for_tenant(bloom.tenant):
        assert Invitation.objects.get().role == Role.OWNER
        assert AuditEntry.objects.filter(action="person.invited").count() == 1


def test_the_second_sees_the_error_beside_the_field_and_keeps_what_was_typed(
    bloom, make_member, support, sign_in, asked, monkeypatch
):
    """The other one invited while this request was past the check of what it may do."""
    make_member(bloom, Role.OWNER)
    for module in (client_views, people_views):
        monkeypatch.setattr(module, "roles_to_invite", lambda request, tenant: [("owner", "Owner")])
    answer = sign_in(support).post("/clients/bloom-dental/people/", asked)
    form = answer.context["invite_form"]
    assert answer.status_code == 422 and "has an owner already" in form.errors["email"][0]
    page = answer.content.decode()
    assert "has an owner already" in page and asked["email"] in page and 'id="invite" open' in page
    with scope.for_tenant(bloom.tenant):
        assert not Invitation.objects.exists() and mail.outbox == []


def test_no_page_shows_a_link_outside_of_the_demo(bloom, make_member, admin, sign_in, settings, asked):
    settings.DEMO = False
    owner = sign_in(make_member(bloom, Role.OWNER))
    staff = sign_in(admin)
    opened = {"name": "Casa", "slug": "casa", "timezone": "UTC", "connection": bloom.connection.pk}
    answers = [
        staff.post("/clients/bloom-dental/people/", asked),
        staff.post("/clients/new/", opened | {"owner_email": "rosa@lindo.test"}),
        staff.post("/staff/invite/", {"email": "noor@reseller.test", "name": "Noor", "role": "support"}),
        owner.post("/c/bloom-dental/team/invite/", asked | {"email": "one@bloom.test", "role": "viewer"}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 4
    links = [line for sent in mail.outbox for line in sent.body.splitlines() if line.startswith("http")]
    assert len(links) == 4
    assert [link for link in links for answer in answers if link in answer.content.decode()] == []
    with scope.for_system("look"):
        assert Tenant.objects.filter(slug="casa").exists()


def test_a_staff_members_address_is_not_invited_into_a_client(bloom, make_member, support, sign_in):
    browser = sign_in(make_member(bloom, Role.OWNER))
    answer = browser.post("/c/bloom-dental/team/invite/", {"email": support.email, "role": "viewer"})
    assert answer.status_code == 422 and "address of a staff member" in answer.content.decode()
