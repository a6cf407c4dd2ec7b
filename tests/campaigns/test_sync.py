"""Campaigns and leads as VoiceDock has them, and whose they are."""

from datetime import timedelta
from math import sqrt

import pytest
from django.utils import timezone

from dashboard.campaigns import lead_reads, sync
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


def test_a_long_list_is_stored_in_slices_and_nothing_is_lost(
    agency, harbor, make_remote_campaign, sandbox, monkeypatch
):
    monkeypatch.setattr(sync, "SLICE", 2)
    remote_id = make_remote_campaign("Slots", "Dispatch desk", leads=7)
    sync.campaigns(agency.connection)
    sync.due_leads(agency.connection)
    leads = sandbox.state.leads[remote_id]
    gone, moved = leads.pop(1), leads[4]
    leads.append(leads[0])  # listed twice
    moved.status, moved.attempts = "completed", 1
    sync.campaigns(agency.connection)
    sync.due_leads(agency.connection)
    with scope.for_tenant(harbor):
        found = dict(Lead.objects.values_list("remote_id", "status"))
    assert set(found) == {lead.id for lead in leads} and gone.id not in found
    assert found[moved.id] == "completed"


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
        read_at = timezone.now() - timedelta(seconds=seconds)
        with scope.for_system("let time pass"):
            campaign = Campaign.objects.get()
            campaign.counted_at = timezone.now() - timedelta(hours=1)
            campaign.status = change.get("status", campaign.status)
            lead_reads.after_read(campaign, changed=False, at=read_at, together=1.0)
            campaign.leads_seen_at = read_at
            campaign.save()
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


def test_moved_counters_are_read_before_all_that_is_only_due(
    agency, harbor, make_remote_campaign, sandbox, new_requests
):
    remotes = [make_remote_campaign(f"Slots {nth}", "Dispatch desk") for nth in range(sync.MAX_LISTS + 4)]
    sync.campaigns(agency.connection)
    for _ in range(2):
        sync.due_leads(agency.connection)
    with scope.for_system("all were started long ago"):
        long_ago = timezone.now() - timedelta(hours=2)
        Campaign.objects.update(
            status="scheduled", leads_seen_at=long_ago, leads_due_at=long_ago, counted_at=long_ago - timedelta(hours=1)
        )
        Campaign.objects.filter(remote_id=remotes[-1]).update(leads_seen_at=timezone.now(), leads_due_at=None)
    for remote in remotes:
        sandbox.state.campaigns[remote].status = "scheduled"
    lead = sandbox.state.leads[remotes[-1]][0]
    lead.status, lead.attempts = "completed", 1
    sync.campaigns(agency.connection)
    new_requests()
    sync.due_leads(agency.connection)
    asked = new_requests()
    assert asked[0] == f"GET /campaigns/{remotes[-1]}/leads" and len(asked) == sync.MAX_LISTS


def test_a_list_that_is_refused_rests_and_keeps_no_place(agency, harbor, make_remote_campaign, sandbox, new_requests):
    remotes = [make_remote_campaign(f"Slots {nth}", "Dispatch desk") for nth in range(sync.MAX_LISTS + 1)]
    sync.campaigns(agency.connection)
    for remote in remotes[: sync.MAX_LISTS]:
        sandbox.faults.add({"fault": "409", "route": f"/campaigns/{remote}/leads", "times": None})
    for _ in range(2):
        sync.due_leads(agency.connection)
    asked = new_requests()
    assert f"GET /campaigns/{remotes[-1]}/leads" in asked
    assert all(asked.count(f"GET /campaigns/{remote}/leads") == 1 for remote in remotes)


def test_how_soon_leads_are_read_again_follows_how_often_they_change():
    """Against reading all in turn, at the same number of reads: the age of what changed is lower, none is left out."""
    minute, now = timedelta(minutes=1), timezone.now()
    rates = [4.0] * 10 + [0.02] * 990
    together = sum(map(sqrt, rates))
    pauses = [lead_reads.pause(rate, together) for rate in rates]
    assert sum(minute / pause for pause in pauses) == pytest.approx(lead_reads.READS, rel=0.01)
    in_turn = len(rates) * minute / lead_reads.READS

    def age(times):
        return sum(rate * (pause / 2 / minute) for rate, pause in zip(rates, times, strict=True)) / sum(rates)

    assert age(pauses) < 0.5 * age([in_turn] * len(rates))
    assert max(pauses) <= lead_reads.LATEST and min(pauses) >= lead_reads.SOONEST
    busy = quiet = 1.0
    for nth in range(1, 40):
        at = now + nth * minute
        busy, quiet = lead_reads.rate(busy, True, at, at - minute), lead_reads.rate(quiet, False, at, at - minute)
    assert busy == pytest.approx(1.0) and quiet == lead_reads.RATES[0]
    assert lead_reads.pause(1.0, 1.0) == lead_reads.SOONEST, "a single one is read each minute"


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
