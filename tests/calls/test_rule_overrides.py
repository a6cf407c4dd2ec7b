"""Calling hours and attempts are set aside by those who may, with a reason; the do-not-call lists never."""

from __future__ import annotations

import json
import re
import uuid
from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F
from django.utils import timezone

from dashboard.calls.models import Call, PlannedCall
from dashboard.calls.placing import claims, intents
from dashboard.calls.planned import by_hand
from dashboard.contact_rules import entries
from dashboard.contact_rules.models import ContactSettings
from dashboard.contact_rules.rules import VERSION, Rule
from tenants.access.permissions import Role
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry, Membership
from tests.fixtures.call_factories import make_call
from tests.fixtures.operator import PERSON

SHOWN = f"hours {PERSON}"  # what the form holds that has shown the rule of calling hours
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

    shown = re.search(r'name="override_rules" value="([^"]*)"', page.content.decode())[1]
    assert shown == SHOWN
    answer = post(closed, browser, override_reason=WHY, override_rules=shown)
    (call,) = calls(closed)
    assert answer.status_code == 303 and len(closed.dial_requests()) == 1
    assert (call.overridden_rule, call.override_reason, call.rules_version) == ("hours", WHY, VERSION)
    with scope.for_tenant(closed.tenant):
        entry = AuditEntry.objects.get(action="call.rule-overridden")
    details = json.loads(entry.body)["details"]
    assert (details["why"], details["rule"]) == (WHY, "outside of calling hours")
    page = browser.get(f"/c/{closed.tenant.slug}/calls/{call.pk}/").content.decode()
    assert "a contact rule was against it (outside of calling hours)" in page and WHY in page


@pytest.mark.parametrize("shown", ["", "attempts {person}", "hours +31612340077", "hours", "nonsense", "hours\x00"])
def test_a_reason_sets_aside_no_rule_that_the_form_has_not_shown_for_this_person(closed, make_member, sign_in, shown):
    browser = sign_in(make_member(closed.tenant, Role.MANAGER))
    before = {"override_reason": WHY, "override_rules": shown.format(person=PERSON)}
    page = post(closed, browser, **before)
    text = page.content.decode()
    assert page.status_code == 422 and "Calling hours there" in text and calls(closed) == []
    assert f'name="override_rules" value="{SHOWN}"' in text and WHY in text, "now it has, and the reason is kept"
    page = plan_post(closed, browser, **before)
    assert page.status_code == 422 and plans(closed) == []
    assert closed.dial_requests() == []


def test_a_rule_that_came_after_the_form_was_shown_refuses_the_call(closed, make_member, sign_in):
    browser = sign_in(make_member(closed.tenant, Role.MANAGER))
    with scope.for_system("a new rule"):
        ContactSettings.objects.update(calls_keep_attempts=True, most_attempts=1)
    make_call(closed, state="ended", counterpart=PERSON)
    page = post(closed, browser, override_reason=WHY, override_rules=SHOWN)
    assert page.status_code == 422 and f'value="attempts,hours {PERSON}"' in page.content.decode()
    answer = post(closed, browser, override_reason=WHY, override_rules=f"attempts,hours {PERSON}")
    assert answer.status_code == 303 and len(closed.dial_requests()) == 1


def test_an_operator_is_not_asked_and_a_reason_counts_for_nothing(closed, make_member, sign_in):
    browser = sign_in(make_member(closed.tenant, Role.OPERATOR))
    for more in ({}, {"override_reason": WHY, "override_rules": SHOWN}):
        page = post(closed, browser, **more)
        assert page.status_code == 422 and 'name="override_reason"' not in page.content.decode()
    assert calls(closed) == [] and closed.dial_requests() == []


@pytest.mark.parametrize("of", ["client", "reseller"])
def test_no_reason_calls_whoever_asked_not_to_be_called(closed, make_member, sign_in, of):
    with scope.for_system("on a list"):
        owner = closed.tenant if of == "client" else None
        entries.add(owner, [PERSON], source=entries.Source.BY_HAND, by=None)
    page = post(closed, sign_in(make_member(closed.tenant, Role.OWNER)), override_reason=WHY, override_rules=SHOWN)
    assert page.status_code == 422 and "do-not-call list" in page.content.decode()
    assert calls(closed) == [] and closed.dial_requests() == []


def test_a_reason_without_a_rule_to_set_aside_is_not_kept(operator, make_member, sign_in):
    post(operator, sign_in(make_member(operator.tenant, Role.OWNER)), override_reason=WHY, override_rules=SHOWN)
    (call,) = calls(operator)
    assert (call.overridden_rule, call.override_reason, call.rules_version) == ("", "", VERSION)


def test_a_call_that_waits_is_claimed_by_its_own_reason_alone(closed):
    facts = {"number": closed.number.pk, "assistant": closed.assistant.pk, "destination": PERSON}
    override = {"override_reason": WHY, "known_rules": (Rule.HOURS,)}
    call, _ = intents.request(closed.tenant, by=closed.user, token=uuid.uuid4(), **override, **facts)
    call.overridden_rule = ""
    assert claims.claim(call).outcome == claims.Claim.REFUSED
    with scope.for_tenant(closed.tenant):
        call = Call.objects.select_related("tenant").get(pk=call.pk)
    assert claims.claim(call).outcome == claims.Claim.WON


def plan_post(operator: Any, browser: Any, **more: Any) -> Any:
    at = (timezone.now() + timedelta(minutes=40)).astimezone(ZoneInfo("Europe/Amsterdam"))
    when = {"when": "later", "plan_date": at.date().isoformat(), "plan_time": f"{at:%H:%M}", "plan_window": "30"}
    return post(operator, browser, plan_zone="Europe/Amsterdam", **when | more)


