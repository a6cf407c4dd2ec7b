"""A call from a number or with an assistant that is not its client's pauses the campaigns that can have made it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard.beat_schedule import SCHEDULE
from dashboard.calls.models import Call
from dashboard.campaigns import alarm_pauses, control, sync, tasks
from dashboard.campaigns.models import Campaign, Lead
from dashboard.celery import app
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import Assistant, AuditEntry, Tenant


@pytest.fixture
def harbor(agency, make_sandbox_tenant) -> Tenant:
    return make_sandbox_tenant(agency, "harbor", numbers=("+31105550161",), assistants=("Dispatch desk",))


@pytest.fixture
def started(agency, harbor, make_remote_campaign, make_member, new_requests) -> Campaign:
    make_remote_campaign("Slots", "Dispatch desk")
    sync.campaigns(agency.connection)
    control.start(fresh(), by=make_member(harbor, Role.MANAGER))
    new_requests()
    return fresh()


@pytest.fixture
def alarmed(started):
    """Calls of the campaign's assistant whose alarm about the caller ID stands."""

    def make(count: int = 1, *, minutes_ago: float = 1, **facts) -> list[Call]:
        at = timezone.now() - timedelta(minutes=minutes_ago)
        rows = [
            {
                "connection": started.connection,
                "tenant": started.tenant,
                "origin": "adopted",
                "remote_id": f"call-{minutes_ago}-{number}",
                "assistant_remote_id": started.assistant.remote_id,
                "alarm": "wrong-number",
                "alarm_at": at,
                "finished": True,
            }
            | facts
            for number in range(count)
        ]
        with scope.for_system("calls with an alarm"):
            return Call.objects.bulk_create([Call(**row) for row in rows])

    return make


def fresh() -> Campaign:
    with scope.for_system("look"):
        return Campaign.objects.select_related("connection", "tenant", "assistant").get()


@pytest.mark.parametrize("alarm", ["wrong-number", "wrong-assistant"])
def test_the_started_campaign_of_that_assistant_is_paused_and_says_why(started, alarmed, new_requests, alarm):
    alarmed(alarm=alarm)
    tasks.pause_after_alarms()
    assert (fresh().status, fresh().pause_cause) == ("paused", "alarm")
    with scope.for_system("look"):
        entries = AuditEntry.objects.filter(action__startswith="campaign.pause").order_by("seq")
        assert list(entries.values_list("action", "actor")) == [
            ("campaign.pause-required", "Patchbay"),
            ("campaign.pause-asked", "Patchbay"),
            ("campaign.pause-accepted", "Patchbay"),
        ]
    new_requests()
    assert alarm_pauses.run() == [] and new_requests() == [], "once is enough"


def test_the_campaign_whose_lead_the_call_was_is_paused_though_the_assistant_is_another(started, alarmed):
    (call,) = alarmed(assistant_remote_id="another")
    assert alarm_pauses.run() == []
    with scope.for_system("the lead of that call"):
        Lead.objects.create(
            tenant=started.tenant,
            campaign=started,
            remote_id="lead-7",
            status="calling",
            call_remote_id=call.remote_id,
            last_attempt_at=timezone.now(),
        )
    assert alarm_pauses.run() == [started] and fresh().status == "paused"


@pytest.mark.parametrize(
    "facts",
    [
        {"assistant_remote_id": ""},
        {"assistant_remote_id": "another"},
        {"alarm": "lost"},
        {"minutes_ago": 61},
    ],
    ids=["no assistant", "another assistant", "another alarm", "long ago"],
)
def test_what_no_campaign_can_have_made_pauses_none(started, alarmed, facts, new_requests):
    alarmed(**facts)
    assert alarm_pauses.run() == [] and new_requests() == []
    assert fresh().status == "scheduled"


def test_a_call_that_patchbay_placed_is_of_no_campaign(operator, agency, make_remote_campaign, make_member):
    make_remote_campaign("Slots", "Dispatch desk")
    sync.campaigns(agency.connection)
    control.start(fresh(), by=make_member(operator.tenant, Role.MANAGER))
    call = operator.place_answered()
    with scope.for_system("an alarm"):
        Call.objects.filter(pk=call.pk).update(alarm="wrong-number", alarm_at=timezone.now())
    assert alarm_pauses.run() == [] and fresh().status == "scheduled"


def test_the_newest_of_many_alarms_counts_too(started, alarmed, monkeypatch, django_assert_max_num_queries):
    """All of the hour is looked through, page by page: many older alarms of another assistant hide none."""
    monkeypatch.setattr(alarm_pauses, "PAGE", 40)
    alarmed(200, minutes_ago=50, assistant_remote_id="another")
    alarmed(1, minutes_ago=1)
    assert alarm_pauses.run() == [started]
    with django_assert_max_num_queries(60):
        assert alarm_pauses.run() == []


def test_one_that_cannot_be_asked_holds_up_no_other(started, alarmed, agency, monkeypatch):
    with scope.for_system("a second campaign"):
        second = Campaign.objects.create(
            tenant=started.tenant,
            connection=started.connection,
            assistant=Assistant.objects.get(pk=started.assistant_id),
            remote_id="second",
            name="Second",
            status="scheduled",
        )
    asked = []

    def fail_first(campaign):
        asked.append(campaign.pk)
        if len(asked) == 1:
            raise RuntimeError

    monkeypatch.setattr(control, "ask_to_pause", fail_first)
    alarmed()
    assert alarm_pauses.run() == [started, second] and asked == [started.pk, second.pk]
    with scope.for_system("look"):
        assert Campaign.objects.filter(pause_required_at__isnull=False, pause_next_at__isnull=False).count() == 2


def test_it_runs_every_two_seconds_where_no_sync_run_delays_it():
    entry = next(one for one in SCHEDULE.values() if one["task"] == tasks.pause_after_alarms.name)
    assert entry["schedule"] == timedelta(seconds=2) and entry["options"]["queue"] == "requests"
    assert app.conf.task_routes[tasks.pause_after_alarms.name] == {"queue": "requests"}
