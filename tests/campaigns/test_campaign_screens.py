"""Campaigns on screen: the lists, one campaign, and its actions with honest outcomes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.calls.models import Call
from dashboard.campaigns import control, queries, views
from dashboard.campaigns.models import Campaign, Lead
from dashboard.sync.models import Kind, SyncState
from tenants import dedications
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import Number
from tests.fixtures.call_factories import make_campaign, make_lead


def test_the_list_says_where_each_stands_and_how_old_it_is(manager, bloom, harbor):
    running = make_campaign(bloom)
    make_lead(running, "calling")
    make_campaign(bloom, "Hygienist", "paused")
    make_campaign(bloom, "Strange", "throttled")
    make_campaign(harbor, "Delivery slots")
    with scope.for_system("looked"):
        SyncState.objects.create(connection=bloom.connection, kind=Kind.CAMPAIGNS, fresh_at=timezone.now())
    page = manager.get("/c/bloom-dental/campaigns/").content.decode()
    assert "1 calling</b>" in page and "1 paused" in page and "data from" in page
    assert "40 completed, 5 not reached, 1 calling, 54 left" in page
    assert "throttled" in page and "All day, Amsterdam" in page
    assert "Delivery slots" not in page


def test_nobody_has_campaigns_yet(manager):
    assert "There are no campaigns yet" in manager.get("/c/bloom-dental/campaigns/").content.decode()


def test_staff_see_all_and_narrow_them(sign_in, support, bloom, harbor):
    make_campaign(bloom)
    make_campaign(harbor, "Delivery slots", "paused")
    with scope.for_system("of nobody"):
        Campaign.objects.create(connection=bloom.connection, remote_id="x", name="Stray", status="draft")
    browser = sign_in(support)
    page = browser.get("/campaigns/").content.decode()
    assert all(name in page for name in ("Recall autumn", "Delivery slots", "Stray", "Unassigned"))
    assert "Recall autumn" not in browser.get("/campaigns/?client=harbor-logistics").content.decode()
    assert "Delivery slots" not in browser.get("/campaigns/?status=scheduled").content.decode()
    assert "Delivery slots" not in browser.get("/campaigns/?client=-").content.decode()


def test_one_campaign_its_leads_and_their_calls(manager, bloom):
    campaign = make_campaign(bloom, template="Offer {{name}} a visit.")
    with scope.for_system("a call"):
        call = Call.objects.create(
            tenant=bloom.tenant, connection=bloom.connection, origin="adopted", remote_id="call-1", finished=True
        )
    make_lead(campaign, "completed", call_remote_id="call-1")
    make_lead(campaign, "failed", phone_number="+31612340002", variables={"name": "Wim Dekker"})
    make_lead(campaign, "no_answer", phone_number="+31612340003", call_remote_id="never-heard-of")
    path = f"/c/bloom-dental/campaigns/{campaign.pk}/"
    page = manager.get(path).content.decode()
    assert f"/c/bloom-dental/calls/{call.pk}/" in page and "No answer" in page
    assert 'Offer <span class="variable">name</span> a visit.' in page
    assert "Wim Dekker" in page
    assert "Noor Smit" not in listed(manager, f"{path}?status=failed")
    assert "Wim Dekker" not in listed(manager, f"{path}?q=noor")
    assert "Wim Dekker" in listed(manager, f"{path}?q=06 1234 0002")
    assert "Nobody matches" in manager.get(f"{path}?q=zzz").content.decode()


def listed(browser, path):
    """The list of people; the calls under way and the latest results above it are not narrowed."""
    page = browser.get(path).content.decode()
    return page[page.index('id="people"') :]


def test_leads_come_in_pages(manager, bloom):
    campaign = make_campaign(bloom)
    with scope.for_system("many"):
        Lead.objects.bulk_create(
            Lead(
                tenant=bloom.tenant,
                campaign=campaign,
                remote_id=f"l{at}",
                status="pending",
                phone_number=f"+3161234{at:04d}",
            )
            for at in range(120)
        )
    path, seen, after = f"/c/bloom-dental/campaigns/{campaign.pk}/", [], ""
    while True:
        context = manager.get(f"{path}?after={after}").context
        seen += [row["lead"].remote_id for row in context["people"]]
        after = context["next"]
        if not after:
            break
    assert seen == [f"l{at}" for at in range(120)]


@pytest.mark.parametrize(
    ("status", "action"), [("draft", "start"), ("paused", "resume"), ("scheduled", "pause"), ("scheduled", "cancel")]
)
def test_actions_are_sent_once_and_reported(manager, bloom, monkeypatch, status, action):
    campaign, asked = make_campaign(bloom, status=status), []

    def answer(one, *, by):
        asked.append((one.pk, by.name))
        return control.ActionResult("accepted", "Recall autumn is as you wished.")

    monkeypatch.setitem(views.ACTIONS, action, answer)
    path = f"/c/bloom-dental/campaigns/{campaign.pk}/"
    page = manager.get(path).content.decode()
    assert f'action="{path}{action}/"' in page
    assert manager.post(f"{path}{action}/").headers["Location"] == path
    assert asked == [(campaign.pk, "Bloom Dental Manager")]
    assert "Recall autumn is as you wished." in manager.get(path).content.decode()


@pytest.mark.parametrize("outcome", ["refused", "unknown"])
def test_what_did_not_work_is_shown_as_it_was(manager, bloom, monkeypatch, outcome):
    campaign = make_campaign(bloom, status="paused")
    monkeypatch.setitem(views.ACTIONS, "resume", lambda one, by: control.ActionResult(outcome, "VoiceDock said: no."))
    answer = manager.post(f"/c/bloom-dental/campaigns/{campaign.pk}/resume/")
    assert answer.status_code == 409 and "VoiceDock said: no." in answer.content.decode()
    assert "Resume" in answer.content.decode()


def test_a_refusal_of_ours_is_reported(manager, bloom):
    campaign = make_campaign(bloom, status="completed")
    answer = manager.post(f"/c/bloom-dental/campaigns/{campaign.pk}/pause/")
    assert answer.status_code == 409 and "nothing to pause" in answer.content.decode()


def test_who_may(bloom, harbor, make_member, sign_in):
    campaign = make_campaign(bloom)
    path = f"/c/bloom-dental/campaigns/{campaign.pk}/"
    operator, stranger = sign_in(make_member(bloom, Role.OPERATOR)), sign_in(make_member(harbor, Role.OWNER))
    page = operator.get(path).content.decode()
    assert "Recall autumn" in page and f"{path}pause/" not in page
    assert operator.post(f"{path}pause/").status_code == 403
    assert stranger.get(path).status_code == 404 and stranger.post(f"{path}pause/").status_code == 404
    theirs = f"/c/harbor-logistics/campaigns/{campaign.pk}/"
    assert stranger.get(theirs).status_code == 404 and stranger.post(f"{theirs}pause/").status_code == 404
    assert sign_in(make_member(bloom, Role.MANAGER)).post(f"{path}explode/").status_code == 404


def test_long_lists_cost_no_more_queries(sign_in, support, manager, bloom, django_assert_num_queries):
    first = make_campaign(bloom)
    make_lead(first, "calling", call_remote_id="call-1")
    make_lead(first, "completed", call_remote_id="call-0")
    paths = [
        (sign_in(support), "/campaigns/"),
        (manager, "/c/bloom-dental/campaigns/"),
        (manager, f"/c/bloom-dental/campaigns/{first.pk}/"),
    ]
    few = {}
    for browser, path in paths:
        browser.get(path)
        with CaptureQueriesContext(connection) as queries:
            browser.get(path)
        few[path] = len(queries)
    for at in range(30):
        make_lead(
            make_campaign(bloom, f"Campaign {at}", remote_updated_at=timezone.now() - timedelta(hours=at)), "calling"
        )
        make_lead(first, "completed", call_remote_id=f"call-{at + 2}")
    for browser, path in paths:
        with django_assert_num_queries(few[path]):
            browser.get(path)


def test_only_what_a_page_shows_is_judged(manager, bloom, monkeypatch):
    for at in range(7):
        make_campaign(bloom, f"Draft {at}", status="draft", remote_updated_at=timezone.now() - timedelta(hours=at))
    judged = []

    def blocked_actions(campaigns, *, by):
        with scope.for_system("which are judged"):
            judged.extend(campaigns.values_list("name", flat=True))
        return {}

    monkeypatch.setattr(queries, "PAGE", 3)
    monkeypatch.setattr(control, "blocked_actions", blocked_actions)
    page = manager.get("/c/bloom-dental/campaigns/").content.decode()
    assert len(judged) == 3 and all(name in page for name in judged)


def share_organization(bloom, harbor):
    """A number of another client in the first client's organization."""
    with scope.for_system("a shared organization"):
        number = Number.objects.create(connection=bloom.connection, remote_id="n-shared", e164="+31105550199")
        dedications.dedicate_number(harbor.tenant, number, by=None)


