"""Starting, pausing and cancelling: asked once, told as it came out."""

import json

import pytest

from dashboard.calls import manual_resolution
from dashboard.calls.models import Call
from dashboard.campaigns import control, pauses, sync
from dashboard.campaigns.models import Campaign, PauseCause
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AuditEntry, Tenant


@pytest.fixture
def harbor(agency, make_sandbox_tenant) -> Tenant:
    return make_sandbox_tenant(agency, "harbor", numbers=("+31105550161",), assistants=("Dispatch desk",))


@pytest.fixture
def slots(agency, harbor, make_remote_campaign, new_requests) -> Campaign:
    make_remote_campaign("Slots", "Dispatch desk")
    sync.campaigns(agency.connection)
    new_requests()
    return fresh()


@pytest.fixture
def manager(make_member, harbor):
    return make_member(harbor, Role.MANAGER)


def fresh():
    with scope.for_system("look"):
        return Campaign.objects.select_related("connection").get()


def trail():
    with scope.for_system("look"):
        entries = AuditEntry.objects.filter(action__startswith="campaign.").order_by("seq")
        return [(entry.action, entry.actor, json.loads(entry.body)["details"]["name"]) for entry in entries]


def test_through_its_life_each_step_is_one_request(slots, manager, sandbox, new_requests):
    steps = [control.start, control.pause, control.resume, control.cancel]
    answers = [step(fresh(), by=manager) for step in steps]
    assert [answer.outcome for answer in answers] == ["accepted"] * 4
    assert answers[0].message == "Slots is started."
    assert new_requests() == [f"PATCH /campaigns/{slots.remote_id}"] * 4
    assert sandbox.state.campaigns[slots.remote_id].status == fresh().status == "cancelled"
    assert [entry[0] for entry in trail()] == [
        "campaign.start-asked",
        "campaign.start-accepted",
        "campaign.pause-asked",
        "campaign.pause-accepted",
        "campaign.resume-asked",
        "campaign.resume-accepted",
        "campaign.cancel-asked",
        "campaign.cancel-accepted",
    ]


def test_what_its_state_does_not_allow_is_not_even_asked(slots, manager, new_requests):
    for step in (control.pause, control.resume):
        with pytest.raises(control.CampaignActionRefused, match="It is not started now"):
            step(slots, by=manager)
    assert control.offered(slots) == ["start", "cancel"]
    assert new_requests() == []


def test_in_a_shared_connection_starting_needs_staff(
    slots, manager, support, agency, make_sandbox_tenant, new_requests
):
    make_sandbox_tenant(agency, "noord", numbers=("+31505550112",))
    with pytest.raises(control.CampaignActionRefused, match="Ask your account team"):
        control.start(slots, by=manager)
    assert new_requests() == []
    for guess in ("", "yes"):
        with pytest.raises(control.CampaignActionRefused, match="Confirm the risk"):
            control.start(slots, by=support, confirmed=guess)
    assert new_requests() == []
    stated = control.risk(fresh(), by=support)
    assert stated is not None and stated.foreign == [("+31505550112", "Noord")]
    assert control.risk(fresh(), by=manager) is None
    assert control.start(slots, by=support, confirmed=stated.token).outcome == "accepted"
    with scope.for_system("look"):
        entries = {one.tenant_id: one for one in AuditEntry.objects.filter(action="campaign.risk-confirmed")}
    assert set(entries) == {slots.tenant_id, None}
    assert "Noord" not in entries[slots.tenant_id].body and "+31505550112 of Noord" in entries[None].body
    assert control.pause(fresh(), by=manager).outcome == "accepted"
    with pytest.raises(control.CampaignActionRefused, match="Ask your account team"):
        control.resume(fresh(), by=manager)


def test_a_risk_that_grew_since_it_was_read_is_not_confirmed(slots, support, agency, make_sandbox_tenant, new_requests):
    make_sandbox_tenant(agency, "noord", numbers=("+31505550112",))
    stated = control.risk(fresh(), by=support)
    make_sandbox_tenant(agency, "lindo", numbers=("+31305550133",))
    with pytest.raises(control.CampaignActionRefused, match="Confirm the risk"):
        control.start(fresh(), by=support, confirmed=stated.token)
    assert new_requests() == []


def test_nothing_starts_while_an_alarm_about_a_caller_id_is_open(slots, manager, harbor, new_requests, admin):
    with scope.for_system("an alarm"):
        call = Call.objects.create(
            tenant=harbor, connection=slots.connection, origin="adopted", alarm="wrong-number", finished=True
        )
    with pytest.raises(control.CampaignActionRefused, match="Clear that alarm first"):
        control.start(slots, by=manager)
    blocked_actions = control.blocked_actions(Campaign.objects.filter(pk=slots.pk), by=manager)
    assert blocked_actions == {slots.pk: {"start": control.ALARM}} and new_requests() == []
    assert manual_resolution.clear_alarm(call, by=admin, reason="Looked at.")
    assert control.start(slots, by=manager).outcome == "accepted"


def test_a_suspended_client_starts_nothing_but_may_stop(slots, manager, harbor):
    control.start(slots, by=manager)
    with scope.for_system("suspend"):
        Tenant.objects.filter(pk=harbor.pk).update(status=Tenant.Status.SUSPENDED)
    assert control.pause(fresh(), by=manager).outcome == "accepted"
    with pytest.raises(control.CampaignActionRefused, match="suspended"):
        control.resume(fresh(), by=manager)


def test_nobodys_campaign_is_not_started_even_by_staff(agency, make_remote_campaign, support):
    make_remote_campaign("Tariffs", "Tariff advisor")
    sync.campaigns(agency.connection)
    with pytest.raises(control.CampaignActionRefused, match="assigned to no client"):
        control.start(fresh(), by=support)


@pytest.mark.parametrize("fault", ["lost", "cut", "503", "html502"])
def test_no_answer_is_reported_as_that_asked_once_and_looked_after(slots, manager, sandbox, new_requests, fault):
    sandbox.faults.add({"fault": fault, "route": "/campaigns/*", "method": "PATCH"})
    answer = control.start(slots, by=manager)
    assert answer.outcome == "unknown"
    assert "may have been done or not" in answer.message
    assert answer.message.endswith("The next sync, in a moment, shows whether Slots is started.")
    assert len(new_requests()) == 1
    assert [entry[0] for entry in trail()] == ["campaign.start-asked", "campaign.start-unknown"]
    sync.campaigns(slots.connection)
    assert fresh().status == ("scheduled" if fault == "lost" else "draft")


def test_a_refusal_is_reported_in_voicedocks_words(slots, manager, sandbox):
    sandbox.faults.add({"fault": "409", "route": "/campaigns/*", "method": "PATCH"})
    answer = control.start(slots, by=manager)
    assert answer.outcome == "refused"
    assert "Fault ordered in the sandbox" in answer.message
    assert fresh().status == "draft"


def test_a_campaign_that_is_paused_already_is_not_asked_about_again(slots, manager):
    control.start(slots, by=manager)
    assert pauses.require(fresh(), PauseCause.ALARM)
    assert control.ask_to_pause(fresh()).outcome == "accepted"
    assert fresh().status == "paused"
    assert trail()[-1] == ("campaign.pause-accepted", "Patchbay", "Slots")
    assert control.ask_to_pause(fresh()).outcome == "refused"
