"""People of a campaign once more: a new draft, made once, of those who may be put on one."""

from __future__ import annotations

import re
import uuid
from datetime import time, timedelta
from html import unescape

import pytest
from django.utils import timezone

from dashboard.campaigns import draft_rules
from dashboard.campaigns.drafts import queries as draft_queries
from dashboard.campaigns.drafts import retry
from dashboard.campaigns.lead_files import uploads, waiting
from dashboard.campaigns.models import CampaignDraft, CampaignFile, CampaignSchedule, DraftLead, Lead
from dashboard.contact_rules.models import ContactSettings, DoNotCallEntry
from dashboard.contact_rules.verdict import Rule
from tenants.access.permissions import Role
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry, Tenant, User
from tests.fixtures.call_factories import make_call, make_campaign, make_lead
from tests.fixtures.concurrency import at_once

NUMBERS = {"missed": "+31612340001", "voicemail": "+31612340002", "booked": "+31612340003", "waits": "+31612340004"}


@pytest.fixture
def campaign(bloom):
    made = make_campaign(
        bloom, status="completed", template="Ask {{name}} about {{last_visit}}.", starts=time(9), ends=time(17, 30)
    )
    with scope.for_tenant(bloom.tenant):
        CampaignSchedule.objects.create(tenant=bloom.tenant, campaign=made, weekdays=[0, 2], holiday_country="NL")
    facts = {"state": "ended", "analysis_outcome": "booked"}
    make_call(bloom, remote_id="call-booked", **facts)
    make_call(bloom, remote_id="call-voicemail", state="ended", machine_source="analysis")
    add(made, "no_answer", "missed", name='Zoë "Z", the 2nd', last_visit="3 May\nin the morning", **{"odd name": "x"})
    add(made, "completed", "voicemail", call="call-voicemail", name="Wim Dekker", last_visit="")
    add(made, "completed", "booked", call="call-booked", name="Noor Smit", last_visit="May")
    return made


def add(campaign, status, who, *, call="", **variables):
    return make_lead(campaign, status, phone_number=NUMBERS[who], variables=variables, call_remote_id=call)


def address(campaign, query=""):
    return f"/c/bloom-dental/campaigns/{campaign.pk}/retry/{query}"


def press(browser, campaign, which, query="", **more):
    return browser.post(address(campaign, query), {"which": which, "token": uuid.uuid4()} | more)


def drafts(setup):
    with scope.for_tenant(setup.tenant):
        return list(CampaignDraft.objects.filter(tenant=setup.tenant).order_by("pk"))


def people(draft):
    with scope.for_tenant(draft.tenant_id):
        return {lead.number: lead for lead in DraftLead.objects.filter(draft=draft)}


def words(answer):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


@pytest.mark.parametrize(
    ("country", "settings", "days", "skips"),
    [
        ("NL", {}, [*range(6)], True),
        ("NL", {"weekdays": [4, 1]}, [1, 4], True),
        ("NL", {"skips_holidays": False}, [*range(6)], False),
        ("NL", {"campaigns_keep_hours": False}, [*range(7)], False),
        ("ES", {"weekdays": [*range(7)]}, [*range(5)], True),  # the preset of the country
        ("ES", {"uses_country_hours": False, "weekdays": [6]}, [6], True),
    ],
)
def test_without_days_of_its_own_the_draft_has_those_on_which_its_client_may_call(
    bloom, campaign, manager, country, settings, days, skips
):
    with scope.for_system("a client of this country"):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(country=country)
        CampaignSchedule.objects.all().delete()
        ContactSettings.objects.create(tenant=bloom.tenant, **settings)
    press(manager, campaign, "unreached")
    (draft,) = drafts(bloom)
    assert (draft.weekdays, draft.skips_holidays) == (days, skips)
    assert not skips or draft.holiday_country == country