def plans(operator: Any) -> list[PlannedCall]:
    with scope.for_tenant(operator.tenant):
        return list(PlannedCall.objects.all())


def test_a_manager_plans_all_the_same_and_it_is_asked_again_in_its_time(closed, planner, make_member, sign_in):
    manager = make_member(closed.tenant, Role.MANAGER)
    browser = sign_in(manager)
    page = plan_post(closed, browser)
    text = page.content.decode()
    assert page.status_code == 422 and 'name="override_reason"' in text and plans(closed) == []
    assert text.index('name="plan_time"') < text.index('name="override_reason"'), "beside the time that is refused"

    assert plan_post(closed, browser, override_reason=WHY, override_rules=SHOWN).status_code == 303
    (planned,) = plans(closed)
    assert (planned.overridden_rule, planned.override_reason) == ("hours", WHY)
    with scope.for_tenant(closed.tenant):
        message = sentence(AuditEntry.objects.get(action="call.plan-rule-overridden"))
    assert "placed all the same (outside of calling hours)" in message and WHY in message
    shown = " ".join(browser.get(f"/c/{closed.tenant.slug}/calls/planned/").content.decode().split())
    assert "Although a contact rule is against it (outside of calling hours)" in shown and WHY in shown

    planner.move(planned, 41)
    planner.run_due()
    (call,) = calls(closed)
    assert planner.reload(planned).state == "placed" and len(closed.dial_requests()) == 1
    assert (call.overridden_rule, call.override_reason, call.requested_by_id) == ("hours", WHY, manager.pk)


@pytest.mark.parametrize("then", ["on-the-list", "not-a-manager-any-more"])
def test_a_reason_that_counts_for_nothing_by_then_calls_nobody(closed, planner, make_member, then):
    manager = make_member(closed.tenant, Role.MANAGER)
    planned = planner.plan(override_reason=WHY, known_rules=[Rule.HOURS], by=manager)
    assert planned.overridden_rule == "hours"
    with scope.for_system("meanwhile"):
        if then == "on-the-list":
            entries.add(closed.tenant, [PERSON], source=entries.Source.BY_HAND, by=None)
        else:
            Membership.objects.filter(tenant=closed.tenant, user=manager).update(role=Role.OPERATOR)
    planner.move(planned, 31)
    planner.run_due()
    now = planner.reload(planned)
    assert closed.dial_requests() == [] and calls(closed) == []
    words = {"on-the-list": ("refused", "do-not-call list"), "not-a-manager-any-more": ("planned", "Calling hours")}
    assert now.state == words[then][0] and words[then][1] in now.reason


def test_an_operator_plans_nothing_against_a_rule_and_no_reason_plans_against_a_list(closed, make_member, sign_in):
    browser = sign_in(make_member(closed.tenant, Role.OPERATOR, "Ola Pera"))
    page = plan_post(closed, browser, override_reason=WHY, override_rules=SHOWN)
    assert page.status_code == 422 and 'name="override_reason"' not in page.content.decode()
    with scope.for_system("on a list"):
        entries.add(closed.tenant, [PERSON], source=entries.Source.BY_HAND, by=None)
    owner = sign_in(make_member(closed.tenant, Role.OWNER, "Oona Wen"))
    page = plan_post(closed, owner, override_reason=WHY, override_rules=SHOWN)
    assert page.status_code == 422 and "do-not-call list" in page.content.decode()
    assert plans(closed) == []


def test_a_planned_call_keeps_its_reason_while_other_values_change(closed, planner, make_member, sign_in):
    manager = make_member(closed.tenant, Role.MANAGER)
    browser = sign_in(manager)
    planned = planner.plan(override_reason=WHY, known_rules=[Rule.HOURS], by=manager)
    form = browser.get(f"/c/{closed.tenant.slug}/call/?planned={planned.pk}").content.decode()
    assert re.search(rf'<input[^>]*name="override_reason"[^>]*value="{WHY}"', form)
    assert f'name="override_rules" value="{SHOWN}"' in form
    changed = {"planned": planned.pk, "planned_version": planned.version, "plan_window": "60"}
    assert plan_post(closed, browser, override_reason=WHY, override_rules=SHOWN, **changed).status_code == 303
    (now,) = plans(closed)
    assert now.pk == planned.pk and now.override_reason == WHY
    page = plan_post(closed, browser, **changed | {"planned_version": now.version, "plan_window": "15"})
    assert page.status_code == 422, "without its reason the rule refuses it again"


def test_one_that_was_not_placed_is_placed_by_hand_by_the_rules_of_now(closed, planner):
    """Its own time is outside of the hours; now is not, once the hours were changed."""
    planned = planner.plan(override_reason=WHY, known_rules=[Rule.HOURS])
    with scope.for_system("every day but that of the plan"):
        PlannedCall.objects.filter(pk=planned.pk).update(due_at=F("due_at") - timedelta(days=2))
        today = timezone.now().astimezone(ZoneInfo("Europe/Amsterdam")).weekday()
        ContactSettings.objects.filter(tenant=closed.tenant).update(weekdays=[today])
    token = by_hand.token_of_next(planner.reload(planned))
    facts = {"number": closed.number.pk, "assistant": closed.assistant.pk, "destination": PERSON}
    by_hand.place(closed.tenant, planned.pk, by=closed.user, token=token, **facts)
    now = planner.reload(planned)
    assert (now.state, now.overridden_rule, now.override_reason) == ("placed", "", "")
    assert len(closed.dial_requests()) == 1
