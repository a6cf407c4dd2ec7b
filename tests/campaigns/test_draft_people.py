"""The people of a draft on its pages: who will be called, and what the instructions fill in for whom."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from django.utils import timezone

from dashboard.campaigns import draft_rules, tasks
from dashboard.campaigns.drafts import queries, values
from dashboard.campaigns.models import CampaignDraft, CampaignSchedule, DraftLead
from dashboard.campaigns.sending import begin, due, run
from dashboard.contact_rules.models import DoNotCallEntry
from tenants.isolation import scope
from tests.campaigns.draft_pages import LIST, TEMPLATE, address, read, says
from tests.fixtures import draft_factories
from tests.fixtures.call_factories import captured_selects, make_campaign

MOST_QUERIES = 24  # of the page of a draft, whatever its people


@pytest.fixture
def browser(tom: Any, sign_in: Any) -> Any:
    return sign_in(tom)


def leave_out(draft: CampaignDraft, line: int, state: str, **more: str) -> None:
    with scope.for_system("rules"):
        DraftLead.objects.filter(draft=draft, line=line).update(state=state, **more)


def test_the_page_counts_who_will_be_called_and_why_the_others_not(browser, make_draft):
    draft = make_draft(9)
    leave_out(draft, 2, "not-read", rule="short")
    leave_out(draft, 10, "not-read", rule="no-number")
    leave_out(draft, 3, "duplicate")
    for line in (4, 5):
        leave_out(draft, line, "left-out", rule="do-not-call", reason="Asked not to be called")
    with scope.for_tenant(draft.tenant_id):
        CampaignDraft.objects.filter(pk=draft.pk).update(checked_at=timezone.now())
    page = read(browser.get(address(draft)))
    assert "4 of 9 will be called" in page and "5 will not, because:" in page
    assert re.search(r"Asked not to be called 2 .*Twice in the file 1", page)
    assert "The row of the file was not read 2" in page


def test_a_value_that_is_empty_for_some_is_named_with_how_many_and_can_be_replaced(bloom, browser, make_draft):
    draft = make_draft(10)
    page = read(browser.get(address(draft)))
    assert "daypart is empty for 2 of 10 people. What the assistant says there is not known." in page
    assert browser.post(address(draft), says(TEMPLATE, **{"says-instead_daypart": "morning"})).status_code == 303
    page = read(browser.get(address(draft)))
    assert "What the assistant says there is not known" not in page
    with scope.for_tenant(bloom.tenant):
        draft = queries.of_tenant(bloom.tenant).get()
        sent = [values.of_lead(draft, lead)["daypart"] for lead in DraftLead.objects.order_by("line")]
        assert sent == ["morning"] * 10, "what goes to VoiceDock"
    browser.post(address(draft), says(TEMPLATE, **{"says-instead_daypart": ""}))
    assert "is empty for 2 of 10" in read(browser.get(address(draft)))


def test_braces_are_no_value_to_say_instead(browser, make_draft):
    answer = browser.post(address(make_draft()), says(TEMPLATE, **{"says-instead_daypart": "{{name}}"}))
    assert answer.status_code == 422 and "A value cannot hold {{ or }}" in read(answer)


def test_a_variable_without_a_column_is_named_with_what_may_be_meant_and_holds_sending(browser, make_draft):
    draft = make_draft(template="Offer a {{day_part}}, or {{ two words }}.")
    page = read(browser.get(address(draft)))
    assert "day_part is no column of the file. Is daypart meant?" in page
    assert "Braces are left over" in page
    review = read(browser.get(address(draft, "review/")))
    assert "The file has no column for {{day_part}}." in review and "2 to settle" in review
    browser.post(address(draft), says("Offer a {{day_part}}.", **{"says-instead_day_part": "morning"}))
    assert "to settle" not in read(browser.get(address(draft, "review/"))), "everybody gets the same"


def test_the_name_that_a_column_has_in_the_file_leads_to_its_name_in_the_instructions(browser, make_draft):
    draft = make_draft(template="Call {{naam}}.")
    words = "naam is written name here: that is the name of the column naam in the instructions."
    assert words in read(browser.get(address(draft)))
    review = read(browser.get(address(draft, "review/")))
    assert "The column naam is {{name}} in the instructions, not {{naam}}." in review
    assert "no column for" not in review and words in review


def test_the_preview_fills_in_one_person_and_leads_to_the_next(browser, make_draft):
    draft = make_draft(6)
    page = read(browser.get(address(draft)))
    assert "As Person 1 gets it" in page and "1 of 6" in page and "Call Person 1 . Offer a morning first." in page
    answer = browser.post(address(draft, "preview/"), says("Hi {{name}}, {{daypart}}!", show="6"), headers=HTMX)
    part = read(answer)
    assert (
        "As Person 5 gets it" in part
        and "5 of 6" in part
        and "Hi Person 5 , no value for daypart in this row !" in part
    )
    assert 'value="5"' in answer.content.decode() and 'value="7"' in answer.content.decode()
    jumped = browser.post(address(draft, "preview/"), says("Hi {{name}}", show="", at_line="4"), headers=HTMX)
    assert "As Person 3 gets it" in read(jumped)
    for odd in ("999999999999", "-1", "x", ""):
        part = read(browser.post(address(draft, "preview/"), says("Hi {{name}}", at_line=odd), headers=HTMX))
        assert "As Person 1 gets it" in part, "the first where there is no such line"
    whole = browser.post(address(draft, "preview/"), says("Typed, not saved: {{name}}", show="7"))
    assert "Typed, not saved: Person 6" in read(whole) and "Typed, not saved: {{name}}" in read(whole)
    assert "Typed" not in read(browser.get(address(draft)))


HTMX = {"HX-Request": "true"}


def test_hostile_values_are_text(browser, make_draft, bloom):
    draft = make_draft(1, template="<b>{{name}}</b>")
    with scope.for_tenant(bloom.tenant):
        DraftLead.objects.update(name="<img src=x>", variables={"name": "<script>{{daypart}}</script>"})
    page = browser.get(address(draft)).content.decode()
    assert "<img src=x>" not in page and "<script>{{daypart}}" not in page
    assert "&lt;script&gt;{{daypart}}" in page, "a value is never read as a text with variables"


def test_the_review_says_what_will_be_sent(browser, make_draft):
    draft = make_draft(12, first_day="2031-11-24", last_day="2031-12-18")
    page = read(browser.get(address(draft, "review/")))
    assert "calls 12 people , Monday to Friday from 9:30 to 17:00 by the clock of Amsterdam" in page
    assert "from Monday 24 November 2031, until Thursday 18 December 2031 at the latest" in page
    assert "not on public holidays of the Netherlands" in page
    assert "As it is saved, nothing is left to settle" in read(browser.get(address(draft)))


def test_the_review_leads_to_the_section_of_each_thing_that_is_missing(bloom, browser, make_draft):
    draft = make_draft(1, name="", assistant_dedication=None, starts=None)
    leave_out(draft, 2, "not-read")
    page = browser.get(address(draft, "review/")).content.decode()
    words = " ".join(page.split())
    for missing in ("It has no name.", "No assistant is chosen.", "The hours in which it calls are not complete."):
        assert missing in words
    assert "Nobody of its file may be called." in words
    assert f"{address(draft)}#basics" in page and f"{address(draft)}#when" in page


def test_hours_that_leave_nobody_lead_to_when_it_calls(bloom, browser, make_draft):
    draft = make_draft(3, starts="00:00", ends="23:59")
    page = browser.get(address(draft, "review/")).content.decode()
    assert "Its hours reach beyond those in which the people of its file may be called" in " ".join(page.split())
    assert f"{address(draft)}#when" in page
    with scope.for_tenant(bloom.tenant):
        DoNotCallEntry.objects.create(tenant=bloom.tenant, number="+31600000002", source="by-hand")
    other = make_draft(3, starts="00:00", ends="23:59")
    assert "Nobody of its file may be called." in read(browser.get(address(other, "review/")))


def test_a_campaign_is_copied_as_a_draft_with_its_days_and_without_its_people(bloom, browser, make_draft):
    campaign = make_campaign(bloom, template="Offer {{name}} a visit.")
    with scope.for_tenant(bloom.tenant):
        CampaignSchedule.objects.create(tenant=bloom.tenant, campaign=campaign, weekdays=[0, 3], last_day="2031-12-18")
    assert "Copy as a new draft" in read(browser.get(f"{LIST}{campaign.pk}/"))
    assert browser.post(f"{LIST}{campaign.pk}/copy/").status_code == 303
    with scope.for_tenant(bloom.tenant):
        draft = CampaignDraft.objects.get()
        assert (draft.name, draft.template) == ("Recall autumn (copy)", "Offer {{name}} a visit.")
        assert (draft.assistant_dedication, draft.weekdays, str(draft.last_day)) == (
            bloom.assistant, [0, 3], "2031-12-18"
        )  # fmt: skip
        assert not draft.leads.exists()


def test_what_is_not_a_draft_any_more_is_not_changed(bloom, browser, make_draft):
    draft = make_draft(1, state="sending")
    assert browser.get(address(draft)).status_code == 200
    assert browser.post(address(draft), says("Other")).status_code == 409
    assert browser.post(address(draft, "delete/"), follow=True).status_code == 200
    with scope.for_tenant(bloom.tenant):
        assert CampaignDraft.objects.get().template == TEMPLATE


@pytest.mark.parametrize("more", ["", "review/"])
def test_a_hundred_thousand_people_cost_no_more_queries(browser, make_draft, more, monkeypatch):
    monkeypatch.setattr(draft_rules, "FEW", 0)
    counts = []
    for people in (3, 100_000):
        draft = make_draft(people)
        browser.get(address(draft, more))
        began = time.monotonic()
        with captured_selects() as selects:
            assert browser.get(address(draft, more)).status_code == 200
        counts.append((len(selects), time.monotonic() - began))
    assert counts[0][0] == counts[1][0] <= MOST_QUERIES, counts
    assert counts[1][1] < 5, counts


def test_the_review_says_how_many_people_wait_for_their_check(browser, make_draft, monkeypatch):
    monkeypatch.setattr(draft_rules, "FEW", 2)
    monkeypatch.setattr(tasks.check_draft, "delay_on_commit", lambda draft_id: None)
    draft = make_draft(5)
    waiting = "5 people are still being checked against the contact rules"
    assert waiting in read(browser.get(address(draft, "review/")))
    draft_rules.check_draft(draft.pk)
    assert "still being checked" not in read(browser.get(address(draft, "review/")))


def test_the_list_costs_the_same_for_one_draft_and_for_many(browser, make_draft):
    counts = []
    for drafts in (1, queries.SHOWN + 3):
        for _ in range(drafts):
            make_draft(2)
        with captured_selects() as selects:
            page = browser.get(LIST)
        counts.append(len(selects))
    assert counts[0] == counts[1] and "4 more" in read(page)


def test_no_more_drafts_than_the_most_are_made(bloom, browser, make_draft, monkeypatch):
    monkeypatch.setattr(queries, "MOST", 1)
    draft = make_draft(0)
    for refused in (f"{LIST}new/", address(draft, "copy/")):
        assert "which is the most" in read(browser.post(refused, follow=True))
    with scope.for_tenant(bloom.tenant):
        assert CampaignDraft.objects.count() == 1


def test_whoever_has_no_value_is_sent_with_what_is_written_instead(operator):
    draft = draft_factories.make_draft(
        operator.tenant, operator.assistant, operator.user, people=2, instead={"daypart": "morning", "name": "you"}
    )
    begin.begin(draft, operator.user)
    for _ in range(4):
        for pk in due.due():
            run.run(pk)
    (leads,) = operator.sandbox.state.leads.values()
    assert [lead.variables for lead in leads] == [
        {"name": "Person 2", "daypart": "morning"},
        {"name": "Person 3", "daypart": "morning"},
    ]
