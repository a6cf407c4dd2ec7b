"""The figures of campaigns with many people are counted in the background, and are those that a page would count."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.beat_schedule import SCHEDULE
from dashboard.calls.models import Call
from dashboard.campaigns import kept_counts, people_counting, sync
from dashboard.campaigns.models import Campaign, CampaignSnapshot
from tenants.isolation import scope
from tests.fixtures.call_factories import captured_selects, make_call, make_campaign, make_lead

pytestmark = pytest.mark.django_db
TOTAL = kept_counts.FEW + 1


@pytest.fixture
def campaign(bloom):
    """Ten people of whom some were called, in a campaign that VoiceDock says to be larger."""
    now = timezone.now()
    campaign = make_campaign(bloom, total_leads=TOTAL, leads_seen_at=now)
    for nth, (status, outcome) in enumerate([("completed", "booked"), ("completed", "voicemail"), ("failed", "")] * 3):
        call = make_call(bloom, state="ended", counterpart=f"+3161234500{nth}")
        with scope.for_tenant(bloom.tenant):
            Call.objects.filter(pk=call.pk).update(analysis_outcome=outcome, duration_seconds=30 + nth)
        made = {"call_remote_id": call.remote_id, "attempts": 1, "last_attempt_at": now - timedelta(minutes=nth)}
        make_lead(campaign, status=status, phone_number=f"+3161234500{nth}", **made)
    make_lead(campaign, phone_number="+31612345009")
    return campaign


def shown(page):
    """The words of the page below its head."""
    main = page.content.decode().partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\d+ s ago", "", " ".join(re.sub(r"<[^>]+>", " ", main).split()))


def reload(campaign):
    with scope.for_system("look"):
        return Campaign.objects.get(pk=campaign.pk)


@pytest.mark.parametrize("address", ["", "{pk}/"])
def test_a_page_shows_the_same_figures_and_reads_no_people_for_them(manager, campaign, address):
    address = f"/c/bloom-dental/campaigns/{address.format(pk=campaign.pk)}"
    before = shown(manager.get(address))
    assert people_counting.run() == 1
    with CaptureQueriesContext(connection) as asked:
        after = shown(manager.get(address))
    assert after == before
    counting = [query["sql"] for query in asked if "campaigns_lead" in query["sql"] and "COUNT(" in query["sql"]]
    assert counting == []


def test_few_people_are_counted_when_they_are_shown(bloom, campaign):
    with scope.for_system("a small one"):
        Campaign.objects.filter(pk=campaign.pk).update(total_leads=kept_counts.FEW)
    assert people_counting.run() == 0
    assert kept_counts.kept(reload(campaign), "states") is None


def test_they_are_counted_again_while_something_changes_and_then_no_more(campaign):
    assert (people_counting.run(), people_counting.run()) == (1, 0)
    counted = reload(campaign).people_counted_at

    def after(seconds, **change):
        ago = timedelta(seconds=seconds)
        with scope.for_system("time goes by"):
            seen = counted - change.pop("since_read", timedelta())
            Campaign.objects.filter(pk=campaign.pk).update(
                people_counted_at=counted - ago, leads_seen_at=seen - ago, **change
            )
        return people_counting.run()

    assert after(people_counting.EVERY.total_seconds() - 5) == 0
    assert after(people_counting.EVERY.total_seconds() + 5) == 1
    assert after(60, status="completed") == 1, "reports of its last calls come late"
    assert after(60, status="completed", since_read=people_counting.LATER + timedelta(seconds=1)) == 0
    assert SCHEDULE["count people of campaigns"]["schedule"] <= people_counting.EVERY


def test_a_read_that_changed_something_counts_at_once(
    agency, make_sandbox_tenant, make_remote_campaign, sandbox, monkeypatch
):
    monkeypatch.setattr(kept_counts, "FEW", 2)
    monkeypatch.setattr(sync, "FEW", 2)
    make_sandbox_tenant(agency, "harbor", assistants=("Dispatch desk",))
    remote_id = make_remote_campaign("Slots", "Dispatch desk")
    sync.campaigns(agency.connection)
    sync.due_leads(agency.connection)
    with scope.for_system("look"):
        assert kept_counts.kept(Campaign.objects.get(), "states") == {"pending": 3}
    sandbox.state.leads[remote_id][0].status = "completed"
    sync.campaigns(agency.connection)
    with captured_selects() as selects:
        sync.due_leads(agency.connection)
    counted = [select for select in selects if "lately" in select]
    assert len(counted) == 1, "its snapshot is made of the same figures"
    with scope.for_system("look"):
        assert kept_counts.kept(Campaign.objects.get(), "states") == {"pending": 2, "completed": 1}
        assert CampaignSnapshot.objects.order_by("at", "pk").last().completed == 1
