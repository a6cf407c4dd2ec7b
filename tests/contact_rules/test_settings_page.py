"""Staff change what a client's calls are held to, one rule at a time; its members see it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from dashboard.contact_rules import contact_settings
from dashboard.contact_rules.models import ContactSettings
from tenants.access.permissions import Role
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry

PAGE = "/clients/bloom-dental/contact-rules/"


def words(page: Any) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split()))


def now(tenant: Any) -> ContactSettings:
    with scope.for_system("look"):
        return contact_settings.of(tenant)


@pytest.fixture
def staff(admin, sign_in):
    return sign_in(admin)


def test_a_rule_is_changed_alone_and_written_down(bloom, staff):
    assert "Monday to Saturday 8:00 to 20:00, not on public holidays" in words(staff.get(PAGE))
    hours = {"opens": "09:00", "closes": "17:30", "weekdays": ["0", "1", "2", "3", "4"], "skips_holidays": "on"}
    answer = staff.post(f"{PAGE}hours/", hours, follow=True)
    assert "Monday to Friday 9:00 to 17:30, not on public holidays" in words(answer)
    staff.post(f"{PAGE}keeping/", {"calls_keep_hours": "on", "campaigns_keep_hours": "on"})
    settings = now(bloom.tenant)
    assert settings.calls_keep_hours and settings.weekdays == [0, 1, 2, 3, 4] and settings.gap_days == 30
    with scope.for_system("look"):
        entries = [
            sentence(entry) for entry in AuditEntry.objects.filter(action="contact-rules.changed").order_by("seq")
        ]
    assert entries[0].endswith(
        "changed what calls are held to: Hours of this client’s calls: Monday to Friday 9:00 to 17:30, not on public "
        "holidays."
    )
    assert entries[1].endswith("Calling hours: Kept by all calls.")


def test_what_is_wrong_stands_beside_its_field_and_changes_nothing(bloom, staff):
    wrong = {"opens": "20:00", "closes": "08:00", "weekdays": ["0"]}
    page = staff.post(f"{PAGE}hours/", wrong)
    assert page.status_code == 422 and "end later on the same day" in words(page)
    assert 'value="20:00"' in page.content.decode()
    assert "Choose at least one day" in words(staff.post(f"{PAGE}hours/", wrong | {"weekdays": []}))
    assert staff.post(f"{PAGE}attempts/", {"most_attempts": 0, "attempt_days": 5}).status_code == 422
    assert staff.post(f"{PAGE}nothing/", {}).status_code == 404
    assert now(bloom.tenant).opens.hour == 8 and now(bloom.tenant).most_attempts == 4


def test_members_see_the_rules_and_change_none(bloom, make_member, sign_in):
    browser = sign_in(make_member(bloom.tenant, Role.VIEWER, "Vic Oke"))
    page = browser.get("/c/bloom-dental/contact-rules/")
    text = words(page)
    assert "Your account team changes these" in text and "Code de la consommation, art. D. 223-9" in text
    assert 'action="/clients/' not in page.content.decode()
    assert browser.post(f"{PAGE}gap/", {"gap_days": 1}).status_code in (403, 404)
    assert now(bloom.tenant).gap_days == 30
