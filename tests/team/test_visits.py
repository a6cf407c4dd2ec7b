"""Staff enter and leave clients; where they are sent; what the client's people see of it."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from django.utils import timezone

from dashboard.clients import suspension
from tenants import audit
from tenants.access import support_access
from tenants.access.permissions import Role, StaffRole
from tenants.isolation import scope
from tenants.models import AuditEntry, SupportPass, Visit


def test_staff_enter_first_are_seen_and_leave(sign_in, support, bloom, make_member):
    browser = sign_in(support)
    page = browser.get("/c/bloom-dental/calls/")
    assert page.status_code == 403 and "Enter Bloom Dental" in page.content.decode()
    went = browser.post("/enter/bloom-dental/", {"next": "/c/bloom-dental/team/"})
    assert went.headers["Location"] == "/c/bloom-dental/team/"
    assert "You are inside" in browser.get("/c/bloom-dental/team/").content.decode()
    story = sign_in(make_member(bloom, Role.OWNER)).get("/c/bloom-dental/activity/").content.decode()
    assert "Support Person entered as staff." in story
    assert browser.post("/leave/").headers["Location"] == "/clients/bloom-dental/"
    assert browser.get("/c/bloom-dental/").status_code == 403
    with scope.for_system("look"):
        assert Visit.objects.get().ended_at
        assert list(AuditEntry.objects.filter(action__startswith="visit.").order_by("seq").values_list("action")) == [
            ("visit.began",),
            ("visit.ended",),
        ]


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.test/", "//evil.test/x", "javascript:alert(1)", "http:///evil.test", "\\\\evil.test", ""],
)
def test_nobody_is_sent_elsewhere(sign_in, support, bloom, elsewhere):
    answer = sign_in(support).post("/enter/bloom-dental/", {"next": elsewhere})
    assert answer.headers["Location"] == "/c/bloom-dental/"


def test_one_is_inside_one_client_at_a_time(sign_in, support, bloom, harbor):
    browser = sign_in(support)
    browser.post("/enter/bloom-dental/")
    browser.post("/enter/harbor-logistics/")
    assert browser.get("/c/harbor-logistics/").status_code == 200
    assert browser.get("/c/bloom-dental/").status_code == 403
    with scope.for_system("look"):
        assert Visit.objects.get(tenant=bloom.tenant).ended_at and not Visit.objects.get(tenant=harbor.tenant).ended_at


def test_only_staff_who_may_enter(sign_in, make_staff, make_member, bloom, harbor):
    assert sign_in(make_staff(StaffRole.FINANCE)).post("/enter/bloom-dental/").status_code == 403
    assert sign_in(make_member(harbor, Role.OWNER)).post("/enter/bloom-dental/").status_code == 404
    assert sign_in(make_staff(StaffRole.SUPPORT)).post("/enter/nowhere/").status_code == 404
    assert sign_in(make_staff(StaffRole.SUPPORT)).get("/enter/bloom-dental/").status_code == 405
    with scope.for_system("look"):
        assert not Visit.objects.exists()


def test_support_looks_and_acts_on_a_pass_only(sign_in, support, bloom, make_member, visit_client):
    owner = make_member(bloom, Role.OWNER, "Dora Bloom")
    inside, theirs = visit_client(support, bloom, read_only=True), sign_in(owner)
    page = inside.get("/c/bloom-dental/").content.decode()
    assert "Read only" in page and "/c/bloom-dental/call/" not in page
    assert inside.get("/c/bloom-dental/team/").status_code == 200
    refused = inside.get("/c/bloom-dental/call/")
    assert refused.status_code == 403 and "without support access" in refused.content.decode()
    assert inside.post("/c/bloom-dental/call/", {}).status_code == 403
    assert theirs.post("/c/bloom-dental/team/support/", {"hours": "2"}).status_code == 302  # not one of the choices
    assert inside.get("/c/bloom-dental/call/").status_code == 403
    assert theirs.post("/c/bloom-dental/team/support/", {"hours": "8"}).status_code == 302
    page = inside.get("/c/bloom-dental/call/").content.decode()
    assert "You may act" in page and "with support access from Dora Bloom" in page
    assert "Inside now" in theirs.get("/c/bloom-dental/team/").content.decode()
    assert theirs.post("/c/bloom-dental/team/support/withdraw/").status_code == 302
    assert inside.get("/c/bloom-dental/call/").status_code == 403
    with scope.for_tenant(bloom.tenant):
        entries = AuditEntry.objects.filter(action__startswith="support.").order_by("seq")
        assert [entry.action for entry in entries] == ["support.pass-given", "support.pass-withdrawn"]


def test_a_pass_ends_by_itself_and_only_an_owner_gives_one(sign_in, support, bloom, make_member, visit_client):
    inside = visit_client(support, bloom, read_only=True)
    for role in (Role.MANAGER, Role.OPERATOR, Role.VIEWER):
        assert (
            sign_in(make_member(bloom, role)).post("/c/bloom-dental/team/support/", {"hours": "8"}).status_code == 403
        )
    assert inside.post("/c/bloom-dental/team/support/", {"hours": "72"}).status_code == 403  # nor support itself
    with scope.for_tenant(bloom.tenant):
        given = support_access.grant(bloom.tenant, 1, by=support)
    assert inside.get("/c/bloom-dental/call/").status_code == 200
    with scope.for_tenant(bloom.tenant):
        SupportPass.objects.filter(pk=given.pk).update(until=timezone.now() - timedelta(seconds=1))
    assert inside.get("/c/bloom-dental/call/").status_code == 403


def test_an_admin_needs_no_pass(admin, bloom, visit_client):
    page = visit_client(admin, bloom, read_only=True).get("/c/bloom-dental/call/")
    assert page.status_code == 200 and "Read only" not in page.content.decode()


@pytest.mark.parametrize("who", ["support", "admin"])
def test_what_is_done_inside_has_both_names_on_it(request, bloom, make_member, visit_client, sign_in, settings, who):
    settings.RESELLER_NAME = "Kabelhuis"
    person = request.getfixturevalue(who)
    sign_in(make_member(bloom, Role.OWNER, "Dora Bloom")).post("/c/bloom-dental/team/support/", {"hours": "1"})
    inside = visit_client(person, bloom, read_only=True)
    form = {"number": bloom.number.pk, "assistant": bloom.assistant.pk, "destination": "+31612349999", "token": uuid4()}
    settings.VOICEDOCK_TRANSPORT = httpx.MockTransport(lambda asked: httpx.Response(404, json={"error": "no"}))
    assert inside.post("/c/bloom-dental/call/", form).status_code == 303
    with scope.for_tenant(bloom.tenant):
        entry = AuditEntry.objects.get(action="call.asked")
        visit = Visit.objects.get()
    names = f"{person} of Kabelhuis for Bloom Dental" + (
        ", with support access from Dora Bloom" if who == "support" else ""
    )
    assert entry.actor == names and entry.actor_id == person.pk
    assert json.loads(entry.body)["details"]["visit"] == visit.pk
    with scope.for_system("afterwards"):
        audit.record(person, None, "staff.changed", "user:1")
        assert AuditEntry.objects.get(action="staff.changed").actor == str(person)  # outside again, one name


def test_signing_out_leaves(support, bloom, visit_client):
    visit_client(support, bloom).post("/accounts/logout/")
    with scope.for_tenant(bloom.tenant):
        assert Visit.objects.get().ended_at


def test_a_visit_ends_after_a_working_day(support, bloom, visit_client):
    inside = visit_client(support, bloom)
    assert support_access.end_old() == 0
    with scope.for_tenant(bloom.tenant):
        Visit.objects.update(started_at=timezone.now() - support_access.MAX_DURATION)
    assert inside.get("/c/bloom-dental/").status_code == 403  # even before anybody closed it
    assert support_access.end_old() == 1
    with scope.for_tenant(bloom.tenant):
        assert AuditEntry.objects.filter(action="visit.lapsed", actor="Patchbay").count() == 1
    inside.post("/enter/bloom-dental/")
    assert inside.get("/c/bloom-dental/").status_code == 200


def test_closing_a_client_ends_the_visits(admin, support, bloom, visit_client):
    visit_client(support, bloom)
    suspension.close(bloom.tenant, by=admin, reason="gone")
    with scope.for_tenant(bloom.tenant):
        assert Visit.objects.get().ended_at


def entries(setup) -> list[tuple[str, dict]]:
    with scope.for_tenant(setup.tenant):
        found = AuditEntry.objects.order_by("seq")
        return [(entry.action, json.loads(entry.body)["details"]) for entry in found]


def test_an_admin_says_why_before_entering_without_consent(sign_in, admin, bloom):
    browser = sign_in(admin)
    page = browser.get("/c/bloom-dental/calls/")
    assert page.status_code == 403 and "Why do you enter?" in page.content.decode()
    for reason in ({}, {"reason": ""}, {"reason": "  \u200b "}):
        refused = browser.post("/enter/bloom-dental/", reason | {"next": "/c/bloom-dental/calls/"})
        page = refused.content.decode()
        assert refused.status_code == 422 and 'value="/c/bloom-dental/calls/"' in page
        assert ("the client&#x27;s people see it" in page) == bool(reason)
    assert browser.get("/c/bloom-dental/").status_code == 403
    went = browser.post("/enter/bloom-dental/", {"reason": "A fault in their lines", "next": "/c/bloom-dental/calls/"})
    assert went["Location"] == "/c/bloom-dental/calls/"
    assert "Without its consent" in browser.get("/c/bloom-dental/calls/").content.decode()


def test_what_an_admin_does_without_consent_is_marked_for_the_client(sign_in, admin, bloom, make_member):
    browser, owner = sign_in(admin), sign_in(make_member(bloom, Role.OWNER, "Dora Bloom"))
    browser.post("/enter/bloom-dental/", {"reason": "A fault <b>here</b>"})
    invited = {"email": "new@bloom.test", "role": "viewer"}
    assert browser.post("/c/bloom-dental/team/invite/", invited).status_code == 200
    story = owner.get("/c/bloom-dental/activity/").content.decode()
    marked = "Without the client’s consent, because: A fault &lt;b&gt;here&lt;/b&gt;"
    assert story.count(marked) == 2  # the visit, and what was done in it
    assert "Without your consent: " in owner.get("/c/bloom-dental/team/").content.decode()
    assert owner.post("/c/bloom-dental/team/support/", {"hours": "1"}).status_code == 302
    assert browser.post("/c/bloom-dental/team/invite/", invited | {"email": "two@bloom.test"}).status_code == 200
    assert [facts.get("without_consent") for action, facts in entries(bloom) if action == "person.invited"] == [
        "A fault <b>here</b>",
        None,
    ]


def test_an_admin_whose_consent_ended_has_to_say_why(sign_in, admin, bloom, make_member):
    browser, owner = sign_in(admin), sign_in(make_member(bloom, Role.OWNER))
    owner.post("/c/bloom-dental/team/support/", {"hours": "1"})
    assert browser.post("/enter/bloom-dental/").status_code == 302  # with consent, nobody asks
    assert browser.get("/c/bloom-dental/").status_code == 200
    owner.post("/c/bloom-dental/team/support/withdraw/")
    assert browser.get("/c/bloom-dental/").status_code == 403
    assert browser.post("/enter/bloom-dental/", {"reason": "Not done yet"}).status_code == 302
    assert browser.get("/c/bloom-dental/").status_code == 200
    assert [action for action, _ in entries(bloom)][-1] == "visit.reason-given"
    with scope.for_tenant(bloom.tenant):
        assert Visit.objects.get().reason == "Not done yet"


def test_consent_comes_from_the_clients_own_owner_only(admin, support, bloom, make_member, visit_client):
    for person in (admin, support):
        inside = visit_client(person, bloom)
        assert inside.post("/c/bloom-dental/team/support/", {"hours": "72"}).status_code == 403
        assert inside.post("/c/bloom-dental/team/support/withdraw/").status_code == 403
        assert "Give support access" not in inside.get("/c/bloom-dental/team/").content.decode()