def test_those_who_were_not_reached_become_a_draft_with_their_values_and_its_settings(bloom, campaign, manager):
    answer = press(manager, campaign, "unreached")
    (draft,) = drafts(bloom)
    assert (answer.status_code, answer["Location"]) == (303, f"/c/bloom-dental/campaigns/drafts/{draft.pk}/")
    assert (draft.name, draft.template) == ("Recall autumn (again)", "Ask {{name}} about {{last_visit}}.")
    assert (draft.assistant_dedication_id, draft.starts, draft.ends) == (bloom.assistant.pk, time(9), time(17, 30))
    assert (draft.weekdays, draft.holiday_country, draft.state) == ([0, 2], "NL", "draft")
    found = people(draft)
    assert set(found) == {NUMBERS["missed"], NUMBERS["voicemail"]}
    missed = found[NUMBERS["missed"]]
    assert missed.variables == {"name": 'Zoë "Z", the 2nd', "last_visit": "3 May\nin the morning"}
    assert {lead.state for lead in found.values()} == {"ready"}
    page = words(manager.get(answer["Location"]))
    made = "Recall autumn (again) is a new draft, for Monday and Wednesday."
    assert f"{made} Nobody is called before it is sent and started." in page
    assert "Checking who of 2 may be called" in page
    with scope.for_tenant(bloom.tenant):
        sentences = [sentence(entry) for entry in AuditEntry.objects.filter(action="campaign.retried")]
    assert sentences == [
        "Bloom Dental Manager began to make the campaign Recall autumn (again) with 2 people of Recall autumn."
    ]


def test_the_gap_between_campaigns_does_not_count_those_that_are_tried_again(bloom, campaign, manager):
    with scope.for_tenant(bloom.tenant):
        Lead.objects.filter(campaign=campaign).update(last_attempt_at=timezone.now() - timedelta(days=3))
    press(manager, campaign, "unreached")
    (draft,) = drafts(bloom)
    other = make_campaign(bloom, "Another one", status="completed")
    make_lead(other, "completed", phone_number=NUMBERS["voicemail"], last_attempt_at=timezone.now() - timedelta(days=3))
    with scope.for_tenant(bloom.tenant):
        draft_rules.check(CampaignDraft.objects.select_related("tenant").get(pk=draft.pk))
    assert {number: lead.rule for number, lead in people(draft).items()} == {
        NUMBERS["missed"]: "", NUMBERS["voicemail"]: Rule.GAP
    }  # fmt: skip


def test_a_value_of_many_lines_is_kept_with_its_person(bloom, campaign, manager):
    with scope.for_tenant(bloom.tenant):
        lead = Lead.objects.get(phone_number=NUMBERS["missed"])
        lead.variables["last_visit"] = "\n".join(f"line {nth}" for nth in range(60))
        lead.save()
    press(manager, campaign, "unreached")
    (draft,) = drafts(bloom)
    assert people(draft)[NUMBERS["missed"]].variables["last_visit"].startswith("line 0 line 1 ")
    assert set(people(draft)) == {NUMBERS["missed"], NUMBERS["voicemail"]}


def test_a_second_press_leads_to_the_same_draft_and_another_choice_makes_another(bloom, campaign, manager):
    token = uuid.uuid4()
    first = press(manager, campaign, "unreached", token=token)
    assert press(manager, campaign, "unreached", token=token)["Location"] == first["Location"]
    assert len(drafts(bloom)) == 1
    with scope.for_tenant(bloom.tenant):
        booked = Lead.objects.get(phone_number=NUMBERS["booked"])
        assert AuditEntry.objects.filter(action="campaign.retried").count() == 1
    press(manager, campaign, "selected", token=token, person=[booked.pk])
    assert [set(people(draft)) for draft in drafts(bloom)][1] == {NUMBERS["booked"]}


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_make_one_draft(bloom, campaign, make_member):
    by, token = make_member(bloom, Role.MANAGER), uuid.uuid4()
    campaign.tenant = bloom.tenant
    made = []

    def once():
        made.append(retry.retry(campaign, retry.Chosen(groups=retry.UNREACHED), token=token, by=by).pk)

    assert at_once(once, once) == [None, None]
    assert len(set(made)) == len(drafts(bloom)) == 1


