"""One function says whether a person may be called: for one number, and in few statements for very many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from dashboard.contact_rules import contact_settings, entries, rules
from dashboard.contact_rules.contact_history import Asking
from dashboard.contact_rules.models import ContactSettings
from dashboard.contact_rules.rules import InCampaign, Purpose, Rule
from dashboard.contact_rules.verdict import OVERRIDABLE, to_stored
from tenants.isolation import scope
from tests.fixtures.call_factories import make_call, make_campaign, make_lead

PERSON = "+31612345678"
NIGHT = datetime(2026, 11, 26, 22, tzinfo=UTC)
NOON = datetime(2026, 11, 26, 11, tzinfo=UTC)
CAMPAIGN: dict[str, Any] = {"purpose": Purpose.CAMPAIGN}


def keep(tenant: Any, **changed: Any) -> None:
    with scope.for_system("settings"):
        ContactSettings.objects.update_or_create(tenant=tenant, defaults=changed)


def ask(tenant: Any, at: datetime | None = NOON, number: str = PERSON, **more: Any) -> rules.Verdict:
    with scope.for_tenant(tenant):
        return rules.verdict(tenant, number, at, **more)


def block(tenant: Any, *numbers: str) -> None:
    with scope.for_system("a number is blocked"):
        entries.add(tenant, numbers, source=entries.Source.BY_HAND, by=None)


def test_single_calls_are_held_to_the_lists_alone_until_staff_switch_more_on(bloom):
    for _ in range(6):
        make_call(bloom, state="ended")
    assert ask(bloom.tenant, NIGHT).refusal == ""
    keep(bloom.tenant, calls_keep_hours=True, calls_keep_attempts=True)
    assert ask(bloom.tenant, NIGHT).rule == Rule.ATTEMPTS
    keep(bloom.tenant, calls_keep_attempts=False)
    night = ask(bloom.tenant, NIGHT)
    assert night.rule == Rule.HOURS and night.until == datetime(2026, 11, 27, 7, tzinfo=UTC)
    assert night.version == rules.VERSION and ask(bloom.tenant).version == rules.VERSION


def test_a_reason_sets_aside_the_rules_that_were_read_and_no_other(bloom):
    keep(bloom.tenant, calls_keep_hours=True, calls_keep_attempts=True, most_attempts=1)
    make_call(bloom, state="ended")
    both = ask(bloom.tenant, NIGHT)
    assert both.overridable == (Rule.ATTEMPTS, Rule.HOURS) and "called" in both.refusal.lower()
    hours = ask(bloom.tenant, NIGHT, overridden=[Rule.ATTEMPTS])
    assert hours.rule == Rule.HOURS and hours.refusal in both.refusal and hours.refusal != both.refusal
    assert ask(bloom.tenant, NIGHT, overridden=[Rule.HOURS]).rule == Rule.ATTEMPTS
    with scope.for_tenant(bloom.tenant):
        refused = rules.verdict_with_reason(bloom.tenant, PERSON, NIGHT, "She asked for it.", [Rule.HOURS])
        allowed = rules.verdict_with_reason(bloom.tenant, PERSON, NIGHT, "She asked for it.", [*Rule])
    assert refused == (both, ())
    assert allowed[0].refusal == "" and Rule.words(to_stored(allowed[1])) == (
        "called often lately and outside of calling hours"
    )


def test_an_override_is_about_hours_and_attempts_and_never_about_the_lists(bloom):
    keep(bloom.tenant, calls_keep_hours=True, calls_keep_attempts=True, most_attempts=1)
    make_call(bloom, state="ended")
    assert ask(bloom.tenant, NIGHT, overridden=OVERRIDABLE).refusal == ""
    block(None, PERSON)
    assert ask(bloom.tenant, NIGHT, overridden=OVERRIDABLE).rule == Rule.RESELLERS_LIST
    block(bloom.tenant, PERSON)
    verdict = ask(bloom.tenant, NIGHT, overridden=OVERRIDABLE)
    assert verdict.rule == Rule.DO_NOT_CALL and verdict.is_own and not verdict.may_be_overridden


def test_calls_and_campaigns_are_counted_together(bloom, harbor):
    now = datetime.now(UTC)
    keep(bloom.tenant, most_attempts=3, attempt_days=7, campaigns_keep_hours=False, gap_days=0)
    make_call(bloom, state="ended", ago=3 * 86_400)
    make_call(bloom, state="ended", ago=8 * 86_400)
    make_call(bloom, state="refused", sent_at=None)
    make_call(harbor, state="ended")
    lead = make_lead(make_campaign(bloom), "failed", phone_number=PERSON, attempts=1, last_attempt_at=now)
    assert ask(bloom.tenant, now, **CAMPAIGN).refusal == ""
    with scope.for_system("called again"):
        type(lead).objects.filter(pk=lead.pk).update(attempts=2)
    verdict = ask(bloom.tenant, now, **CAMPAIGN)
    assert verdict.rule == Rule.ATTEMPTS and "Called 3 times in 7 days; at most 3 times" in verdict.refusal
    assert verdict.until is not None and abs(verdict.until - (now + timedelta(days=4))) < timedelta(minutes=1)
    assert ask(bloom.tenant, now).refusal == "", "single calls are not held to it"


def test_the_call_that_asks_does_not_count(bloom):
    keep(bloom.tenant, calls_keep_attempts=True, most_attempts=1)
    call = make_call(bloom, state="ended")
    now = datetime.now(UTC)
    assert ask(bloom.tenant, now).rule == Rule.ATTEMPTS
    assert ask(bloom.tenant, now, asking=Asking(call=call.pk)).refusal == ""


def test_a_person_of_one_campaign_is_in_no_other_for_some_days(bloom, harbor):
    keep(bloom.tenant, campaigns_keep_hours=False, campaigns_keep_attempts=False, gap_days=14)
    make_lead(make_campaign(harbor), phone_number=PERSON)
    assert ask(bloom.tenant, **CAMPAIGN).refusal == "", "another client's campaigns do not matter"
    earlier = make_campaign(bloom, "Recall spring")
    called = datetime(2026, 11, 20, 9, tzinfo=UTC)
    make_lead(earlier, "completed", phone_number=PERSON, attempts=1, last_attempt_at=called)
    verdict = ask(bloom.tenant, **CAMPAIGN)
    assert verdict.rule == Rule.GAP and verdict.until == called + timedelta(days=14)
    assert "Called by the campaign Recall spring on 20 November 2026" in verdict.refusal
    assert ask(bloom.tenant, called + timedelta(days=15), **CAMPAIGN).refusal == ""
    assert ask(bloom.tenant, asking=Asking(campaigns=(earlier.pk,)), **CAMPAIGN).refusal == "", "itself does not count"
    make_lead(make_campaign(bloom, "Recall summer", "paused"), phone_number=PERSON)
    assert "Is in the campaign Recall summer" in ask(bloom.tenant, **CAMPAIGN).refusal


def test_a_consent_is_asked_where_the_settings_say_so(bloom):
    keep(bloom.tenant, campaigns_keep_hours=False)
    consents: dict[str, dict[str, str]] = {PERSON: {"kind": "opt-in", "source": " "}}
    assert ask(bloom.tenant, campaign=InCampaign(consents=consents), **CAMPAIGN).refusal == ""
    keep(bloom.tenant, needs_consent=True)
    assert ask(bloom.tenant, campaign=InCampaign(consents=consents), **CAMPAIGN).rule == Rule.CONSENT
    consents[PERSON]["source"] = "web form"
    assert ask(bloom.tenant, campaign=InCampaign(consents=consents), **CAMPAIGN).refusal == ""
    assert ask(bloom.tenant).refusal == ""


def test_very_many_numbers_cost_as_many_statements_as_one(bloom):
    keep(bloom.tenant, needs_consent=True)
    make_lead(make_campaign(bloom), phone_number=PERSON)
    block(bloom.tenant, "+31612340001")
    block(None, "+31612340002")
    numbers = [PERSON, "+31612340001", "+31612340002", *(f"+3161{index:07d}" for index in range(2_000))]
    counts = []
    for asked in (numbers[:1], numbers):
        with scope.for_tenant(bloom.tenant), CaptureQueriesContext(connection) as captured:
            found = rules.verdicts(bloom.tenant, asked, NOON, **CAMPAIGN)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 4
    assert [found[number].rule for number in numbers[:4]] == [Rule.GAP, Rule.DO_NOT_CALL, Rule.RESELLERS_LIST, None]
    with scope.for_tenant(bloom.tenant):
        for number in numbers[:4]:
            assert rules.verdict(bloom.tenant, number, NOON, **CAMPAIGN) == found[number]


def test_settings_are_kept_in_order_and_read_by_their_client_alone(bloom, harbor):
    keep(bloom.tenant, gap_days=3)
    with scope.for_tenant(harbor.tenant):
        assert not ContactSettings.objects.exists()
        assert contact_settings.of(harbor.tenant).gap_days == 30
    with scope.for_system("wrong order"), pytest.raises(IntegrityError, match="in_order"), transaction.atomic():
        ContactSettings.objects.filter(tenant=bloom.tenant).update(opens="20:00", closes="8:00")
