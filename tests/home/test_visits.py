"""Staff enter and leave clients; where they are sent; what the client's people see of it."""

from __future__ import annotations

import pytest

from tenants import scope
from tenants.models import AuditEntry, Visit
from tenants.roles import Role, StaffRole


def test_staff_enter_first_are_seen_and_leave(sign_in, support, bloom, member):
    browser = sign_in(support)
    door = browser.get("/c/bloom-dental/calls/")
    assert door.status_code == 403 and "Enter Bloom Dental" in door.content.decode()
    went = browser.post("/enter/bloom-dental/", {"next": "/c/bloom-dental/team/"})
    assert went.headers["Location"] == "/c/bloom-dental/team/"
    assert "You are inside" in browser.get("/c/bloom-dental/team/").content.decode()
    story = sign_in(member(bloom, Role.OWNER)).get("/c/bloom-dental/activity/").content.decode()
    assert "Support Person entered as staff." in story
    assert browser.post("/leave/").headers["Location"] == "/clients/bloom-dental/"
    assert browser.get("/c/bloom-dental/").status_code == 403
    with scope.system("look"):
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
    with scope.system("look"):
        assert Visit.objects.get(tenant=bloom.tenant).ended_at and not Visit.objects.get(tenant=harbor.tenant).ended_at


def test_only_staff_who_may_enter(sign_in, staff, member, bloom, harbor):
    assert sign_in(staff(StaffRole.FINANCE)).post("/enter/bloom-dental/").status_code == 403
    assert sign_in(member(harbor, Role.OWNER)).post("/enter/bloom-dental/").status_code == 404
    assert sign_in(staff(StaffRole.SUPPORT)).post("/enter/nowhere/").status_code == 404
    assert sign_in(staff(StaffRole.SUPPORT)).get("/enter/bloom-dental/").status_code == 405
    with scope.system("look"):
        assert not Visit.objects.exists()
