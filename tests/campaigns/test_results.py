"""What came of a campaign: figures, ranks, chips and the list of people name the same people."""

from __future__ import annotations

import pytest
from django.utils import timezone

from dashboard.calls import outcomes
from dashboard.campaigns import counts, queries, results
from dashboard.campaigns.models import Lead
from dashboard.campaigns.results import Group
from tenants.access.permissions import Role
from tenants.isolation import scope
from tests.fixtures.call_factories import make_call, make_campaign, make_lead, make_report

PEOPLE = [  # state of the lead, state of its call, what the call has besides
    ("completed", "ended", {"analysis_outcome": "booked"}),
    ("completed", "ended", {"analysis_outcome": "booked"}),
    ("completed", "ended", {"analysis_outcome": "call_back"}),
    ("completed", "ended", {"analysis_outcome": "declined"}),
    ("completed", "ended", {"machine_source": "summary"}),
    ("completed", "transferred", {}),
    ("failed", "failed", {}),
    ("failed", "ended-with-error", {}),
    ("failed", None, {}),
    ("completed", None, {}),
    ("opted-out", None, {}),
    ("calling", "in-progress", {}),
    ("pending", "failed", {}),
    ("pending", None, {}),
    ("pending", None, {}),
    ("skipped", None, {}),
    ("skipped", "failed", {}),
    ("skipped", "ended", {"machine_source": "summary"}),
]


@pytest.fixture
def campaign(bloom):
    """Of eighteen people thirteen were called, two of them before VoiceDock skipped them; one more was skipped."""
    made = make_campaign(bloom, total_leads=len(PEOPLE), completed_leads=7, failed_leads=3)
    for at, (status, state, facts) in enumerate(PEOPLE):
        call = state and make_call(bloom, state=state, origin="adopted", ago=600 - at, ended_at=timezone.now(), **facts)
        make_lead(
            made,
            status,
            phone_number=f"+3161234{at:04}",
            variables={"name": f"Person {at}"},
            call_remote_id=call.remote_id if call else "",
            attempts=int(status not in ("pending", "skipped") or bool(call)),
            last_attempt_at=timezone.now() if call else None,
        )
    return made


def test_each_person_is_counted_once(campaign):
    with scope.for_system("count"):
        found = results.of_all([campaign])[campaign.pk]
    assert (found.reached, found.voicemail, found.not_reached, found.not_known) == (5, 2, 4, 2)
    twice, once = ("booked", "voicemail", ""), ("call_back", "declined", "failed", "transferred")
    assert dict(found.outcomes) == {"not_reached": 3} | dict.fromkeys(twice, 2) | dict.fromkeys(once, 1)
    assert found.outcomes[0] == ("not_reached", 3) and found.outcomes[-1] == ("", 2)
    assert dict(found.reasons) == {"not_reached": 3, "failed": 1}
    assert found.best == ("booked", 2) and found.share(2) == 40 and found.reached_share == 45
    assert (found.reached_share_in_words, found.not_known_in_words) == ("45%", "; 2 not known yet")
    assert results.Results(not_known=3).reached_share_in_words == "—"


def test_each_figure_leads_to_as_many_people_as_it_names(campaign):
    """Also those of the bar, the chips and the ranks."""
    with scope.for_system("count"):
        known = counts.of_all([campaign])[campaign.pk]
        found = results.of_all([campaign])[campaign.pk]

        def narrowed(show):
            return queries.leads(campaign, show=show).count()

        figures = {
            Group.CALLED: known.called,
            Group.SKIPPED: known.skipped,
            Group.REACHED: found.reached,
            Group.NOT_REACHED: found.not_reached,
            Group.NOT_KNOWN: found.not_known,
            Group.CALLING: known.calling,
            Group.LEFT: known.uncalled,
            "": known.total,
        } | {slug: people for slug, people in found.outcomes if slug}
        assert {show: narrowed(show) for show in figures} == figures
    assert known.called == found.called == sum(people for _, people in found.outcomes)
    assert sum(part.figure for part in known.parts) == known.total == len(PEOPLE)


@pytest.mark.parametrize("outcome", [*outcomes.KNOWN, "booked", "never_heard_of", ""])
def test_a_group_is_the_same_for_a_query_as_for_a_count(bloom, outcome):
    """Whatever the outcome of a call: it belongs to exactly one of the groups of people who were called."""
    campaign = make_campaign(bloom, total_leads=1)
    call = make_call(bloom, state="ended", origin="adopted", analysis_outcome=outcome)
    make_lead(campaign, "completed", call_remote_id=call.remote_id)
    with scope.for_system("look"):
        found = results.of_all([campaign])[campaign.pk]
        groups = {group for group in Group if queries.leads(campaign, show=group).exists()}
        (slug,) = dict(found.outcomes)
    assert groups == {Group.CALLED, results.group_of(slug)}


