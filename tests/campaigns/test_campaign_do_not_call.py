"""The do-not-call list of one campaign leaves out its own people, is copied with it, and is its client's alone."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, ProgrammingError, transaction

from dashboard.campaigns import control, draft_rules, forbidden_people, sync
from dashboard.campaigns.do_not_call import entries as do_not_call
from dashboard.campaigns.drafts import book
from dashboard.campaigns.models import Campaign, CampaignDoNotCallEntry, CampaignDraft, DraftLead, Lead
from dashboard.contact_rules import rules
from dashboard.contact_rules.models import ContactSettings
from dashboard.contact_rules.rules import InCampaign, Rule
from dashboard.contact_rules.verdict import OVERRIDABLE
from tenants.access.permissions import Role
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry, User
from tests.fixtures.call_factories import captured_selects, make_campaign, make_lead

PERSON, OTHER = "+31612340001", "+31612340002"


def words(page: Any) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split()))


def trail(prefix: str) -> list[str]:
    with scope.for_system("look"):
        return [sentence(entry) for entry in AuditEntry.objects.filter(action__startswith=prefix).order_by("seq")]


def listed(**of: Any) -> list[str]:
    with scope.for_system("look"):
        found = CampaignDoNotCallEntry.objects.filter(**of)
        return list(found.order_by("number").values_list("number", flat=True))


@pytest.fixture
def manager(bloom, make_member) -> User:
    return make_member(bloom.tenant, Role.MANAGER, "Dora Lin")


@pytest.fixture
def make_draft(bloom, manager) -> Any:
    """A draft with these people, that may call at any time of the rules."""

    def make(*numbers: str, setup: Any = bloom, by: User = manager) -> CampaignDraft:
        with scope.for_system("a draft"):
            ContactSettings.objects.update_or_create(
                tenant=setup.tenant, defaults={"campaigns_keep_hours": False, "gap_days": 0}
            )
            draft = book.create(setup.tenant, by=by)
            rows = [
                DraftLead(tenant=setup.tenant, draft=draft, line=n, number=number)
                for n, number in enumerate(numbers, 2)
            ]
            DraftLead.objects.bulk_create(rows)
        return draft

    return make


def states(draft: CampaignDraft) -> dict[str, tuple[str, str]]:
    with scope.for_system("look"):
        return {lead.number: (lead.state, lead.rule) for lead in DraftLead.objects.filter(draft=draft)}


def page_of(owner: CampaignDraft | Campaign, slug: str = "bloom-dental") -> str:
    kind = "drafts/" if isinstance(owner, CampaignDraft) else ""
    return f"/c/{slug}/campaigns/{kind}{owner.pk}/do-not-call/"


def block(owner: CampaignDraft | Campaign, *numbers: str, by: User) -> None:
    with scope.for_system("a number is blocked"):
        do_not_call.add(owner, numbers, source=CampaignDoNotCallEntry.Source.BY_HAND, by=by)


def test_a_draft_leaves_out_its_own_list_by_hand_and_by_file(make_draft, manager, sign_in):
    draft, beside = make_draft(PERSON, OTHER, "+31612340003"), make_draft(PERSON)
    browser = sign_in(manager)
    page = browser.post(page_of(draft), {"numbers": "06 12340001", "note": "Is a supplier"}, follow=True)
    assert "is on the do-not-call list now" in words(page) and "Is a supplier" in words(page)
    file = SimpleUploadedFile("list.csv", b"Name;Number\r\nAda;0612340002\r\nBo;nobody\r\n")
    page = browser.post(page_of(draft), {"numbers": "", "file": file})
    assert page.status_code == 422 and "Line 3 of the file" in words(page)
    assert states(draft) == {
        PERSON: ("left-out", "campaign-list"),
        OTHER: ("left-out", "campaign-list"),
        "+31612340003": ("ready", ""),
    }
    with scope.for_system("look"):
        assert "do-not-call list of this campaign since" in DraftLead.objects.get(draft=draft, number=PERSON).reason
        draft_rules.check(beside)
    assert states(beside) == {PERSON: ("ready", "")}, "another campaign may call them"
    assert trail("campaign.number-added") == [
        "Dora Lin put +31612340001 on the do-not-call list of the campaign Campaign without a name.",
        "Dora Lin put +31612340002 on the do-not-call list of the campaign Campaign without a name.",
    ]
    left = words(browser.get(f"/c/bloom-dental/campaigns/drafts/{draft.pk}/left-out/"))
    assert "On the list of this campaign" in left


def test_whoever_is_taken_off_comes_back_and_the_reason_is_kept(make_draft, manager, bloom, make_member, sign_in):
    draft = make_draft(PERSON)
    browser = sign_in(manager)
    browser.post(page_of(draft), {"numbers": PERSON})
    with scope.for_system("look"):
        entry = CampaignDoNotCallEntry.objects.get()
    address = f"/c/bloom-dental/campaigns/do-not-call/{entry.pk}/remove/"
    operator = sign_in(make_member(bloom.tenant, Role.OPERATOR, "Ola"))
    assert (
        operator.post(address, {"reason": "x"}).status_code == 403 and operator.get(page_of(draft)).status_code == 403
    )
    browser = sign_in(manager)
    assert "Say why" in words(browser.post(address, {"reason": ""}, follow=True)) and listed() == [PERSON]
    assert "may be called again" in words(browser.post(address, {"reason": "A customer now"}, follow=True))
    assert listed() == [] and states(draft) == {PERSON: ("ready", "")}
    assert trail("campaign.number-removed")[0].endswith("Campaign without a name: A customer now")
    assert browser.post(address, {"reason": "again"}).status_code == 404


def test_the_list_goes_with_a_copy_and_to_the_campaign_that_the_draft_becomes(make_draft, manager, bloom):
    draft = make_draft()
    block(draft, PERSON, by=manager)
    campaign = make_campaign(bloom, "Recall")
    block(campaign, PERSON, OTHER, by=manager)
    with scope.for_tenant(bloom.tenant):
        copied = book.copy(draft, by=manager)
        CampaignDraft.objects.filter(pk=draft.pk).update(campaign=campaign)
        do_not_call.hand_over(draft, campaign)
        draft.refresh_from_db()
        of_sent, of_campaign = book.copy(draft, by=manager), book.copy_campaign(campaign, by=manager)
        entry = CampaignDoNotCallEntry.objects.get(draft=copied)
        assert (entry.added_by, entry.source) == (manager, "by-hand")
        assert do_not_call.listed(draft, [PERSON, OTHER]).keys() == {PERSON, OTHER}
    assert listed(draft=draft) == [] and listed(campaign=campaign) == [PERSON, OTHER]
    assert listed(draft=copied) == [PERSON]
    assert listed(draft=of_sent) == listed(draft=of_campaign) == [PERSON, OTHER]
    block(draft, "+31612340009", by=manager)
    assert listed(campaign=campaign) == [PERSON, OTHER, "+31612340009"], "a draft that is sent is its campaign"


def test_the_draft_of_a_campaign_leads_to_the_list_of_that(make_draft, manager, bloom, sign_in):
    draft, campaign = make_draft(), make_campaign(bloom, "Recall")
    with scope.for_system("sent"):
        CampaignDraft.objects.filter(pk=draft.pk).update(campaign=campaign)
    browser = sign_in(manager)
    assert browser.get(page_of(draft))["Location"] == page_of(campaign)
    page = browser.get(page_of(campaign))
    assert "Recall" in words(page) and "This campaign leaves out these numbers" in words(page)
    assert page_of(campaign) in browser.get(f"/c/bloom-dental/campaigns/{campaign.pk}/").content.decode()


def test_people_are_taken_off_a_campaign_that_runs(agency, make_sandbox_tenant, make_remote_campaign, make_member):
    harbor = make_sandbox_tenant(agency, "harbor", numbers=("+31105550161",), assistants=("Dispatch desk",))
    by = make_member(harbor, Role.MANAGER)
    make_remote_campaign("Slots", "Dispatch desk")
    sync.campaigns(agency.connection)
    with scope.for_system("look"):
        campaign = Campaign.objects.select_related("connection", "tenant").get()
    control.start(campaign, by=by)
    sync.leads(campaign)
    with scope.for_system("look"):
        waiting = list(Lead.objects.order_by("phone_number").values_list("phone_number", flat=True))
    block(campaign, waiting[0], by=by)
    assert [lead.phone_number for lead in forbidden_people.run()] == waiting[:1]
    with scope.for_system("look"):
        assert list(Lead.objects.order_by("phone_number").values_list("phone_number", flat=True)) == waiting[1:]
    assert forbidden_people.run() == []


def test_another_campaigns_list_takes_nobody_off(bloom, manager):
    runs, other = make_campaign(bloom, "Runs"), make_campaign(bloom, "Other")
    make_lead(runs, phone_number=PERSON)
    block(other, PERSON, by=manager)
    assert forbidden_people.run() == []
    with scope.for_system("look"):
        assert Lead.objects.get().removal_next_at is None


def test_the_one_decision_function_knows_the_list_of_the_campaign_alone(bloom, make_draft, manager):
    draft = make_draft()
    block(draft, PERSON, by=manager)
    with scope.for_tenant(bloom.tenant):
        found = do_not_call.listed(draft, [PERSON, OTHER])
        verdict = rules.verdict(bloom.tenant, PERSON, campaign=InCampaign(listed=found), overridden=OVERRIDABLE)
        assert verdict.rule == Rule.CAMPAIGN_LIST and not verdict.may_be_overridden and not verdict.passes
        assert rules.verdict(bloom.tenant, OTHER, campaign=InCampaign(listed=found)).refusal == ""
        assert rules.verdict(bloom.tenant, PERSON).refusal == "", "single calls may go to them"


def test_the_export_has_who_added_whom_and_is_written_down(make_draft, manager, sign_in):
    draft = make_draft()
    block(draft, PERSON, by=manager)
    answer = sign_in(manager).get(page_of(draft).removesuffix("/") + ".csv?format=comma")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    head, line = csv.reader(io.StringIO(text))
    assert head == ["Number", "Added at", "Added by", "From", "Why"]
    assert PERSON in line[0] and line[2:4] == ["Dora Lin", "Added by hand"]
    assert len(trail("campaign.numbers-exported")) == 1


def test_no_client_meets_the_list_of_another(make_draft, manager, bloom, harbor, make_member, sign_in):
    """Neither by a page, nor by a count, nor by what its own refusals cost, nor by a file."""
    theirs = make_campaign(bloom, "Theirs")
    draft = make_draft()
    for owner in (theirs, draft):
        block(owner, PERSON, OTHER, by=manager)
    own = make_draft(PERSON, setup=harbor, by=make_member(harbor.tenant, Role.OWNER, "Ona"))
    browser = sign_in(make_member(harbor.tenant, Role.OWNER, "Oda"))
    with scope.for_system("look"):
        entry = CampaignDoNotCallEntry.objects.filter(draft=draft).first()
    for owner in (theirs, draft):
        address = page_of(owner, "harbor")
        assert browser.get(address).status_code == 404
        assert browser.post(address, {"numbers": "+31612340009"}).status_code == 404
        assert browser.get(address.removesuffix("/") + ".csv").status_code == 404
    assert browser.post(f"/c/harbor/campaigns/do-not-call/{entry.pk}/remove/", {"reason": "x"}).status_code == 404
    assert len(listed()) == 4
    with scope.for_tenant(harbor.tenant):
        assert not CampaignDoNotCallEntry.objects.exists()
        with captured_selects() as before:
            draft_rules.check(own)
    assert states(own) == {PERSON: ("ready", "")}
    block(theirs, *(f"+3161235{n:04}" for n in range(200)), by=manager)
    with scope.for_tenant(harbor.tenant), captured_selects() as after:
        draft_rules.check(own)
    assert len(before) == len(after)
    with scope.for_tenant(harbor.tenant), pytest.raises(ProgrammingError, match="policy"), transaction.atomic():
        CampaignDoNotCallEntry.objects.create(
            tenant=bloom.tenant, campaign=theirs, number="+31612340008", source="by-hand"
        )
    with scope.for_system("a row of two clients"), pytest.raises(IntegrityError), transaction.atomic():
        CampaignDoNotCallEntry.objects.create(
            tenant=harbor.tenant, campaign=theirs, number="+31612340008", source="by-hand"
        )


def test_the_list_costs_the_same_for_any_length(make_draft, manager, sign_in):
    draft, browser = make_draft(), sign_in(manager)
    costs = []
    for numbers in ([PERSON], [f"+316123450{nth:02}" for nth in range(1, 70)]):
        block(draft, *numbers, by=manager)
        with captured_selects() as found:
            browser.get(page_of(draft))
        costs.append(len(found))
    assert costs[0] == costs[1]
