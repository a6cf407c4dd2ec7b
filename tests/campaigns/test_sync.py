"""Campaigns and leads as VoiceDock has them, and whose they are."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard.campaigns import sync
from dashboard.campaigns.models import Campaign, Lead
from dashboard.connections import connect
from dashboard.live_updates.models import Change
from dashboard.sync.models import Kind, SyncRun
from tenants import dedications
from tenants.isolation import scope
from tenants.models import Tenant


@pytest.fixture
def harbor(agency, make_sandbox_tenant) -> Tenant:
    return make_sandbox_tenant(agency, "harbor", numbers=("+31105550161",), assistants=("Dispatch desk",))


def changes():
    return list(Change.objects.values_list("kind", "tenant", "version"))


def test_a_campaign_belongs_to_the_client_of_its_assistant(agency, harbor, make_remote_campaign):
    make_remote_campaign("Slots", "Dispatch desk")
    make_remote_campaign("Nobody's", "Tariff advisor")
    sync.campaigns(agency.connection)
    with scope.for_tenant(harbor):
        (campaign,) = Campaign.objects.all()
        assert (campaign.name, campaign.status, campaign.total_leads, str(campaign.starts)) == (
            "Slots",
            "draft",
            3,
            "09:00:00",
        )
    with scope.for_system("look"):
        assert Campaign.objects.get(name="Nobody's").tenant is None


def test_it_stays_with_the_client_it_was_made_for(agency, harbor, make_remote_campaign, make_sandbox_tenant):
    make_remote_campaign("Slots", "Dispatch desk")
    sync.campaigns(agency.connection)
    with scope.for_system("hand the assistant over"):
        dedications.end_assistant(harbor.assistantdedications.get(), by=None)
    make_sandbox_tenant(agency, "noord", assistants=("Dispatch desk",), since=None)
    sync.campaigns(agency.connection)
    with scope.for_system("look"):
        assert Campaign.objects.get().tenant == harbor


def test_nobodys_campaign_and_its_leads_follow_when_the_assistant_is_dedicated(
    agency, make_remote_campaign, make_sandbox_tenant
):
    make_remote_campaign("Tariffs", "Tariff advisor")
    sync.campaigns(agency.connection)
    sync.due_leads(agency.connection)
    noord = make_sandbox_tenant(agency, "noord", assistants=("Tariff advisor",))
    sync.campaigns(agency.connection)
    with scope.for_tenant(noord):
        assert Campaign.objects.get().name == "Tariffs"
        assert Lead.objects.count() == 3


def test_only_news_raise_the_version_and_reach_the_screens(agency, harbor, make_remote_campaign, sandbox):
    remote_id = make_remote_campaign("Slots", "Dispatch desk")
    sync.campaigns(agency.connection)
    sync.campaigns(agency.connection)
    with scope.for_system("look"):
        assert [one for one in changes() if one[0] == "campaign"] == [("campaign", harbor.pk, 1)]
    sandbox.state.campaigns[remote_id].name = "Slots of the week"
    sync.campaigns(agency.connection)
    with scope.for_system("look"):
        assert Campaign.objects.get().version == 2
        assert ("campaign", harbor.pk, 2) in changes()


def test_a_campaign_that_vanished_is_marked(agency, harbor, make_remote_campaign, sandbox):
    remote_id = make_remote_campaign("Slots", "Dispatch desk")
    sync.campaigns(agency.connection)
    del sandbox.state.campaigns[remote_id]
    sync.campaigns(agency.connection)
    with scope.for_system("look"):
        assert Campaign.objects.get().vanished_at is not None


def test_leads_are_read_when_counters_moved_and_not_again(agency, harbor, make_remote_campaign, sandbox, new_requests):
    remote_id = make_remote_campaign("Slots", "Dispatch desk")
    sync.campaigns(agency.connection)
    new_requests()
    sync.due_leads(agency.connection)
    sync.due_leads(agency.connection)
    assert new_requests() == [f"GET /campaigns/{remote_id}/leads"]
    lead = sandbox.state.leads[remote_id][0]
    lead.status, lead.attempts, lead.call_id = "completed", 1, "call-_+31612340000_x"
    sync.campaigns(agency.connection)
    sync.due_leads(agency.connection)
    with scope.for_tenant(harbor):
        read = Lead.objects.get(remote_id=lead.id)
        assert (read.status, read.attempts, read.call_remote_id) == ("completed", 1, "call-_+31612340000_x")
        assert read.variables == {"name": "P0"}
        assert Campaign.objects.get().completed_leads == 1


def test_a_lead_removed_there_is_removed_here(agency, harbor, make_remote_campaign, sandbox):
    remote_id = make_remote_campaign("Slots", "Dispatch desk")
    sync.campaigns(agency.connection)
    sync.due_leads(agency.connection)
    del sandbox.state.leads[remote_id][1]
    sync.campaigns(agency.connection)
    sync.due_leads(agency.connection)
    with scope.for_tenant(harbor):
        assert Lead.objects.count() == 2


def test_an_open_page_keeps_its_leads_fresh_and_a_running_one_is_read_every_minute(
    agency, harbor, make_remote_campaign, new_requests
):
    remote_id = make_remote_campaign("Slots", "Dispatch desk")
    sync.campaigns(agency.connection)
    sync.due_leads(agency.connection)
    read = ["GET /campaigns/" + remote_id + "/leads"]

    def after(seconds, **change):
        with scope.for_system("let time pass"):
            Campaign.objects.update(leads_seen_at=timezone.now() - timedelta(seconds=seconds), **change)
            Campaign.objects.update(counted_at=timezone.now() - timedelta(hours=1))
        new_requests()
        sync.due_leads(agency.connection)
        return new_requests()

    assert after(50) == []
    assert after(50, status="scheduled") == []
    assert after(70, status="scheduled") == read
    with scope.for_system("open"):
        campaign = Campaign.objects.select_related("connection").get()
    sync.watch(campaign)
    assert after(10) == []
    assert after(20) == read


@pytest.mark.parametrize("fault", ["404", "409"])
def test_one_failing_list_does_not_lose_the_others(agency, harbor, make_remote_campaign, sandbox, fault):
    first, second = make_remote_campaign("One", "Dispatch desk"), make_remote_campaign("Two", "Dispatch desk")
    sync.campaigns(agency.connection)
    sandbox.faults.add({"fault": fault, "route": f"/campaigns/{first}/leads", "times": None})
    sync.due_leads(agency.connection)
    with scope.for_tenant(harbor):
        assert set(Lead.objects.values_list("campaign__remote_id", flat=True)) == {second}
    with scope.for_system("look"):
        assert SyncRun.objects.get(kind=Kind.LEADS).outcome == "done"


def test_one_organization_knows_nothing_of_anothers_campaigns(agency, bloom_organization, make_remote_campaign):
    make_remote_campaign("Recall", "Recall NL", key="sandbox-bloom")
    sync.campaigns(agency.connection)
    with scope.for_system("look"):
        assert not Campaign.objects.exists()
    assert connect.webhook_url(agency.connection) != connect.webhook_url(bloom_organization.connection)