def test_the_page_shows_what_came_of_it(manager, campaign):
    path = f"/c/bloom-dental/campaigns/{campaign.pk}/"
    page = manager.get(path)
    figures = {figure.label: figure for figure in page.context["figures"]}
    assert figures["Called"].value == "13" and figures["Called"].note == "of 18 people, 1 skipped"
    assert figures["Reached a person"].value == "45%"
    assert figures["Booked"].value == "2" and figures["Booked"].note == "40% of those reached"
    assert figures["Wants a call back"].value == "1"
    assert figures["Not reached"].value == "4" and figures["Not reached"].note == "3 no answer, 1 broke off"
    assert figures["Left"].value == "3"
    for figure in figures.values():
        assert f'href="?show={figure.show}#people"' in page.content.decode()
        narrowed = manager.get(f"{path}?show={figure.show}")
        chosen = next(chip for chip in narrowed.context["chips"] if chip.show == figure.show)
        assert len(narrowed.context["people"]) == chosen.people, figure.label
    assert [rank.people for rank in page.context["ranks"]][:2] == [3, 2]
    assert "Nobody matches" in manager.get(f"{path}?show=never-heard-of").content.decode()


def test_calls_under_way_run_a_timer_and_lead_to_their_panels(manager, campaign):
    page = manager.get(f"/c/bloom-dental/campaigns/{campaign.pk}/")
    (calling,) = page.context["calling"]
    words = page.content.decode()
    assert calling.name == "Person 11" and calling.note == "First attempt"
    section = words[words.index("Calling now") : words.index("Latest results")]
    assert f"/c/bloom-dental/calls/{calling.call.pk}/" in section and "data-since=" in section


def test_summaries_are_for_those_who_may_read_transcripts(bloom, campaign, make_member, sign_in):
    with scope.for_system("newest"):
        lead = Lead.objects.get(campaign=campaign, variables__name="Person 0")
        lead.last_attempt_at = timezone.now()
        lead.save()
        call = queries.Call.objects.get(remote_id=lead.call_remote_id)
    make_report(bloom, call, summary="Booked Tuesday at nine.", messages=[])
    path = f"/c/bloom-dental/campaigns/{campaign.pk}/"
    for role, sees in ((Role.OPERATOR, True), (Role.VIEWER, False)):
        page = sign_in(make_member(bloom, role)).get(path)
        assert page.context["latest"][0].call == call and page.context["latest"][0].name == "Person 0"
        assert ("Booked Tuesday at nine." in page.content.decode()) == sees
        assert f"/c/bloom-dental/calls/{call.pk}/" in page.content.decode()


def test_a_call_of_another_client_is_not_among_the_results(manager, bloom, harbor):
    """Its outcome is that client's; here nothing is known of it."""
    campaign = make_campaign(bloom, total_leads=1)
    call = make_call(harbor, state="ended", origin="adopted", analysis_outcome="booked")
    make_lead(campaign, "completed", call_remote_id=call.remote_id)
    page = manager.get(f"/c/bloom-dental/campaigns/{campaign.pk}/")
    assert dict(page.context["row"].results.outcomes) == {"": 1}
    assert str(call.pk) not in page.content.decode()
    with scope.for_system("of all clients"):
        assert dict(results.of_all([campaign])[campaign.pk].outcomes) == {"": 1}


def test_a_completed_campaign_leads_with_what_it_brought(manager, bloom):
    campaign = make_campaign(bloom, status="completed", total_leads=2, completed_leads=2, failed_leads=0)
    for outcome in ("booked", "declined"):
        call = make_call(bloom, state="ended", origin="adopted", analysis_outcome=outcome, duration_seconds=90)
        make_lead(campaign, "completed", call_remote_id=call.remote_id, attempts=1, last_attempt_at=timezone.now())
    page = manager.get(f"/c/bloom-dental/campaigns/{campaign.pk}/")
    figures = [(figure.label, figure.value) for figure in page.context["figures"]]
    assert figures[0] == ("Booked", "1") and figures[-1] == ("Minutes", "3")
    words = " ".join(page.content.decode().split())
    assert "all 2 people were called" in words and "How it called" in words and "Wants a call back" in words
    assert page.context["row"].ending == ""


def test_the_list_says_the_best_outcome(manager, campaign):
    page = " ".join(manager.get("/c/bloom-dental/campaigns/").content.decode().split())
    assert "13 of 18 called · 40% booked" in page


def test_instructions_show_what_is_filled_in(manager, bloom):
    campaign = make_campaign(bloom, template="Ask {{ name }} for <b>{{reference}}</b>.")
    page = manager.get(f"/c/bloom-dental/campaigns/{campaign.pk}/").content.decode()
    assert '<span class="variable">name</span>' in page and "&lt;b&gt;" in page
    assert '<span class="variable">reference</span>' in page


def test_lead_states_are_in_words(manager, bloom):
    campaign = make_campaign(bloom)
    for status in ("pending", "failed", "no_answer"):
        make_lead(campaign, status)
    page = manager.get(f"/c/bloom-dental/campaigns/{campaign.pk}/").content.decode()
    table = page[page.index("<tbody>") :]
    assert all(words in table for words in ("Left to call", "Not reached", "No answer"))
    assert not any(raw in table for raw in ("pending", "no_answer", "failed"))
