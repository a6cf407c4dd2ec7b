"""The history of a campaign: taken when its counts move, drawn in steps, kept for a while, and made up for no time."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.utils import timezone

from dashboard.campaigns import history_chart, snapshots, sync, tasks
from dashboard.campaigns.models import Campaign, CampaignSnapshot, Lead
from tenants.isolation import scope
from tests.fixtures.call_factories import captured_selects, make_campaign, make_lead

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def move(campaign, **states):
    """So many leads of each state, and the counters to them."""
    with scope.for_system("leads moved"):
        Lead.objects.filter(campaign=campaign).delete()
        Campaign.objects.filter(pk=campaign.pk).update(total_leads=sum(states.values()))
        campaign.total_leads = sum(states.values())
    for state, count in states.items():
        for _ in range(count):
            make_lead(campaign, state)


def take(campaign, monkeypatch, at):
    monkeypatch.setattr(snapshots.timezone, "now", lambda: at)
    with scope.for_system("take a snapshot"):
        snapshots.take(campaign)


def taken(campaign):
    with scope.for_system("look"):
        found = CampaignSnapshot.objects.filter(campaign=campaign).order_by("at")
        return [(row.at, row.completed, row.not_reached, row.calling, row.others, row.left) for row in found]


def test_one_is_kept_for_each_five_minutes_in_which_something_moved(bloom, monkeypatch):
    campaign = make_campaign(bloom)
    move(campaign, pending=4)
    take(campaign, monkeypatch, NOON + timedelta(seconds=30))
    move(campaign, pending=2, completed=1, calling=1)
    take(campaign, monkeypatch, NOON + timedelta(minutes=4))  # in the place of the first
    take(campaign, monkeypatch, NOON + timedelta(minutes=11))  # nothing moved
    move(campaign, completed=1, failed=1, no_answer=1, skipped=1)
    take(campaign, monkeypatch, NOON + timedelta(minutes=21))
    assert taken(campaign) == [(NOON, 1, 0, 1, 0, 2), (NOON + timedelta(minutes=20), 1, 2, 0, 1, 0)]


def test_the_sync_takes_one_when_leads_moved_and_hands_it_to_the_client_with_the_campaign(
    agency, make_remote_campaign, make_sandbox_tenant, sandbox
):
    remote_id = make_remote_campaign("Tariffs", "Tariff advisor")
    sync.campaigns(agency.connection)
    sync.due_leads(agency.connection)
    with scope.for_system("look"):
        campaign = Campaign.objects.select_related("connection").get()
        assert [(row.tenant_id, row.total, row.left) for row in CampaignSnapshot.objects.all()] == [(None, 3, 3)]
    sync.leads(campaign)
    assert len(taken(campaign)) == 1
    sandbox.state.leads[remote_id][0].status = "completed"
    sync.campaigns(agency.connection)
    sync.due_leads(agency.connection)
    assert taken(campaign)[-1][1:] == (1, 0, 0, 0, 2)
    noord = make_sandbox_tenant(agency, "noord", assistants=("Tariff advisor",))
    sync.campaigns(agency.connection)
    with scope.for_tenant(noord):
        assert set(CampaignSnapshot.objects.values_list("tenant", flat=True)) == {noord.pk}


def write(campaign, count, *, every=timedelta(minutes=5), since=NOON):
    with scope.for_system("a long history"):
        CampaignSnapshot.objects.bulk_create(
            CampaignSnapshot(
                tenant_id=campaign.tenant_id, campaign=campaign, at=since + at * every, total=count, completed=at,
                not_reached=0, calling=0, others=0,
            )
            for at in range(count)
        )  # fmt: skip


def test_a_long_history_is_read_in_few_points_with_both_ends(bloom):
    campaign = make_campaign(bloom)
    write(campaign, 3_000)
    with scope.for_tenant(bloom.tenant), captured_selects() as selects:
        points = snapshots.spread(campaign, 48)
    assert len(selects) == 3 and 48 <= len(points) <= 50
    assert (points[0].completed, points[-1].completed) == (0, 2_999)
    assert [point.at for point in points] == sorted({point.at for point in points})


@pytest.mark.parametrize("seed", range(50))
def test_the_drawing_stays_inside_whatever_the_counts_are(seed):
    chance, at, points = random.Random(seed), NOON, []
    for _ in range(chance.randrange(60)):
        at += timedelta(minutes=chance.randrange(1, 500))
        counted = {name: chance.randrange(10) for name in ("completed", "not_reached", "others")}
        points.append(CampaignSnapshot(at=at, calling=0, total=5, **counted))
    chart = history_chart.draw(points)
    for area in chart.areas:
        across = [float(x) for x in re.findall(r"H([\d.]+)", area.path)]
        down = [float(y) for y in re.findall(r"V([\d.]+)", area.path)]
        assert across == sorted(across) and across[-1] == history_chart.WIDTH
        assert all(0 <= y <= history_chart.HEIGHT for y in down)


def read(answer):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def test_the_page_draws_it_and_has_the_same_as_a_table(bloom, manager):
    campaign = make_campaign(bloom)
    path = f"/c/bloom-dental/campaigns/{campaign.pk}/"
    assert "makes up nothing for the time before" in read(manager.get(path))
    write(campaign, 3, since=timezone.now() - timedelta(hours=1))
    page = manager.get(path)
    assert "nothing is known of the time before" in read(page)
    assert 'aria-label="People by state: from 0 to 2 completed' in page.content.decode()
    table = page.content.decode().partition('id="history-table"')[2].partition("</table>")[0]
    assert table.count("<tr>") == 4 and page.content.decode().count('<path class="done"') == 1


def test_old_ones_are_deleted_and_another_client_reads_none(bloom, harbor):
    campaign = make_campaign(bloom)
    write(campaign, 1, since=timezone.now() - snapshots.KEPT - timedelta(hours=1))
    write(campaign, 2, since=timezone.now() - timedelta(hours=1))
    with scope.for_tenant(harbor.tenant):
        assert CampaignSnapshot.objects.count() == 0
    tasks.prune_history()
    assert len(taken(campaign)) == 2
