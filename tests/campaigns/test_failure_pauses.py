"""Campaigns pause by themselves when their calls fail, and when credit runs out; a resume says why they were paused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard.campaigns import control, failure_pauses, sync
from dashboard.campaigns.models import Campaign, CampaignSchedule, PauseCause
from dashboard.contact_rules.models import ContactSettings
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AuditEntry, Connection
from tests.fixtures.call_factories import make_lead


@pytest.fixture
def running(operator, make_remote_campaign):
    """A started campaign at VoiceDock, whose leads here are those that a test makes."""
    make_remote_campaign("Slots", "Dispatch desk", leads=0)
    sync.campaigns(operator.connection)
    assert control.start(fresh(), by=operator.user).outcome == "accepted"
    with scope.for_system("its days, and its leads were read"):
        CampaignSchedule.objects.create(campaign=fresh(), tenant=operator.tenant, is_on=True)
        Campaign.objects.update(failed_leads=9, leads_seen_at=timezone.now())
    keep(operator.tenant, failed_of_last=10)
    return fresh()


def keep(tenant, **changed):
    with scope.for_system("settings of the client"):
        ContactSettings.objects.update_or_create(tenant=tenant, defaults=changed)


def fresh():
    if not scope.current():
        with scope.for_system("look"):
            return fresh()
    return Campaign.objects.select_related("connection", "tenant").get()


def finish(campaign, *states, ago=0):
    for nth, status in enumerate(states):
        make_lead(campaign, status, last_attempt_at=timezone.now() + timedelta(seconds=nth + 1 - ago))


def change(**values):
    with scope.for_system("change"):
        Campaign.objects.update(**values)


@pytest.mark.parametrize(
    ("states", "is_paused"),
    [
        (["failed"] * 5 + ["completed"] * 5, True),
        (["failed"] * 4 + ["completed"] * 6, False),
        (["failed"] * 9, False),  # fewer than are looked at
        (["failed"] * 10 + ["completed"] * 10, False),  # long ago
        (["completed"] * 10 + ["failed"] * 5 + ["skipped"] * 5, True),
    ],
)
def test_the_share_of_the_last_calls_decides(running, operator, states, is_paused):
    finish(running, *states)
    assert bool(failure_pauses.run()) is is_paused
    assert fresh().status == ("paused" if is_paused else "scheduled")
    if is_paused:
        assert fresh().pause_cause == PauseCause.FAILURES
        with scope.for_system("look"):
            assert not CampaignSchedule.objects.get().is_on
            entry = AuditEntry.objects.get(action="campaign.pause-required")
        assert "too many of its last calls failed" in entry.body
    assert failure_pauses.run() == []


def test_failures_before_it_was_started_again_count_no_more(running, operator):
    finish(running, *["failed"] * 10)
    failure_pauses.run()
    sync.campaigns(operator.connection)
    change(pause_required_at=None)
    assert control.resume(fresh(), by=operator.user).outcome == "accepted"
    change(watched_since=timezone.now() + timedelta(minutes=1), leads_seen_at=timezone.now(), failed_leads=10)
    assert failure_pauses.run() == []


def test_the_threshold_of_its_client_counts(running, operator, bloom):
    keep(bloom.tenant, most_failed=10, failed_of_last=5)
    keep(operator.tenant, most_failed=90)
    finish(running, *["failed"] * 8, *["completed"] * 2)
    assert failure_pauses.run() == []
    keep(operator.tenant, most_failed=80)
    assert len(failure_pauses.run()) == 1


def balance(minutes):
    with scope.for_system("credit"):
        Connection.objects.update(minutes_balance=minutes)


def test_low_credit_pauses_what_was_started_with_enough_and_no_credit_pauses_all(running, operator):
    for minutes in (None, 60, 500):
        balance(minutes)
        assert failure_pauses.run() == []
    balance(59)
    assert len(failure_pauses.run()) == 1 and fresh().pause_cause == PauseCause.LOW_CREDIT
    change(pause_required_at=None)
    assert control.resume(fresh(), by=operator.user).outcome == "accepted", "a person decides"
    assert failure_pauses.run() == []
    balance(0)
    assert len(failure_pauses.run()) == 1


def test_how_little_credit_pauses_it_is_set_for_its_client(running, operator, bloom):
    keep(bloom.tenant, low_credit=1_000)
    keep(operator.tenant, low_credit=0)
    balance(1)
    assert failure_pauses.run() == []
    keep(operator.tenant, low_credit=200)
    balance(200)
    assert failure_pauses.run() == []
    balance(199)
    assert len(failure_pauses.run()) == 1 and fresh().pause_cause == PauseCause.LOW_CREDIT
    change(pause_required_at=None)
    assert control.resume(fresh(), by=operator.user).outcome == "accepted"
    assert fresh().began_with_low_credit and failure_pauses.run() == []


def test_a_resume_says_what_was_wrong(running, operator, make_member, sign_in):
    finish(running, *["failed"] * 10)
    failure_pauses.run()
    page = sign_in(make_member(operator.tenant, Role.MANAGER)).get(f"/c/harbor/campaigns/{running.pk}/")
    words = " ".join(page.content.decode().split())
    assert "Patchbay paused it because too many of its last calls failed. See that this is no longer so." in words
