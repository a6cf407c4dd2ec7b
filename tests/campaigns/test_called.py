"""Who was called: whoever VoiceDock has tried, whatever it says of them afterwards."""

from __future__ import annotations

import uuid
from itertools import product

import pytest
from django.utils import timezone

from dashboard.campaigns import called, people_counting
from dashboard.campaigns.kept_counts import FEW
from dashboard.campaigns.models import Campaign, CampaignDraft, DraftLead, Lead
from dashboard.campaigns.reports import report
from tenants.isolation import scope
from tests.fixtures.call_factories import make_call, make_campaign, make_lead

STATES = ("pending", "calling", "completed", "failed", "no_answer", "skipped", "opted-out")


def people(setup, campaign, status, tried, untried, *, first):
    """`tried` of them had their voicemail on; the others have no attempt and no call."""
    for at in range(tried + untried):
        voicemail = {"state": "ended", "origin": "adopted", "machine_source": "analysis"}
        call = make_call(setup, **voicemail) if at < tried else None
        make_lead(
            campaign,
            status,
            phone_number=f"+3161234{first + at:04}",
            call_remote_id=call.remote_id if call else "",
            attempts=3 if call else 0,
            last_attempt_at=timezone.now() if call else None,
        )


@pytest.fixture(params=["completed", "cancelled"])
def campaign(request, bloom):
    """Of eight people four were tried in vain: two of these VoiceDock skipped, and two wait where nobody calls more."""
    made = make_campaign(bloom, status=request.param, total_leads=8, completed_leads=1, failed_leads=0)
    call = make_call(bloom, state="ended", origin="adopted", analysis_outcome="booked")
    make_lead(made, "completed", call_remote_id=call.remote_id, attempts=1, last_attempt_at=timezone.now())
    people(bloom, made, "skipped", 2, 1, first=10)
    people(bloom, made, "pending", 2, 2, first=20)
    return made


def test_page_and_report_say_the_same_of_those_who_were_tried(manager, campaign):
    page = manager.get(f"/c/bloom-dental/campaigns/{campaign.pk}/").context
    with scope.for_tenant(campaign.tenant_id):
        found = report.of(campaign)
    assert page["row"].counts.called == page["row"].results.called == 5
    assert page["row"].counts.skipped == 1 and page["row"].results.voicemail == 4
    figures = {figure.label: (figure.value, figure.note) for figure in found.figures}
    assert figures["Called"] == ("5", "of 8") and figures["Not reached"] == ("0", "and 4 voicemail")
    assert found.caller_id.calls == 5
    parts = {part.label: part.figure for part in page["row"].counts.parts if part.figure}
    rest = {"completed": "without a result", "cancelled": "not called"}[campaign.status]
    assert parts == {"completed": 1, "skipped": 1, "skipped after a call": 2, "not called again": 2, rest: 2}


def test_the_list_narrows_to_those_counted(manager, campaign):
    def listed(show):
        page = manager.get(f"/c/bloom-dental/campaigns/{campaign.pk}/?show={show}").context
        chip = next(chip for chip in page["chips"] if chip.show == show)
        assert chip.people == len(page["people"])
        return chip.people

    found = {show: listed(show) for show in ("called", "voicemail", "skipped", "left", "")}
    assert found == {"called": 5, "voicemail": 4, "skipped": 1, "left": 2, "": 8}


def test_whoever_was_tried_in_vain_is_tried_again(manager, bloom, campaign):
    manager.post(f"/c/bloom-dental/campaigns/{campaign.pk}/retry/", {"which": "unreached", "token": uuid.uuid4()})
    with scope.for_tenant(bloom.tenant):
        draft = CampaignDraft.objects.get(tenant=bloom.tenant)
        numbers = set(DraftLead.objects.filter(draft=draft).values_list("number", flat=True))
    assert numbers == {f"+3161234{number:04}" for number in (10, 11, 20, 21)}


def test_the_file_says_what_came_of_those_who_were_tried(manager, campaign):
    file = manager.get(f"/c/bloom-dental/campaigns/{campaign.pk}/people.csv")
    rows = b"".join(file.streaming_content).decode("utf-8-sig").splitlines()[1:]
    assert sum("Voicemail" in row for row in rows) == 4


def test_whoever_is_called_again_still_waits(manager, bloom):
    """Until the campaign is over: also where many people are counted in the background."""
    campaign = make_campaign(bloom, status="scheduled", total_leads=3, completed_leads=0, failed_leads=0)
    people(bloom, campaign, "pending", 2, 1, first=10)
    page = manager.get(f"/c/bloom-dental/campaigns/{campaign.pk}/").context["row"]
    assert (page.counts.called, page.counts.uncalled, page.results.called) == (0, 3, 0)


def test_what_was_counted_in_the_background_says_the_same(manager, bloom, campaign):
    people(bloom, campaign, "pending", 0, FEW, first=100)
    with scope.for_system("many people"):
        Campaign.objects.filter(pk=campaign.pk).update(total_leads=8 + FEW)
        people_counting.count(Campaign.objects.get(pk=campaign.pk))
    page = manager.get(f"/c/bloom-dental/campaigns/{campaign.pk}/").context["row"]
    assert page.counts.called == page.results.called == 5
    assert page.counts.skipped == 1


@pytest.mark.parametrize("of", Campaign.Status)
def test_one_person_and_a_query_are_asked_the_same(bloom, of):
    campaign = make_campaign(bloom, status=of)
    with scope.for_system("every state"):
        rows = [
            Lead(tenant=bloom.tenant, campaign=campaign, remote_id=f"l-{nth}", status=status, attempts=attempts,
                 call_remote_id=call, phone_number="+31612340001")
            for nth, (status, attempts, call) in enumerate(product(STATES, (0, 2), ("", "call-1")))
        ]  # fmt: skip
        leads = Lead.objects.bulk_create(rows)
        found = set(Lead.objects.filter(called.CALLED, campaign=campaign).values_list("pk", flat=True))
    assert found == {lead.pk for lead in leads if called.was_called(campaign, lead)}
