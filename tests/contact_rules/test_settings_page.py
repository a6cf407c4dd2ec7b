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
    assert entries[1].endswith("Calling hours: Kept by single and planned calls, and campaigns that are made here.")


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


def test_when_campaigns_pause_is_set_for_one_client_and_shown_to_its_owner(bloom, harbor, staff, make_member, sign_in):
    staff.post(f"{PAGE}failures/", {"most_failed": "30", "failed_of_last": "20"})
    answer = staff.post(f"{PAGE}credit/", {"low_credit": "250"}, follow=True)
    failures, credit = "Once 30 % or more of its last 20 calls failed", "Below 250 minutes"
    assert failures in words(answer) and credit in words(answer)
    settings, others = now(bloom.tenant), now(harbor.tenant)
    assert (settings.most_failed, settings.failed_of_last, settings.low_credit) == (30, 20, 250)
    assert (others.most_failed, others.failed_of_last, others.low_credit) == (50, 40, 60)
    with scope.for_system("look"):
        (entry, _) = AuditEntry.objects.filter(action="contact-rules.changed").order_by("seq")
    assert sentence(entry).endswith(f"When calls fail: {failures}.")
    page = words(sign_in(make_member(bloom.tenant, Role.OWNER)).get("/c/bloom-dental/settings/"))
    assert failures in page and credit in page and "Your account team changes these" in page


@pytest.mark.parametrize(
    ("key", "sent", "message"),
    [
        ("failures", {"most_failed": "0", "failed_of_last": "20"}, "greater than or equal to 1"),
        ("failures", {"most_failed": "101", "failed_of_last": "20"}, "less than or equal to 100"),
        ("failures", {"most_failed": "50", "failed_of_last": "4"}, "greater than or equal to 5"),
        ("failures", {"most_failed": "", "failed_of_last": "20"}, "required"),
        ("credit", {"low_credit": "-1"}, "greater than or equal to 0"),
        ("credit", {"low_credit": "many"}, "whole number"),
    ],
)
def test_a_wrong_threshold_has_its_error_beside_the_field(bloom, staff, key, sent, message):
    page = staff.post(f"{PAGE}{key}/", sent)
    text = page.content.decode()
    assert page.status_code == 422 and message in words(page)
    (wrong,) = re.findall(r'<input[^>]*name="(\w+)"[^>]*aria-invalid="true"', text)
    assert wrong in sent and (not sent[wrong] or f'value="{sent[wrong]}"' in text)
    assert now(bloom.tenant).most_failed == 50 and now(bloom.tenant).low_credit == 60


def current(page: Any) -> list[str]:
    found = re.findall(r'<a[^>]*aria-current="page"[^>]*>(.*?)</a>', page.content.decode(), re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in found]


@pytest.mark.parametrize(
    ("role", "places", "back"),
    [(Role.OWNER, {"Settings", "Contact rules"}, False), (Role.OPERATOR, {"Calls"}, True)],
)
def test_its_place_is_below_settings_and_below_calls_for_those_without(bloom, make_member, sign_in, role, places, back):
    page = sign_in(make_member(bloom.tenant, role)).get("/c/bloom-dental/contact-rules/")
    assert set(current(page)) == places
    assert ('class="back-link" href="/c/bloom-dental/calls/"' in page.content.decode()) is back


@pytest.mark.parametrize("page", ["contact-rules/", "settings/"])
def test_staff_inside_of_a_client_are_led_to_where_they_change_them(bloom, admin, visit_client, page):
    shown = visit_client(admin, bloom).get(f"/c/bloom-dental/{page}").content.decode()
    assert "Your account team changes these" not in shown
    assert f'<a href="{PAGE}">Change these</a>' in shown
