"""Making a campaign: the page of a draft, saved section by section, copied, deleted, tried and reviewed."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from dashboard.campaigns.models import CampaignDraft
from tenants.access.permissions import Role
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry

LIST = "/c/bloom-dental/campaigns/"


@pytest.fixture
def tom(bloom: Any, make_member: Any) -> Any:
    return make_member(bloom, Role.MANAGER, "Tom Bakker")


@pytest.fixture
def browser(tom: Any, sign_in: Any) -> Any:
    return sign_in(tom)


@pytest.fixture
def draft(bloom: Any, browser: Any) -> CampaignDraft:
    assert browser.post(f"{LIST}new/").status_code == 303
    return the(bloom)


def the(setup: Any) -> CampaignDraft:
    with scope.for_tenant(setup.tenant):
        return CampaignDraft.objects.select_related("assistant_dedication").latest("id")


def address(draft: CampaignDraft, more: str = "") -> str:
    return f"{LIST}drafts/{draft.pk}/{more}"


def read(answer: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def sentences(setup: Any) -> list[str]:
    with scope.for_tenant(setup.tenant):
        entries = AuditEntry.objects.filter(tenant=setup.tenant, action__startswith="campaign.draft").order_by("seq")
        return [sentence(entry) for entry in entries]


def shown(browser: Any, draft: CampaignDraft) -> dict[str, Any]:
    """The form as a browser would send it back untouched."""
    page = browser.get(address(draft)).context
    data: dict[str, Any] = {}
    for section in ("basics", "when", "says"):
        form = page[section]
        for bound in form:
            value = bound.value()
            data[bound.html_name] = [str(one) for one in value] if isinstance(value, list) else value
            if value in (None, False):
                del data[bound.html_name]
        found = re.search(r'value="([^"]*)"', str(form.shown_values()))
        data[f"{section}-shown"] = unescape(found[1]) if found else ""
    return data


def test_a_new_campaign_is_a_draft_with_what_is_usual_here(bloom, browser, draft, tom):
    assert (draft.created_by, draft.assistant_dedication) == (tom, bloom.assistant)
    assert (f"{draft.starts:%H:%M}", f"{draft.ends:%H:%M}", draft.timezone) == ("09:00", "17:00", "Europe/Amsterdam")
    assert draft.weekdays == [0, 1, 2, 3, 4] and not draft.starts_itself
    page = read(browser.get(address(draft)))
    assert "Draft by Tom Bakker, saved" in page and "nobody is called before it is started" in page
    assert sentences(bloom) == ["Tom Bakker began to make a campaign."]


def test_the_list_names_who_saved_it_and_what_is_missing(bloom, browser, draft):
    page = read(browser.get(LIST))
    assert "Campaign without a name" in page and "by Tom Bakker" in page
    assert "Missing: people, name or assistant" in page
    assert "Drafts and sending" not in read(browser.get(f"{LIST}?status=draft")), "the filters narrow campaigns alone"


def test_operators_make_no_campaigns(bloom, draft, make_member, sign_in):
    operator = sign_in(make_member(bloom, Role.OPERATOR))
    assert "New campaign" not in read(operator.get(LIST)) and "Drafts and sending" not in read(operator.get(LIST))
    assert operator.get(address(draft)).status_code == 403
    assert operator.post(f"{LIST}new/").status_code == 403


def test_each_section_is_saved_on_its_own_and_what_is_wrong_stays_as_typed(bloom, browser, draft):
    data = shown(browser, draft) | {"basics-name": "Hygienist, winter", "when-starts": "18:00", "says-template": "Hi"}
    answer = browser.post(address(draft), data)
    assert answer.status_code == 422
    assert "What VoiceDock does with hours over midnight is not known" in read(answer)
    assert 'value="18:00"' in answer.content.decode()
    now = the(bloom)
    assert (now.name, now.template, f"{now.starts:%H:%M}") == ("Hygienist, winter", "Hi", "09:00")
    data = shown(browser, draft) | {"when-starts": "09:30", "when-weekdays": ["0", "2"], "when-start": "itself"}
    assert browser.post(address(draft), data).status_code == 303
    now = the(bloom)
    assert (f"{now.starts:%H:%M}", now.weekdays, now.starts_itself, now.version) == ("09:30", [0, 2], True, 3)
    assert sentences(bloom)[1:] == [
        "Tom Bakker changed the campaign draft Hygienist, winter: its name, its instructions.",
        "Tom Bakker changed the campaign draft Hygienist, winter: its hours, its days, whether it starts by itself.",
    ]


def test_saving_what_is_not_different_leaves_no_entry(bloom, browser, draft):
    assert browser.post(address(draft), shown(browser, draft)).status_code == 303
    assert len(sentences(bloom)) == 1 and the(bloom).version == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"when-weekdays": []}, "Choose one day of the week at least."),
        ({"when-first_day": "2031-05-02", "when-last_day": "2031-05-01"}, "The last day is before the first."),
        ({"when-last_day": "2020-05-01"}, "This day is over."),
        ({"when-holiday_country": "", "when-skips_holidays": "on"}, "Choose whose public holidays are left out."),
        ({"when-timezone": "Amsterdam Noord"}, "Choose a time zone from the list"),
        ({"when-ends": "noon"}, "Write hours and minutes"),
        ({"basics-assistant": "987654"}, "This one is not assigned to you."),
        ({"says-template": "x" * 20_001}, "at most 20000 characters"),
    ],
)
def test_what_is_wrong_is_named_beside_its_field(browser, draft, typed, words):
    answer = browser.post(address(draft), shown(browser, draft) | typed)
    assert answer.status_code == 422 and words in read(answer)
    assert 'aria-invalid="true"' in answer.content.decode()


def test_nobody_overwrites_unseen_what_a_colleague_saved_meanwhile(bloom, browser, draft):
    mine, theirs = shown(browser, draft), shown(browser, draft)
    assert browser.post(address(draft), theirs | {"basics-name": "Theirs"}).status_code == 303
    answer = browser.post(address(draft), mine | {"basics-name": "Mine", "says-template": "Hello"})
    assert answer.status_code == 422 and "Somebody changed this meanwhile: it is “Theirs” now." in read(answer)
    assert 'value="Mine"' in answer.content.decode()
    assert (the(bloom).name, the(bloom).template) == ("Theirs", "Hello")
    assert browser.post(address(draft), mine | {"says-template": "Hello"}).status_code == 303
    assert the(bloom).name == "Theirs", "what was left alone is kept"


def test_another_clients_assistant_is_no_choice(bloom, harbor, browser, draft):
    data = shown(browser, draft) | {"basics-assistant": harbor.assistant.pk}
    assert browser.post(address(draft), data).status_code == 422
    assert the(bloom).assistant_dedication == bloom.assistant


def test_a_draft_is_left_and_found_again(bloom, browser, draft):
    data = shown(browser, draft) | {"basics-name": "Recall", "go": "leave"}
    answer = browser.post(address(draft), data, follow=True)
    assert answer.redirect_chain[-1][0] == LIST
    assert "The draft Recall is saved. Nobody is called before it is started." in read(answer)


def test_a_copy_has_the_values_and_not_the_people(bloom, browser, draft):
    browser.post(address(draft), shown(browser, draft) | {"basics-name": "Recall", "says-template": "Hello {{name}}"})
    assert browser.post(address(draft, "copy/")).status_code == 303
    copied = the(bloom)
    assert copied.pk != draft.pk and (copied.name, copied.template) == ("Recall (copy)", "Hello {{name}}")
    assert sentences(bloom)[-1] == "Tom Bakker began to make the campaign Recall (copy) as a copy of Recall."


def test_a_draft_is_deleted_after_a_dialog_that_names_what_goes(bloom, browser, draft):
    page = browser.get(address(draft)).content.decode()
    assert "Nobody on it was called, and nothing of it is at VoiceDock." in " ".join(page.split())
    assert browser.post(address(draft, "delete/")).status_code == 303
    with scope.for_tenant(bloom.tenant):
        assert not CampaignDraft.objects.exists()
    assert sentences(bloom)[-1] == "Tom Bakker deleted the campaign draft Campaign without a name with 0 people."
    assert browser.get(address(draft)).status_code == 404


def test_one_whose_sending_stopped_stands_with_those_being_sent(manager, make_draft):
    make_draft(1, state="stopped", reason="VoiceDock refused the key.")
    page = read(manager.get(LIST))
    assert "Drafts and sending" in page and "Sending stopped" in page and "Being made" not in page