def test_what_would_be_refused_is_shown_instead_of_offered(manager, bloom, harbor):
    paused = make_campaign(bloom, status="paused")
    path = f"/c/bloom-dental/campaigns/{paused.pk}/"
    offered = manager.get(path).content.decode()
    assert 'commandfor="resume"' in offered and "cannot be resumed" not in offered
    share_organization(bloom, harbor)
    for page in (manager.get(path), manager.get("/c/bloom-dental/campaigns/")):
        words = page.content.decode()
        assert "annot be resumed now. Other clients" in words and "Ask your account team" in words
        assert 'commandfor="resume"' not in words and f'href="{path}#actions"' not in words
    refused = manager.post(f"{path}resume/")
    assert refused.status_code == 409 and "Ask your account team" in refused.content.decode()


def test_staff_confirm_the_stated_risk_by_name(visit_client, support, bloom, harbor, monkeypatch):
    share_organization(bloom, harbor)
    campaign, browser = make_campaign(bloom, status="draft"), visit_client(support, bloom)
    path = f"/c/bloom-dental/campaigns/{campaign.pk}/"
    page = browser.get(path)
    assert "Harbor Logistics" in page.content.decode() and "I take this risk for Bloom Dental" in page.content.decode()
    refused = browser.post(f"{path}start/")
    assert refused.status_code == 409 and "Confirm the risk" in refused.content.decode()
    asked = []
    monkeypatch.setattr(control.voicedock.Client, "update_campaign", lambda *args, **change: asked.append(change))
    assert browser.post(f"{path}start/", {"risk": page.context["risk"].token}).status_code == 302
    assert asked == [{"status": "scheduled"}]


def test_another_clients_numbers_are_never_shown_to_a_client(manager, bloom, harbor):
    share_organization(bloom, harbor)
    campaign = make_campaign(bloom, status="draft")
    page = manager.get(f"/c/bloom-dental/campaigns/{campaign.pk}/").content.decode()
    assert "Harbor" not in page and "10 555 0199" not in page and "risk for" not in page


def test_a_pause_that_is_not_certain_is_shown_so(manager, bloom):
    required = {"pause_required_at": timezone.now(), "pause_cause": "assistant", "pause_outcome": "unknown"}
    campaign = make_campaign(bloom, **required)
    for path in ("/c/bloom-dental/campaigns/", f"/c/bloom-dental/campaigns/{campaign.pk}/"):
        page = manager.get(path).content.decode()
        assert "To be paused" in page and "It is not certain whether VoiceDock paused it." in page
