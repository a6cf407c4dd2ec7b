"""The people of a campaign as a file: as the page is narrowed, with what came of each."""

from __future__ import annotations

import csv
import io

import pytest

from dashboard.calls.models import Call
from dashboard.campaigns import export
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AuditEntry
from tests.fixtures.call_factories import captured_selects, make_call, make_campaign, make_lead, make_report


def address(setup, campaign, query=""):
    return f"/c/{setup.tenant.slug}/campaigns/{campaign.pk}/people.csv{query}"


def cells(answer) -> list[list[str]]:
    assert answer.status_code == 200, answer
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


@pytest.fixture
def campaign(bloom):
    made = make_campaign(bloom)
    for at in range(5):
        make_call(bloom, state="ended", remote_id=f"call-{at}", duration_seconds=60 + at)
        make_lead(
            made,
            phone_number=f"+3161000000{at}",
            status="completed",
            call_remote_id=f"call-{at}",
            attempts=1,
            variables={"name": f"Person {at}", "day_of_visit": "=1+1"},
        )
    make_lead(made, phone_number="+31620000000", status="pending", variables={"name": "Waits"})
    return made


def test_it_brings_everybody_in_parts_with_their_result(bloom, campaign, manager, monkeypatch):
    monkeypatch.setattr(export, "CHUNK", 2)
    head, *rows = cells(manager.get(address(bloom, campaign)))
    assert [row[0] for row in rows] == [*(f"'+3161000000{at}" for at in range(5)), "'+31620000000"]
    assert head[-2:] == ["Name", "Day of visit"] and rows[0][-2:] == ["Person 0", "'=1+1"]
    assert rows[1][head.index("Talked, seconds")] == "61" and rows[5][head.index("Call")] == ""
    assert "completed" not in {row[head.index("State")] for row in rows}  # in words
    with scope.for_tenant(bloom.tenant):
        assert AuditEntry.objects.filter(action="campaign.exported").count() == 1


def test_it_is_narrowed_as_the_page_is(bloom, campaign, manager):
    _, *rows = cells(manager.get(address(bloom, campaign, "?show=left")))
    assert [row[0] for row in rows] == ["'+31620000000"]
    _, *rows = cells(manager.get(address(bloom, campaign, "?q=Person+3")))
    assert len(rows) == 1


def test_it_is_offered_to_those_who_may_export(bloom, campaign, manager, make_member, sign_in):
    page = f"/c/{bloom.tenant.slug}/campaigns/{campaign.pk}/"
    assert "people.csv" in manager.get(page).content.decode()
    viewer = sign_in(make_member(bloom, Role.VIEWER))
    assert "people.csv" not in viewer.get(page).content.decode()
    assert viewer.get(address(bloom, campaign)).status_code == 403


def test_another_clients_campaign_is_missing(harbor, campaign, manager, bloom):
    other = make_campaign(harbor)
    assert manager.get(address(bloom, other)).status_code == 404


def test_each_field_of_the_analysis_is_a_column_with_its_name_in_words(bloom, campaign, manager, monkeypatch):
    monkeypatch.setattr(export, "CHUNK", 2)
    analyses = [
        {"outcome": "booked", "new_patient": True, "visit": {"day": "2026-11-24", "needs_lift": False}},
        {"outcome": "declined", "new_patient": None, "reason": "=HYPERLINK(1)"},
        ["no", "fields"],
    ]
    for at, analysis in enumerate(analyses):
        with scope.for_tenant(bloom.tenant):
            call = Call.objects.get(remote_id=f"call-{at}")
        make_report(bloom, call, analysis=analysis)
    head, *rows = cells(manager.get(address(bloom, campaign)))
    assert head[-5:] == ["Outcome (analysis)", "New patient", "Reason", "Visit: day", "Visit: needs lift"]
    assert rows[0][-5:] == ["Booked", "Yes", "", "24 Nov 2026", "No"]
    assert rows[1][-5:] == ["Declined", "", "'=HYPERLINK(1)", "", ""]
    assert all(row[-5:] == [""] * 5 for row in rows[2:])
    assert {len(row) for row in rows} == {len(head)}


def test_no_column_comes_from_the_analysis_of_another_client(bloom, harbor, campaign, manager):
    """Of a person whose call VoiceDock made for another client of the same organization."""
    own = {"number_dedication": None, "assistant_dedication": None, "connection": bloom.connection}
    theirs = make_call(harbor, state="ended", remote_id="call-theirs", origin="adopted", **own)
    make_report(harbor, theirs, analysis={"harbor_secret": "x"})
    make_lead(campaign, "completed", phone_number="+31610000009", call_remote_id="call-theirs")
    head, *rows = cells(manager.get(address(bloom, campaign)))
    assert "Harbor secret" not in head and len(rows) == 7


def test_more_people_are_read_in_more_parts_of_the_same_few_queries(bloom, campaign, manager, monkeypatch):
    monkeypatch.setattr(export, "CHUNK", 2)
    for at in range(4):
        with scope.for_tenant(bloom.tenant):
            call = Call.objects.get(remote_id=f"call-{at}")
        make_report(bloom, call, analysis={"mood": "calm"})
    answer = manager.get(address(bloom, campaign))
    with captured_selects() as selects:
        rows = cells(answer)[1:]
    assert len(rows) == 6 and [row[-1] for row in rows] == ["Calm"] * 4 + ["", ""]
    assert len(selects) <= 3 * 3 + 1  # people, calls and analyses of each part, and that nobody follows
