"""The caller ID of each call of a campaign: whose number it left from, on a page and in a file."""

from __future__ import annotations

import csv
import io

import pytest

from tenants.access.permissions import Role
from tests.fixtures.call_factories import captured_selects, make_call, make_campaign, make_lead


@pytest.fixture
def campaign(bloom):
    return make_campaign(bloom)


def attest(setup, campaign, **more):
    call = make_call(setup, origin="adopted", state="ended", direction="outbound", **more)
    make_lead(campaign, "completed", call_remote_id=call.remote_id, attempts=2, last_attempt_at=call.created_at)
    return call


def read(page):
    return " ".join(page.content.decode().split())


def test_each_call_is_shown_with_the_number_that_voicedock_reported(bloom, campaign, make_member, sign_in):
    mine = attest(bloom, campaign, reported_line=bloom.number.e164)
    attest(bloom, campaign, reported_line="+31201112233")
    make_lead(campaign, "completed", call_remote_id="call-of-nobody")
    make_lead(campaign, "completed", call_remote_id="call-of-another", call_verdict="differs")
    make_lead(campaign, "pending")
    make_call(bloom, state="ended", reported_line=bloom.number.e164)  # of no campaign
    page = sign_in(make_member(bloom, Role.VIEWER)).get(f"/c/bloom-dental/campaigns/{campaign.pk}/caller-id/")
    words = read(page)
    assert [attested.words for attested in page.context["calls"]] == [
        "Agrees",
        "Differs",
        "Its call is not known here",
        "Made for another client, or with another assistant",
    ]
    assert "1 from a number of this client" in words and "1 from another number" in words
    assert f"/c/bloom-dental/calls/{mine.pk}/" in words and "caller-id.csv" not in words


def test_the_file_has_every_call(bloom, campaign, manager):
    call = attest(bloom, campaign, reported_line=bloom.number.e164)
    answer = manager.get(f"/c/bloom-dental/campaigns/{campaign.pk}/caller-id.csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    head, row = csv.reader(io.StringIO(text))
    cells = dict(zip(head, row, strict=True))
    assert cells["VoiceDock’s id"] == call.remote_id and cells["Verdict"] == "Agrees" and cells["Attempts"] == "2"
    assert cells["Number VoiceDock reported"].lstrip("'") == bloom.number.e164


def test_a_page_of_many_calls_takes_as_many_queries_as_one_of_few(bloom, campaign, manager):
    address = f"/c/bloom-dental/campaigns/{campaign.pk}/caller-id/"
    attest(bloom, campaign, reported_line=bloom.number.e164)
    manager.get(address)
    with captured_selects() as few:
        manager.get(address)
    for _ in range(55):
        attest(bloom, campaign, reported_line=bloom.number.e164)
    with captured_selects() as many:
        page = manager.get(address)
    assert len(many) == len(few) and len(page.context["calls"]) == 50
    assert len(manager.get(f"{address}?after={page.context['next']}").context["calls"]) == 6


def test_the_page_of_a_campaign_leads_there(bloom, campaign, manager):
    attest(bloom, campaign, reported_line=bloom.number.e164, line=bloom.number.e164)
    assert f"/campaigns/{campaign.pk}/caller-id/" in read(manager.get(f"/c/bloom-dental/campaigns/{campaign.pk}/"))