def test_the_selected_ones_and_all_who_match(bloom, campaign, manager, harbor):
    with scope.for_tenant(bloom.tenant):
        wanted = Lead.objects.filter(phone_number__in=[NUMBERS["missed"], NUMBERS["booked"]])
        ids = list(wanted.values_list("pk", flat=True))
    theirs = make_lead(make_campaign(harbor, status="completed"), "failed", phone_number="+31612349999")
    press(manager, campaign, "selected", person=[*ids, theirs.pk])
    press(manager, campaign, "matching", "?show=booked")
    press(manager, campaign, "matching", "?q=wim")
    assert [set(people(draft)) for draft in drafts(bloom)] == [
        {NUMBERS["missed"], NUMBERS["booked"]},
        {NUMBERS["booked"]},
        {NUMBERS["voicemail"]},
    ]


def test_nobody_selected_is_refused_and_a_selection_survives_a_refusal(bloom, campaign, manager, monkeypatch):
    answer = press(manager, campaign, "selected")
    assert answer.status_code == 422 and "Nobody was selected." in words(answer)
    monkeypatch.setattr(draft_queries, "MOST", 0)
    with scope.for_tenant(bloom.tenant):
        missed = Lead.objects.get(phone_number=NUMBERS["missed"])
    answer = press(manager, campaign, "selected", "?show=unreached", person=[missed.pk])
    assert answer.status_code == 409 and "campaigns here that are not sent yet" in words(answer)
    box = re.search(rf'<input type="checkbox"\s+name="person"\s+value="{missed.pk}"[^>]*>', answer.content.decode())
    assert box and "checked" in box[0] and answer.context["show"] == "unreached"
    assert drafts(bloom) == []
    assert press(manager, campaign, "everybody").status_code == 422
    assert manager.post(address(campaign), {"which": "unreached", "token": "x"}).status_code == 422


def test_whom_the_campaign_still_calls_is_on_no_second_one(bloom, manager):
    running = make_campaign(bloom, status="scheduled")
    add(running, "pending", "waits", name="Waits")
    add(running, "calling", "booked", name="Calling")
    answer = press(manager, running, "matching")
    assert answer.status_code == 409 and "still calls whom you chose" in words(answer)
    add(running, "no_answer", "missed", name="Missed")
    press(manager, running, "matching")
    assert set(people(drafts(bloom)[0])) == {NUMBERS["missed"]}
    cancelled = make_campaign(bloom, status="cancelled")
    add(cancelled, "pending", "waits", name="Waits")
    press(manager, cancelled, "matching")
    assert set(people(drafts(bloom)[1])) == {NUMBERS["waits"]}


def test_those_left_of_a_cancelled_campaign_become_a_draft(bloom, manager):
    cancelled = make_campaign(bloom, status="cancelled", total_leads=2)
    add(cancelled, "pending", "waits", name="Waits")
    add(cancelled, "no_answer", "missed", name="Missed")
    page = words(manager.get(f"/c/bloom-dental/campaigns/{cancelled.pk}/"))
    assert "1 person is left who was not called" in page and "Draft of those left" in page
    press(manager, cancelled, "left")
    assert set(people(drafts(bloom)[0])) == {NUMBERS["waits"]}


def test_nobody_is_left_of_a_campaign_that_still_calls(bloom, manager):
    running = make_campaign(bloom, status="scheduled")
    add(running, "pending", "waits", name="Waits")
    assert "Draft of those left" not in words(manager.get(f"/c/bloom-dental/campaigns/{running.pk}/"))
    answer = press(manager, running, "left")
    assert answer.status_code == 409 and "still calls whom you chose" in words(answer) and drafts(bloom) == []


