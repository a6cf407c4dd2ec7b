"""The report of a campaign and its links: figures only, for some days, taken back at once, of one client alone."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.campaigns import tasks
from dashboard.campaigns.models import CampaignSnapshot, ReportLink
from dashboard.campaigns.reports import links, views
from tenants import tenant_status
from tenants.access.permissions import Role
from tenants.audit import log
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.campaigns.report_pages import address, gone, post_share, read, share, the_link
from tests.fixtures.call_factories import captured_selects, make_call, make_campaign, make_lead, make_report
from tests.fixtures.concurrency import at_once

SECRETS = ("Noor", "Canary", "31612340", "+31", "555 0142", "5550142", "wants_mr_smit_back", "Wants mr smit back")


@pytest.fixture
def campaign(reported_campaign):
    return reported_campaign


def sentences(setup):
    with scope.for_tenant(setup.tenant):
        found = AuditEntry.objects.filter(action__startswith="campaign.report-").order_by("seq")
        return [sentence(entry) for entry in found]


def test_the_report_tells_the_outcome_the_reasons_when_and_the_caller_id(bloom, campaign, manager):
    page = read(manager.get(address(campaign)))
    assert "Booked 3 75% of those reached" in page and "Reached a person 67% 4 people" in page
    assert "Why people were not reached" in page and "No answer 1" in page
    assert "Every day 9:00 to 17:00, Amsterdam" in page
    assert "5 of 5 calls left from a number of Bloom Dental, as VoiceDock reported." in page
    assert "Latest results" in page and "Canary summary" in page  # for those who may read it
    assert "Nobody has made a link to this report yet." in page


@pytest.mark.parametrize("more", ["", "report/"])
def test_the_bar_has_the_words_and_figures_of_what_stands_above_it(campaign, manager, more):
    page = manager.get(f"/c/bloom-dental/campaigns/{campaign.pk}/{more}")
    bar = re.search(r'<svg class="progress" role="img" aria-label="([^"]*)"', page.content.decode())[1]
    assert bar == "4 reached a person, 1 voicemail, 1 not reached"
    assert "Not reached 1" in read(page)


def test_a_link_shows_figures_to_anybody_and_nothing_of_a_person(bloom, campaign, manager):
    path = share(manager, campaign, days=1)
    page = Client().get(path)
    words = read(page)
    assert page.status_code == 200 and "Report of Half-year recall" in words and "Bloom Dental" in words
    assert "Booked 3" in words and "Other results 1" in words and "Voicemail 1" in words and "No answer 1" in words
    assert "5 of 5 calls left from a number of Bloom Dental" in words
    source = page.content.decode()
    assert [secret for secret in SECRETS if secret in source] == []
    assert "/c/bloom-dental/" not in source and "csrf" not in source
    assert page["Cache-Control"] == "no-store" and page["Referrer-Policy"] == "no-referrer"
    assert "noindex" in page["X-Robots-Tag"] and 'name="robots" content="noindex' in source
    assert page.cookies == {}


def test_the_link_is_shown_once_and_only_its_hash_is_kept(bloom, campaign, manager):
    token = share(manager, campaign).split("/")[2]
    link = the_link(bloom)
    assert len(token) >= 40 and token not in str(vars(link)) and len(link.token_hash) == 64
    page = manager.get(address(campaign))
    assert token not in page.content.decode() and link.token_hash not in page.content.decode()
    assert "Bloom Dental Manager" in read(page) and "Never" in read(page) and "Works" in read(page)


@pytest.mark.parametrize("days", [1, 7, 30])
def test_it_works_for_as_long_as_was_chosen(bloom, campaign, manager, days):
    path = share(manager, campaign, days)
    link = the_link(bloom)
    assert timedelta(0) <= timezone.now() + timedelta(days=days) - link.expires_at < timedelta(minutes=1)
    with scope.for_tenant(bloom.tenant):
        ReportLink.objects.filter(pk=link.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    gone(Client().get(path))
    assert "Expired" in read(manager.get(address(campaign)))


def test_a_link_that_was_taken_back_and_one_that_never_was_get_the_same_answer(bloom, campaign, manager):
    path = share(manager, campaign)
    assert Client().get(path).status_code == 200
    revoke = f"/c/bloom-dental/campaigns/report-links/{the_link(bloom).pk}/revoke/"
    assert manager.post(revoke).status_code == 303
    assert manager.post(revoke).status_code == 303
    assert gone(Client().get(path)) == gone(Client().get(f"/report/{'A' * 43}/"))
    assert "Taken back by Bloom Dental Manager" in read(manager.get(address(campaign)))
    assert sentences(bloom) == [
        "Bloom Dental Manager made a link to the report of the campaign Half-year recall that works for at most "
        "7 days.",
        "Somebody opened the report of the campaign Half-year recall by a link of Bloom Dental Manager.",
        "Bloom Dental Manager took back a link to the report of the campaign Half-year recall.",
    ]


def test_openings_are_noted_and_written_into_the_trail_once_an_hour(bloom, campaign, manager, monkeypatch):
    path = share(manager, campaign)
    Client().get(path)
    first = the_link(bloom).opened_at
    Client().get(path)
    assert first is not None and len(sentences(bloom)) == 2
    assert Client().head(path).status_code == 200 and len(sentences(bloom)) == 2
    monkeypatch.setattr(log, "ONCE", timedelta(0))
    Client().head(path)
    assert len(sentences(bloom)) == 2, "a check of the address is no opening"
    Client().get(path)
    assert len(sentences(bloom)) == 3 and the_link(bloom).opened_at >= first


@pytest.mark.parametrize("change", ["suspend", "close"])
def test_a_link_is_dead_while_its_client_is_not_active(bloom, campaign, manager, admin, make_member, sign_in, change):
    path = share(manager, campaign)
    with scope.for_system("the client is not active"):
        getattr(tenant_status, change)(bloom.tenant, by=admin, reason="unpaid")
    gone(Client().get(path))
    inside = sign_in(make_member(bloom, Role.OWNER)).get(address(campaign))
    if inside.status_code == 200:  # of a closed client there is no page
        words = {"suspend": "Stopped while Bloom Dental is suspended"}[change]
        assert words in read(inside) and "Works" not in read(inside).split("Made by")[1].replace("Works until", "")
        assert "Take back" in read(inside)
    if change == "suspend":
        assert inside.status_code == 200
        with scope.for_system("the client is active again"):
            tenant_status.reopen(bloom.tenant, by=admin, reason="paid")
        assert Client().get(path).status_code == 200


def test_a_second_click_shows_the_same_link(bloom, campaign, manager):
    """Another choice or another form is another link; nobody else makes it of the form."""
    form = re.search(r'name="token" value="([^"]+)"', manager.get(address(campaign)).content.decode())[1]
    first = share(manager, campaign, token=form)
    assert share(manager, campaign, token=form) == first and len(sentences(bloom)) == 1
    assert share(manager, campaign, 30, token=form) != first
    assert form not in first and Client().get(first).status_code == 200
    with scope.for_tenant(bloom.tenant):
        assert ReportLink.objects.count() == 2
        ReportLink.objects.update(revoked_at=timezone.now())
    answer = post_share(manager, campaign, token=form)
    assert answer.status_code == 409 and "Reload the page to make another one" in read(answer)
    for token in ("", "no uuid"):
        answer = manager.post(address(campaign, "share/"), {"days": 7, "token": token})
        assert answer.status_code == 422 and "This form is too old" in read(answer)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one_link(bloom, campaign, make_member):
    by, token, made = make_member(bloom, Role.MANAGER), uuid.uuid4(), []

    def click():
        with scope.for_tenant(bloom.tenant):
            made.append(links.make(campaign, days=7, by=by, form_token=token))

    assert at_once(click, click) == [None, None]
    assert made[0] == made[1] and len(sentences(bloom)) == 1


def test_many_openings_of_one_address_are_refused(bloom, campaign, manager, monkeypatch):
    monkeypatch.setattr(views, "OPENINGS", {"shared-report": "2/m/ip"})
    path = share(manager, campaign)
    browser = Client(REMOTE_ADDR="192.0.2.77")
    answers = [browser.get(path) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2]["Cache-Control"] == "no-store" and "Half-year" not in answers[2].content.decode()


def test_the_link_of_one_client_shows_nothing_of_another_whoever_opens_it(
    bloom, harbor, campaign, manager, make_member, sign_in
):
    """Also where VoiceDock made a call for the other client, and in the browser of somebody of that client."""
    own = {"number_dedication": None, "assistant_dedication": None, "connection": bloom.connection}
    foreign = make_call(harbor, state="ended", remote_id="call-theirs", origin="adopted", line="+31105550140", **own)
    make_report(harbor, foreign, analysis={"outcome": "canary_of_harbor"})
    make_lead(campaign, "completed", phone_number="+31612340008", call_remote_id="call-theirs", attempts=1)
    path = share(manager, campaign)
    for browser in (Client(), sign_in(make_member(harbor, Role.OWNER))):
        source = browser.get(path).content.decode()
        assert "anary of harbor" not in source and "Harbor" not in source and "105550140" not in source
    stranger = sign_in(make_member(harbor, Role.OWNER))
    link = the_link(bloom)
    for place in ("bloom-dental", "harbor-logistics"):
        assert stranger.get(f"/c/{place}/campaigns/{campaign.pk}/report/").status_code == 404
        assert stranger.post(f"/c/{place}/campaigns/{campaign.pk}/report/share/", {"days": 1}).status_code == 404
        assert stranger.post(f"/c/{place}/campaigns/report-links/{link.pk}/revoke/").status_code == 404
    assert the_link(bloom).revoked_at is None
    with scope.for_tenant(harbor.tenant):
        assert not ReportLink.objects.exists() and not CampaignSnapshot.objects.exists()


def test_who_may_read_and_who_may_share(bloom, campaign, make_member, sign_in):
    viewer = sign_in(make_member(bloom, Role.VIEWER))
    page = viewer.get(address(campaign))
    assert page.status_code == 200 and "Make a link" not in read(page) and "Canary summary" not in read(page)
    assert post_share(viewer, campaign).status_code == 403


def test_more_people_cost_no_more_queries(bloom, campaign, manager):
    path, browser = share(manager, campaign), Client()
    browser.get(path)
    with captured_selects() as few:
        browser.get(path)
    manager.get(address(campaign))
    with captured_selects() as few_inside:
        manager.get(address(campaign))
    for at in range(40):
        make_call(bloom, state="ended", remote_id=f"more-{at}", analysis_outcome=f"result_{at}")
        make_lead(campaign, "completed", call_remote_id=f"more-{at}", attempts=2, last_attempt_at=timezone.now())
    with captured_selects() as many:
        browser.get(path)
    with captured_selects() as many_inside:
        manager.get(address(campaign))
    assert len(many) == len(few) <= 16
    assert len(many_inside) <= len(few_inside) <= 20  # without a summary nothing is looked up about who read it


def test_old_links_are_deleted(bloom, campaign, manager):
    share(manager, campaign)
    with scope.for_tenant(bloom.tenant):
        ReportLink.objects.update(expires_at=timezone.now() - links.KEPT + timedelta(hours=1))
    tasks.prune_history()
    assert the_link(bloom).pk
    with scope.for_tenant(bloom.tenant):
        ReportLink.objects.update(expires_at=timezone.now() - links.KEPT - timedelta(hours=1))
    tasks.prune_history()
    with scope.for_tenant(bloom.tenant):
        assert not ReportLink.objects.exists()


def test_the_page_of_a_campaign_that_is_over_says_what_may_be_done_with_it(bloom, campaign, manager):
    page = manager.get(f"/c/bloom-dental/campaigns/{campaign.pk}/")
    words = read(page)
    assert "What you may do with it" in words and "Try the 1 not reached and 1 voicemail once more" in words
    assert "Open the report" in words and "The results as a file" in words and "Copy it" in words
    assert "5 of 5 calls left from a number of Bloom Dental" in words and "Left from +31 20 555 0142 (5)" in words
    assert address(campaign) in page.content.decode()


def test_completed_rows_of_the_list_lead_to_their_results(bloom, campaign, manager):
    make_campaign(bloom, "Running")
    page = manager.get("/c/bloom-dental/campaigns/").content.decode()
    assert page.count("/report/") == 1 and address(campaign) in page and "Results" in page
