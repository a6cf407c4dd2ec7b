"""What the page of a draft knows of its steps: the last test call, and who will be called as of when."""

from __future__ import annotations

import re
import uuid
from html import unescape

import pytest
from django.utils import timezone

from dashboard.calls.models import Call
from dashboard.campaigns import draft_rules
from dashboard.campaigns.models import CampaignDraft, CampaignFile
from dashboard.contact_rules import entries
from dashboard.contact_rules.models import DoNotCallEntry
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AssistantConfiguration
from tests.fixtures.draft_factories import make_draft, number_of

HTMX = {"HX-Request": "true"}
LIST = "/c/harbor/campaigns/"
MESSAGES = [{"role": "system", "content": "Be kind."}]


def words(answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


@pytest.fixture
def draft(operator):
    blocks = {"llm_config": {"provider": "openai", "model": "gpt-4o", "messages": MESSAGES}}
    with scope.for_system("what is known of the assistant"):
        AssistantConfiguration.objects.update_or_create(
            assistant=operator.assistant.assistant, defaults={"read_at": timezone.now(), "blocks": blocks}
        )
    return make_draft(operator.tenant, operator.assistant, operator.user)


@pytest.fixture
def page(operator, make_member, sign_in):
    return sign_in(make_member(operator.tenant, Role.MANAGER))


def address(draft: CampaignDraft, more: str = "") -> str:
    return f"{LIST}drafts/{draft.pk}/{more}"


def test_the_steps_know_what_came_of_the_test_call_and_its_page_leads_back(operator, draft, page):
    assert "Test call optional" in words(page.get(address(draft)))
    typed = {"trial-destination": "+31612340077", "trial-line": 2, "trial-token": uuid.uuid4()}
    assert page.post(address(draft, "test-call/"), typed).status_code == 303
    (call,) = operator.calls()
    assert re.search(r"Test call Dialing|Test call Ringing|Test call Connecting", words(page.get(address(draft))))
    for more in ("", "people/", "review/"):
        assert "Test call optional" not in words(page.get(address(draft, more)))
    live = page.get(f"/c/harbor/calls/{call.pk}/")
    assert "Test call of Hygienist, winter" in words(live)
    assert "<b>Test call</b>" in live.content.decode().partition('id="call-header"')[2].partition("call-duration")[0]
    header = page.get(f"/c/harbor/calls/{call.pk}/?part=header").content.decode()
    assert "<b>Test call</b>" in header, "it stays where the header is drawn anew"
    assert f'href="{address(draft)}#test"' in live.content.decode()
    with scope.for_system("it ends"):
        Call.objects.filter(pk=call.pk).update(state="ended", finished=True, ended_at=timezone.now())
    now = page.get(address(draft))
    assert [step.mark for step in now.context["steps"] if step.section == "test"] == ["done"]
    assert f'href="/c/harbor/calls/{call.pk}/"' in now.content.decode() and "Last test call: Ended" in words(now)
    over = page.get(f"/c/harbor/calls/{call.pk}/")
    assert "<b>Test call</b>" in over.content.decode().partition("</header>")[0].rpartition("</h1>")[2]
    assert f'href="{address(draft)}#test"' in over.content.decode()
    with scope.for_system("it failed"):
        Call.objects.filter(pk=call.pk).update(state="failed")
    assert [step.mark for step in page.get(address(draft)).context["steps"] if step.section == "test"] == ["wrong"]


def test_every_test_call_of_a_draft_says_that_it_is_one(operator, draft, page):
    typed = {"trial-destination": "+31612340077", "trial-line": 2}
    for _ in range(2):
        assert page.post(address(draft, "test-call/"), typed | {"trial-token": uuid.uuid4()}).status_code == 303
        with scope.for_system("it ends"):
            Call.objects.update(state="ended", finished=True, ended_at=timezone.now())
    first, second = operator.calls()
    for call in (first, second):
        assert "Test call of Hygienist, winter" in words(page.get(f"/c/harbor/calls/{call.pk}/"))


def test_other_calls_lead_to_no_draft(operator, draft, page):
    call = operator.place()
    assert "Test call" not in words(page.get(f"/c/harbor/calls/{call.pk}/"))


def test_the_page_asks_the_rules_once_it_is_shown_and_says_when_they_were_asked(operator, draft, page):
    shown = page.get(address(draft)).content.decode()
    assert f'hx-get="{address(draft)}?part=people"' in shown and 'hx-trigger="load"' in shown
    assert "not checked against the contact rules yet" in shown and "will be called" not in shown
    assert "Checking who of 3 may be called" in shown and "People 3, not checked yet" in words(page.get(address(draft)))
    with scope.for_tenant(operator.tenant):
        entries.add(operator.tenant, [number_of(2)], source=DoNotCallEntry.Source.BY_HAND, by=operator.user)
    part = page.get(address(draft, "?part=people"), headers=HTMX).content.decode()
    assert "2 of 3 will be called" in " ".join(part.split()) and "· checked against the contact rules" in part
    assert "hx-trigger" not in part and "<html" not in part
    assert "· checked against the contact rules" in words(page.get(address(draft)))


def test_a_file_that_was_read_anew_has_no_figures_of_the_one_before(operator, draft, page):
    with scope.for_tenant(operator.tenant):
        draft_rules.check(draft)
        content = b"telefoon;naam\n+31613008801;Jan\n"
        CampaignFile.objects.filter(draft=draft).update(
            content=content, delimiter=";", encoding="utf-8", header_rows=1, read_at=timezone.now()
        )
    now = page.get(address(draft, "people/"))
    columns = {"columns-role_0": "number", "columns-role_1": "name", "columns-country": "NL"}
    sent = {"part": "columns", "seen": now.context["seen"], "columns-variable_0": "", "columns-variable_1": "name"}
    assert page.post(address(draft, "people/"), sent | columns).status_code == 303
    shown = words(page.get(address(draft)))
    assert "not checked against the contact rules yet" in shown and "Checking who of 1 may be called" in shown


def test_many_people_are_asked_for_by_a_worker_and_the_page_looks_again(operator, draft, page, monkeypatch):
    monkeypatch.setattr(draft_rules, "FEW", 2)
    monkeypatch.setattr("dashboard.campaigns.tasks.check_draft.delay_on_commit", lambda draft_id: None)
    part = page.get(address(draft, "?part=people"), headers=HTMX).content.decode()
    assert 'hx-trigger="every 4s"' in part and "Checking who of 3 may be called" in part
    draft_rules.check_draft(draft.pk)
    assert "hx-trigger" not in page.get(address(draft, "?part=people"), headers=HTMX).content.decode()
