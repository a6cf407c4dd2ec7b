"""The contact rules say who of a draft's people is called, and the page says why the others are not."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard.campaigns import draft_moments, draft_rules, left_out
from dashboard.campaigns.models import CampaignDraft, DraftLead
from dashboard.contact_rules import entries, rules
from dashboard.contact_rules.models import ContactSettings
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AuditEntry, Tenant
from tests.fixtures.call_factories import make_campaign, make_lead

State = DraftLead.State
WEEKDAYS: dict[str, Any] = {"starts": time(9, 30), "ends": time(17), "timezone": "Europe/Amsterdam"}
NOW = datetime(2026, 11, 26, 13, tzinfo=UTC)


def make_draft(setup: Any, *numbers: str, by: Any, **more: Any) -> CampaignDraft:
    facts = {"name": "Recall winter", "holiday_country": "NL"} | WEEKDAYS | more
    with scope.for_system("a draft"):
        draft = CampaignDraft.objects.create(tenant=setup.tenant, created_by=by, **facts)
        DraftLead.objects.bulk_create(
            DraftLead(tenant=setup.tenant, draft=draft, line=line, number=number, name=f"Person {line}")
            for line, number in enumerate(numbers, start=2)
        )
    return draft


def check(draft: CampaignDraft, *leads: int) -> dict[str, DraftLead]:
    with scope.for_tenant(draft.tenant_id):
        now = CampaignDraft.objects.select_related("tenant").get(pk=draft.pk)
        draft_rules.check(now, leads or None)
        return {lead.number: lead for lead in DraftLead.objects.filter(draft=draft)}


def block(tenant: Any, *numbers: str) -> None:
    with scope.for_system("a number is blocked"):
        entries.add(tenant, numbers, source=entries.Source.BY_HAND, by=None)


@pytest.fixture
def manager(bloom, make_member):
    return make_member(bloom.tenant, Role.MANAGER, "Mila Vos")


def words(page: Any) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split()))


def test_each_rule_leaves_out_its_people_with_its_reason(bloom, manager):
    numbers = [f"+3161234000{digit}" for digit in range(4)]
    abroad, american, own = "+32470123456", "+12125550123", bloom.number.e164
    draft = make_draft(bloom, *numbers, abroad, american, own, by=manager)
    block(bloom.tenant, numbers[0])
    block(None, numbers[1])
    make_lead(make_campaign(bloom, "Recall spring"), phone_number=numbers[2])
    with scope.for_system("only two countries"):
        Tenant.objects.filter(pk=bloom.tenant.pk).update(allowed_countries=["NL", "US"])
    found = check(draft)
    assert {number: (lead.state, lead.rule) for number, lead in found.items()} == {
        numbers[0]: ("left-out", "do-not-call"),
        numbers[1]: ("left-out", "resellers-list"),
        numbers[2]: ("left-out", "gap"),
        numbers[3]: ("ready", ""),
        abroad: ("left-out", "country"),
        american: ("left-out", "hours"),
        own: ("left-out", "own-line"),
    }
    assert "Recall spring" in found[numbers[2]].reason and "Belgium" in found[abroad].reason
    assert {lead.rules_version for lead in found.values()} == {rules.VERSION}


def test_whoever_may_be_called_again_comes_back_and_rows_of_other_states_stay(bloom, manager):
    numbers = [f"+3161234000{digit}" for digit in range(3)]
    draft = make_draft(bloom, *numbers, by=manager)
    block(bloom.tenant, *numbers)
    with scope.for_system("sent already"):
        DraftLead.objects.filter(draft=draft, number=numbers[0]).update(state=State.SENT)
    assert [lead.state for lead in check(draft).values()].count("left-out") == 2
    with scope.for_system("taken off"):
        entries.of_list(bloom.tenant).filter(number=numbers[1]).delete()
        pks = dict(DraftLead.objects.filter(draft=draft).values_list("number", "pk"))
    found = check(draft, pks[numbers[1]])
    assert (found[numbers[1]].state, found[numbers[1]].rule, found[numbers[1]].reason) == ("ready", "", "")
    assert found[numbers[2]].state == "left-out" and found[numbers[0]].state == "sent"


def test_a_campaign_that_calls_on_a_holiday_of_the_people_leaves_them_out(bloom, manager):
    facts = {"first_day": date(2026, 12, 21), "last_day": date(2026, 12, 31)}
    german = "+4915112345678"
    plain = make_draft(bloom, german, by=manager, **facts)
    assert check(plain)[german].state == "ready", "German holidays are those of the Dutch in these days"
    open_one = make_draft(bloom, german, by=manager, skips_holidays=False, **facts)
    lead = check(open_one)[german]
    assert lead.rule == "hours" and "Friday 25 December" in lead.reason


def test_nobody_is_asked_for_hours_before_the_campaign_has_some(bloom, manager):
    night = {"starts": time(22), "ends": time(23)}
    assert check(make_draft(bloom, "+31612340001", by=manager, **night))["+31612340001"].rule == "hours"
    unknown = make_draft(bloom, "+31612340001", by=manager, starts=None, ends=None)
    assert check(unknown)["+31612340001"].state == "ready"


def test_moments_are_inside_of_the_days_and_hours_of_the_campaign():
    draft = CampaignDraft(weekdays=[0, 4], skips_holidays=True, holiday_country="NL", **WEEKDAYS)
    moments = draft_moments.of(draft, NOW)
    days = {moment.date() for moment in moments}
    assert {day.weekday() for day in days} == {0, 4} and len(days) == 8
    clocks = [f"{moment:%H:%M}" for moment in moments if moment.date() == date(2026, 11, 27)]
    assert clocks[0] == "08:30" and clocks[-1] == "15:59"
    assert draft_moments.of(CampaignDraft(**WEEKDAYS | {"starts": None}), NOW) == []
    assert draft_moments.of(CampaignDraft(last_day=date(2026, 1, 1), **WEEKDAYS), NOW) == []


def test_many_people_cost_as_many_statements_as_few(bloom, manager):
    few = make_draft(bloom, "+31612340001", by=manager)
    many = make_draft(bloom, *(f"+3161{index:07d}" for index in range(3_000)), by=manager)
    counts = []
    for draft in (few, many):
        with CaptureQueriesContext(connection) as captured:
            check(draft)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 16
    with CaptureQueriesContext(connection) as captured:
        check(many)
    assert not any(query["sql"].lstrip().startswith("UPDATE campaigns_draftlead") for query in captured)


def test_consent_is_read_from_the_file(bloom, manager):
    draft = make_draft(bloom, "+31612340001", "+31612340002", by=manager)
    with scope.for_system("consent is asked"):
        ContactSettings.objects.create(tenant=bloom.tenant, needs_consent=True)
        DraftLead.objects.filter(draft=draft, line=2).update(consent={"kind": "opt-in", "source": "web form"})
    found = check(draft)
    assert [found[number].rule for number in sorted(found)] == ["", "consent"]


def test_the_page_counts_by_rule_and_lists_who_is_left_out(bloom, manager, sign_in):
    numbers = [f"+31612{index:06d}" for index in range(60)]
    draft = make_draft(bloom, *numbers, "+31699000001", by=manager)
    block(bloom.tenant, *numbers)
    check(draft)
    with scope.for_system("rows that were not read"):
        DraftLead.objects.create(
            tenant=bloom.tenant, draft=draft, line=90, state=State.NOT_READ, reason="This is no phone number."
        )
    browser = sign_in(manager)
    url = f"/c/bloom-dental/campaigns/drafts/{draft.pk}/left-out/"
    page = browser.get(url)
    text = words(page)
    assert "1 of 62 will be called" in text and "61 will not, because:" in text
    assert "Asked not to be called" in text and "The row of the file was not read" in text
    assert text.count("on your do-not-call list since") == left_out.PAGE
    second = browser.get(f"{url}?after=51")
    assert words(second).count("on your do-not-call list since") == 10 and "This is no phone number." in words(second)
    narrowed = words(browser.get(f"{url}?why=not-read"))
    assert "This is no phone number." in narrowed and "list since" not in narrowed
    assert browser.get(f"{url}?why=%27&after=zzz").status_code == 200


def test_the_file_has_each_of_them_with_the_reason(bloom, manager, sign_in):
    draft = make_draft(bloom, "+31612340001", "+31612340002", by=manager)
    block(bloom.tenant, "+31612340002")
    check(draft)
    answer = sign_in(manager).get(f"/c/bloom-dental/campaigns/drafts/{draft.pk}/left-out.csv?format=comma")
    if answer.status_code == 200 and not getattr(answer, "streaming", False):
        pytest.fail(words(answer))
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 2 and "+31612340002" in lines[1] and "do-not-call list since" in lines[1]
    with scope.for_system("look"):
        assert AuditEntry.objects.filter(action="campaign.left-out-exported").count() == 1


def test_a_draft_of_another_client_does_not_exist(bloom, harbor, manager, sign_in, make_member):
    draft = make_draft(bloom, "+31612340001", by=manager)
    browser = sign_in(make_member(harbor.tenant, Role.MANAGER, "Hal Roe"))
    for address in ("left-out/", "left-out.csv"):
        assert browser.get(f"/c/harbor/campaigns/drafts/{draft.pk}/{address}").status_code == 404