def test_a_second_retry_names_the_first_one_and_how_many_are_in_both(bloom, campaign, manager):
    page = f"/c/bloom-dental/campaigns/{campaign.pk}/"
    assert "was made of its people" not in words(manager.get(page))
    first = press(manager, campaign, "unreached")["Location"]
    assert " too, made" not in words(manager.get(first))
    shown = manager.get(page)
    assert "Recall autumn (again) was made of its people" in words(shown)
    assert f'href="{first}"' in shown.content.decode()
    with scope.for_tenant(bloom.tenant):
        chosen = Lead.objects.filter(phone_number__in=[NUMBERS["missed"], NUMBERS["booked"]])
        ids = list(chosen.values_list("pk", flat=True))
    address_of_second = press(manager, campaign, "selected", person=ids)["Location"]
    second = manager.get(address_of_second)
    assert "1 of its people is in Recall autumn (again) too, made" in words(second)
    assert f'href="{first}"' in second.content.decode()
    with scope.for_tenant(bloom.tenant):
        CampaignDraft.objects.filter(pk=int(first.rstrip("/").rpartition("/")[2])).update(state="sent")
    assert "That one is at VoiceDock. Leave them out of this one" in words(manager.get(address_of_second))


def test_contact_rules_and_numbers_that_are_twice_are_looked_at_as_always(bloom, campaign, manager):
    again = add(campaign, "failed", "missed", name="Zoë once more")
    with scope.for_tenant(bloom.tenant):
        DoNotCallEntry.objects.create(tenant=bloom.tenant, number=NUMBERS["voicemail"], source="by-hand")
    answer = press(manager, campaign, "unreached")
    assert again.phone_number == NUMBERS["missed"]
    page = words(manager.get(f"{answer['Location']}review/"))
    assert "1 of 3 will be called" in page and "Twice in the file" in page
    assert people(drafts(bloom)[0])[NUMBERS["voicemail"]].rule == "do-not-call"


def test_the_consent_of_the_first_file_goes_along(bloom, campaign, manager):
    given = {"kind": "calls about visits", "source": "form", "time": "2026-05-14T09:30"}
    with scope.for_tenant(bloom.tenant):
        by = User.objects.first()
        before = CampaignDraft.objects.create(
            tenant=bloom.tenant, name="Recall autumn", assistant_dedication=bloom.assistant, state="sent",
            campaign=campaign, created_by=by, instead={"last_visit": "your last visit"},
        )  # fmt: skip
        DraftLead.objects.create(
            tenant=bloom.tenant, draft=before, line=2, number=NUMBERS["missed"], state="sent", consent=given
        )
    press(manager, campaign, "unreached")
    draft = drafts(bloom)[-1]
    assert draft.instead == {"last_visit": "your last visit"}
    assert people(draft)[NUMBERS["missed"]].consent == given
    assert people(draft)[NUMBERS["voicemail"]].consent == {}


def test_many_people_are_read_by_a_worker(bloom, campaign, manager, monkeypatch):
    monkeypatch.setattr(uploads, "AT_ONCE", 1)
    press(manager, campaign, "unreached")
    (draft,) = drafts(bloom)
    with scope.for_tenant(bloom.tenant):
        assert CampaignFile.objects.get(draft=draft).read_at is None
    waiting.read_next()
    assert set(people(draft)) == {NUMBERS["missed"], NUMBERS["voicemail"]}


def test_more_than_a_draft_holds_is_refused(bloom, campaign, manager, monkeypatch):
    monkeypatch.setattr(retry, "MOST_ROWS", 1)
    answer = press(manager, campaign, "unreached")
    assert answer.status_code == 409 and "Choose fewer" in words(answer) and drafts(bloom) == []


def test_who_may(bloom, harbor, campaign, make_member, sign_in):
    operator = sign_in(make_member(bloom, Role.OPERATOR))
    page = operator.get(f"/c/bloom-dental/campaigns/{campaign.pk}/").content.decode()
    assert 'name="person"' not in page and "Make a draft" not in page
    assert press(operator, campaign, "unreached").status_code == 403
    stranger = sign_in(make_member(harbor, Role.OWNER))
    assert press(stranger, campaign, "unreached").status_code == 404
    theirs = f"/c/harbor-logistics/campaigns/{campaign.pk}/retry/"
    assert stranger.post(theirs, {"which": "unreached", "token": uuid.uuid4()}).status_code == 404
    assert drafts(bloom) == []
