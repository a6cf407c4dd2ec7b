"""Calling hours and attempts are set aside by those who may, with a reason; the do-not-call lists never."""

from __future__ import annotations

import json
import uuid
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from dashboard.calls.models import Call
from dashboard.calls.placing import claims, intents
from dashboard.contact_rules import entries
from dashboard.contact_rules.models import ContactSettings
from dashboard.contact_rules.rules import VERSION
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.fixtures.operator import PERSON

WHY = "She asked us this morning to ring tonight."


@pytest.fixture
def closed(operator: Any) -> Any:
    """The client's calls keep to hours, and today is no day for them."""
    today = timezone.now().astimezone(ZoneInfo("Europe/Amsterdam")).weekday()
    days = sorted(set(range(7)) - {today, (today + 1) % 7})
    with scope.for_system("settings"):
        ContactSettings.objects.create(
            tenant=operator.tenant,
            calls_keep_hours=True,
            opens=time(0),
            closes=time(23, 59, 59),
            weekdays=days,
            skips_holidays=False,
        )
    return operator


def post(operator: Any, browser: Any, **more: Any) -> Any:
    facts = {"number": operator.number.pk, "assistant": operator.assistant.pk, "destination": PERSON}
    return browser.post(f"/c/{operator.tenant.slug}/call/", facts | {"token": str(uuid.uuid4())} | more)


def calls(operator: Any) -> list[Call]:
    with scope.for_tenant(operator.tenant):
        return list(Call.objects.all())


def test_a_manager_calls_all_the_same_and_it_is_kept_with_the_call(closed, make_member, sign_in):
    browser = sign_in(make_member(closed.tenant, Role.MANAGER))
    page = post(closed, browser)
    assert page.status_code == 422 and 'name="override_reason"' in page.content.decode() and calls(closed) == []

    answer = post(closed, browser, override_reason=WHY)
    (call,) = calls(closed)
    assert answer.status_code == 303 and len(closed.dial_requests()) == 1
    assert (call.overridden_rule, call.override_reason, call.rules_version) == ("hours", WHY, VERSION)
    with scope.for_tenant(closed.tenant):
        entry = AuditEntry.objects.get(action="call.rule-overridden")
    details = json.loads(entry.body)["details"]
    assert (details["why"], details["rule"]) == (WHY, "outside of calling hours")
    page = browser.get(f"/c/{closed.tenant.slug}/calls/{call.pk}/").content.decode()
    assert "a contact rule was against it (outside of calling hours)" in page and WHY in page


def test_an_operator_is_not_asked_and_a_reason_counts_for_nothing(closed, make_member, sign_in):
    browser = sign_in(make_member(closed.tenant, Role.OPERATOR))
    for more in ({}, {"override_reason": WHY}):
        page = post(closed, browser, **more)
        assert page.status_code == 422 and "override_reason" not in page.content.decode()
    assert calls(closed) == [] and closed.dial_requests() == []


@pytest.mark.parametrize("of", ["client", "reseller"])
def test_no_reason_calls_whoever_asked_not_to_be_called(closed, make_member, sign_in, of):
    with scope.for_system("on a list"):
        owner = closed.tenant if of == "client" else None
        entries.add(owner, [PERSON], source=entries.Source.BY_HAND, by=None)
    page = post(closed, sign_in(make_member(closed.tenant, Role.OWNER)), override_reason=WHY)
    assert page.status_code == 422 and "do-not-call list" in page.content.decode()
    assert calls(closed) == [] and closed.dial_requests() == []


def test_a_reason_without_a_rule_to_set_aside_is_not_kept(operator, make_member, sign_in):
    post(operator, sign_in(make_member(operator.tenant, Role.OWNER)), override_reason=WHY)
    (call,) = calls(operator)
    assert (call.overridden_rule, call.override_reason, call.rules_version) == ("", "", VERSION)


def test_a_call_that_waits_is_claimed_by_its_own_reason_alone(closed):
    facts = {"number": closed.number.pk, "assistant": closed.assistant.pk, "destination": PERSON}
    call, _ = intents.request(closed.tenant, by=closed.user, token=uuid.uuid4(), override_reason=WHY, **facts)
    call.overridden_rule = ""
    assert claims.claim(call).outcome == claims.Claim.REFUSED
    with scope.for_tenant(closed.tenant):
        call = Call.objects.select_related("tenant").get(pk=call.pk)
    assert claims.claim(call).outcome == claims.Claim.WON
