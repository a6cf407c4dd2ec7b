"""A single call, a planned one, a draft and a running campaign get the same answer for the same person and time."""

from __future__ import annotations

import uuid
from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from dashboard.calls.models import State
from dashboard.calls.placing import claims, intents
from dashboard.calls.planned import planning
from dashboard.campaigns import draft_rules, forbidden_people
from dashboard.campaigns.models import CampaignDraft, DraftLead
from dashboard.contact_rules import entries, rules
from dashboard.contact_rules.models import ContactSettings
from dashboard.contact_rules.rules import Purpose, Rule
from tenants.isolation import scope
from tests.fixtures.call_factories import make_call
from tests.fixtures.operator import PERSON

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def settle(operator: Any, rule: Rule | None) -> None:
    """The facts by which this rule alone refuses; None for a person who may be called."""
    today = timezone.now().astimezone(AMSTERDAM).weekday()
    closed = {today, (today + 1) % 7} if rule == Rule.HOURS else set()
    with scope.for_system("settings and lists"):
        ContactSettings.objects.create(
            tenant=operator.tenant,
            calls_keep_hours=True,
            calls_keep_attempts=True,
            most_attempts=1,
            opens=time(0),
            closes=time(23, 59, 59),
            weekdays=sorted(set(range(7)) - closed),
            skips_holidays=False,
        )
        if rule in (Rule.DO_NOT_CALL, Rule.RESELLERS_LIST):
            owner = operator.tenant if rule == Rule.DO_NOT_CALL else None
            entries.add(owner, [PERSON], source=entries.Source.BY_HAND, by=None)
    if rule == Rule.ATTEMPTS:
        make_call(operator, state="ended", counterpart=PERSON, by=operator.user, ago=3600)


def single(operator: Any) -> str:
    facts = {"number": operator.number.pk, "assistant": operator.assistant.pk, "destination": PERSON}
    try:
        intents.request(operator.tenant, by=operator.user, token=uuid.uuid4(), **facts)
    except intents.CallRefused as error:
        return error.message
    return ""


def planned(planner: Any) -> str:
    try:
        planner.plan(minutes=30, destination=PERSON)
    except planning.PlanRefused as error:
        return error.message
    return ""


def drafted(operator: Any) -> DraftLead:
    """For a campaign that calls on this day and the next alone."""
    today = timezone.now().astimezone(AMSTERDAM).date()
    days = {"first_day": today, "last_day": today + timedelta(days=1), "weekdays": list(range(7))}
    hours = {"starts": time(9), "ends": time(17), "timezone": "Europe/Amsterdam", "skips_holidays": False}
    with scope.for_tenant(operator.tenant):
        draft = CampaignDraft.objects.create(tenant=operator.tenant, created_by=operator.user, **days, **hours)
        DraftLead.objects.create(tenant=operator.tenant, draft=draft, line=2, number=PERSON)
        draft_rules.check(draft)
        return DraftLead.objects.get(draft=draft)


def running(operator: Any) -> rules.Verdict:
    with scope.for_tenant(operator.tenant):
        return rules.verdict(operator.tenant, PERSON, purpose=Purpose.CAMPAIGN)


@pytest.mark.parametrize("rule", [None, Rule.DO_NOT_CALL, Rule.RESELLERS_LIST, Rule.ATTEMPTS, Rule.HOURS])
def test_the_same_answer_everywhere(operator, planner, rule):
    settle(operator, rule)
    lead, verdict = drafted(operator), running(operator)
    by_plan, by_hand = planned(planner), single(operator)
    assert verdict.rule == rule and lead.rule == (rule or "")
    assert lead.rules_version == verdict.version == rules.VERSION
    assert bool(by_plan) == bool(by_hand) == bool(lead.reason) == bool(verdict.refusal) == (rule is not None)
    if rule in (Rule.DO_NOT_CALL, Rule.RESELLERS_LIST, Rule.ATTEMPTS):
        assert by_hand == by_plan == lead.reason == verdict.refusal
    assert operator.dial_requests() == []


@pytest.mark.parametrize("rule", [Rule.DO_NOT_CALL, Rule.HOURS, Rule.ATTEMPTS])
def test_the_claim_asks_once_more(operator, rule):
    facts = {"number": operator.number.pk, "assistant": operator.assistant.pk, "destination": PERSON}
    call, _ = intents.request(operator.tenant, by=operator.user, token=uuid.uuid4(), **facts)
    settle(operator, rule)
    result = claims.claim(call)
    assert result.outcome == claims.Claim.REFUSED and result.reason


def test_a_call_does_not_count_against_itself(operator):
    settle(operator, None)
    call = operator.place()
    assert len(operator.dial_requests()) == 1 and operator.reload(call).state != State.REFUSED
    assert "at most once is allowed" in single(operator)


@pytest.mark.smoke
def test_running_campaigns_lose_whom_the_lists_forbid(operator):
    assert set(forbidden_people.LISTS) == {Rule.DO_NOT_CALL, Rule.RESELLERS_LIST, Rule.CAMPAIGN_LIST}
