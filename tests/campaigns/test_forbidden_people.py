"""Whoever must not be called any more is taken off started campaigns, or the campaign is paused."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from dashboard.beat_schedule import SCHEDULE
from dashboard.campaigns import control, forbidden_people, listed_people, sync, tasks
from dashboard.campaigns.do_not_call import entries as campaign_list
from dashboard.campaigns.models import Campaign, CampaignDraft, DraftLead, Lead, PauseCause
from dashboard.campaigns.reports import report
from dashboard.celery import app
from dashboard.contact_rules import entries
from dashboard.contact_rules.models import DoNotCallEntry
from tenants.access.permissions import Role
from tenants.audit.messages import sentence
from tenants.isolation import scope
from tenants.models import AuditEntry, Tenant
from tests.campaigns.report_pages import read
from tests.fixtures.call_factories import make_campaign, make_lead
from tests.fixtures.concurrency import at_once
from tests.patience import PATIENCE

PERSON = "+31612340001"


@pytest.fixture
def harbor(agency, make_sandbox_tenant) -> Tenant:
    return make_sandbox_tenant(agency, "harbor", numbers=("+31105550161",), assistants=("Dispatch desk",))


@pytest.fixture
def started(agency, harbor, make_remote_campaign, make_member, new_requests) -> Campaign:
    make_remote_campaign("Slots", "Dispatch desk")
    sync.campaigns(agency.connection)
    control.start(fresh(), by=make_member(harbor, Role.MANAGER))
    sync.leads(fresh())
    new_requests()
    return fresh()


def fresh() -> Campaign:
    with scope.for_system("look"):
        return Campaign.objects.select_related("connection", "tenant", "assistant").get()


def block(tenant: Tenant | None, *numbers: str) -> None:
    with scope.for_system("a number is blocked"):
        entries.add(tenant, numbers, source=entries.Source.BY_HAND, by=None)


def people() -> list[str]:
    with scope.for_system("look"):
        return list(Lead.objects.order_by("phone_number").values_list("phone_number", flat=True))


def at_voicedock(sandbox: Any) -> list[str]:
    (found,) = sandbox.state.leads.values()
    return sorted(lead.phone_number for lead in found)


def time_passes() -> None:
    with scope.for_system("the next attempt is due"):
        Lead.objects.exclude(removal_next_at=None).update(removal_next_at=timezone.now())


def trail(prefix: str) -> list[str]:
    with scope.for_system("look"):
        return [sentence(entry) for entry in AuditEntry.objects.filter(action__startswith=prefix).order_by("seq")]


@pytest.mark.parametrize("of_reseller", [False, True])
def test_a_number_on_a_list_is_taken_off_the_campaign(started, harbor, sandbox, of_reseller):
    block(None if of_reseller else harbor, PERSON)
    forbidden_people.run()
    assert PERSON not in people() and PERSON not in at_voicedock(sandbox)
    assert len(people()) == 2 == len(at_voicedock(sandbox))
    assert trail("campaign.person") == [
        f"{PERSON} must not be called any more: VoiceDock is asked to take them off the campaign Slots.",
        f"{PERSON} was taken off the campaign Slots.",
    ]
    assert forbidden_people.run() == []
    assert fresh().status == "scheduled"


@pytest.mark.parametrize("of", ["client", "reseller", "campaign"])
def test_only_new_people_and_those_of_new_entries_are_asked_for(started, harbor, make_member, of):
    """Whoever waits, and all other entries, were asked for before: they cost nothing more."""
    block(harbor, "+31612349999")
    block(None, "+31612349998")
    forbidden_people.run()
    with scope.for_system("look"):
        assert not Lead.objects.filter(lists_asked=False).exists()
        assert not DoNotCallEntry.objects.filter(compared_at=None).exists()
    if of == "campaign":
        by = make_member(harbor, Role.MANAGER)
        with scope.for_tenant(harbor):
            campaign_list.add(started, [PERSON], source=entries.Source.BY_HAND, by=by)
    else:
        block(harbor if of == "client" else None, PERSON)
    listed_people.ask_again()
    with scope.for_system("look"):
        assert [lead.phone_number for lead in Lead.objects.filter(lists_asked=False)] == [PERSON]
        assert listed_people.ask(0, 50, started=False) == ([Lead.objects.get(phone_number=PERSON).pk], None)
        assert listed_people.ask(0, 50, started=False) == ([], None)


def test_whoever_begins_to_wait_again_is_asked_for_again(started, harbor, sandbox):
    """Also where the entry came while the person was being called, and was compared with others meanwhile."""
    (remote,) = (lead for lead in next(iter(sandbox.state.leads.values())) if lead.phone_number == PERSON)
    remote.status = "calling"
    sync.leads(fresh())
    block(harbor, PERSON)
    assert forbidden_people.run() == []
    remote.status = "pending"
    sync.leads(fresh())
    assert [lead.phone_number for lead in forbidden_people.run()] == [PERSON]


def test_whoever_need_not_be_removed_any_more_is_asked_for_again(started, harbor, sandbox):
    """What was asked while somebody was to be removed passed them by: it holds no longer."""
    (remote,) = (lead for lead in next(iter(sandbox.state.leads.values())) if lead.phone_number == PERSON)
    remote.status = "calling"
    sync.leads(fresh())
    with scope.for_system("another run has asked meanwhile"):
        Lead.objects.filter(phone_number=PERSON).update(removal_next_at=timezone.now(), lists_asked=True)
    forbidden_people.run()
    with scope.for_system("look"):
        assert not Lead.objects.get(phone_number=PERSON).lists_asked


def test_people_of_a_campaign_that_may_call_again_are_asked_for_again(started, harbor, agency):
    with scope.for_system("VoiceDock does not list it for a while"):
        Campaign.objects.update(vanished_at=timezone.now())
    block(harbor, PERSON)
    assert forbidden_people.run() == [] and PERSON in people()
    sync.campaigns(agency.connection)
    assert [lead.phone_number for lead in forbidden_people.run()] == [PERSON]


def test_a_long_list_takes_people_off_in_turns_those_who_are_called_first(started, harbor, agency, monkeypatch):
    monkeypatch.setattr(forbidden_people, "MOST", 2)
    monkeypatch.setattr(listed_people, "SLICE", 2)
    block(harbor, *people())
    assert len(forbidden_people.run()) == 2 and len(forbidden_people.run()) == 1 and people() == []


def test_people_of_started_campaigns_come_before_any_number_of_others(bloom, monkeypatch):
    monkeypatch.setattr(forbidden_people, "MARKED", 1)
    monkeypatch.setattr(listed_people, "SLICE", 2)
    others = [make_campaign(bloom, status, status=status) for status in ("draft", "paused")]
    for at in range(6):
        make_lead(others[at % 2], "pending", phone_number=f"+3161234010{at}")
    called = make_lead(make_campaign(bloom, "Recall", status="scheduled"), "pending", phone_number=PERSON)
    block(bloom.tenant, PERSON, *(f"+3161234010{at}" for at in range(6)))
    listed_people.ask_again()
    forbidden_people._require()
    with scope.for_system("look"):
        assert [lead.pk for lead in Lead.objects.exclude(removal_next_at=None)] == [called.pk]
    forbidden_people._require()
    with scope.for_system("look"):
        assert Lead.objects.exclude(removal_next_at=None).count() == 2


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_comes_while_its_person_is_asked_for_is_not_missed(bloom):
    """Who asks has locked the person; who compares the entry waits for that, and has the person asked for again."""
    campaign = make_campaign(bloom)
    lead = make_lead(campaign, phone_number=PERSON)
    has_asked, has_entry = threading.Event(), threading.Event()

    def ask() -> None:
        with scope.for_system("ask"):
            assert listed_people.ask(0, 50, started=False) == ([], None)
            has_asked.set()
            assert has_entry.wait(PATIENCE)

    def add() -> None:
        assert has_asked.wait(PATIENCE)
        block(bloom.tenant, PERSON)
        has_entry.set()
        listed_people.ask_again()

    assert at_once(ask, add) == [None, None]
    with scope.for_system("ask again"):
        assert listed_people.ask(0, 50, started=False) == ([lead.pk], None)


def test_another_clients_list_does_not_matter(started, bloom):
    block(bloom.tenant, PERSON)
    assert forbidden_people.run() == [] and len(people()) == 3


def test_adding_a_number_enqueues_it_and_beat_does_it_besides(
    started, harbor, monkeypatch, django_capture_on_commit_callbacks, sandbox
):
    sent = []
    monkeypatch.setattr(tasks.remove_forbidden, "apply_async", lambda *args, **more: sent.append("asked"))
    with django_capture_on_commit_callbacks(execute=True):
        block(harbor, PERSON)
        block(harbor, PERSON)
    assert sent == ["asked"], "known already: nothing to do"
    entry = next(one for one in SCHEDULE.values() if one["task"] == "dashboard.campaigns.tasks.remove_forbidden")
    assert entry["schedule"].total_seconds() <= 10
    assert app.conf.task_routes["dashboard.campaigns.tasks.remove_forbidden"] == {"queue": "requests"}
    tasks.remove_forbidden()
    assert PERSON not in at_voicedock(sandbox)


def test_one_who_is_being_called_is_tried_again_and_then_the_campaign_is_paused(started, harbor, sandbox, admin):
    (remote,) = (lead for lead in next(iter(sandbox.state.leads.values())) if lead.phone_number == PERSON)
    remote.status = "calling"
    block(harbor, PERSON)
    for attempt in range(1, forbidden_people.ATTEMPTS + 1):
        assert fresh().status == "scheduled", attempt
        assert forbidden_people.run() == [] and forbidden_people.run() == [], "not before its time"
        with scope.for_system("look"):
            assert Lead.objects.get(phone_number=PERSON).removal_attempts == attempt
        time_passes()
    now = fresh()
    assert now.status == "paused" and now.pause_cause == PauseCause.FORBIDDEN_PERSON
    assert "a person on it must not be called" in trail("campaign.pause-required")[0]
    with pytest.raises(control.CampaignActionRefused, match="is being taken off"):
        control.resume(now, by=admin)
    remote.status = "pending"
    forbidden_people.run()
    assert PERSON not in people() and PERSON not in at_voicedock(sandbox)


def test_one_who_is_gone_at_voicedock_is_gone_here(started, harbor, sandbox):
    leads = next(iter(sandbox.state.leads.values()))
    leads[:] = [lead for lead in leads if lead.phone_number != PERSON]
    block(harbor, PERSON)
    assert [lead.phone_number for lead in forbidden_people.run()] == [PERSON]
    assert PERSON not in people()


def test_whoever_is_taken_off_the_list_in_time_stays(started, harbor, sandbox):
    (remote,) = (lead for lead in next(iter(sandbox.state.leads.values())) if lead.phone_number == PERSON)
    remote.status = "calling"
    block(harbor, PERSON)
    forbidden_people.run()
    remote.status = "pending"
    with scope.for_system("taken off"):
        DoNotCallEntry.objects.all().delete()
    time_passes()
    assert forbidden_people.run() == [] and PERSON in at_voicedock(sandbox)
    with scope.for_system("look"):
        lead = Lead.objects.get(phone_number=PERSON)
    assert (lead.removal_next_at, lead.removal_attempts) == (None, 0)


def test_people_of_campaigns_that_are_over_are_left_alone(started, harbor):
    with scope.for_system("it is over"):
        Campaign.objects.update(status="completed", version=F("version") + 1)
    block(harbor, PERSON)
    assert forbidden_people.run() == [] and trail("campaign.person") == []


def test_a_campaign_with_more_of_them_than_one_run_takes_off_is_paused_before_it_calls_them(
    started, harbor, sandbox, monkeypatch
):
    monkeypatch.setattr(forbidden_people, "MOST", 2)
    block(harbor, "+31612340000", PERSON, "+31612340002")
    assert len(forbidden_people.run()) == 2
    now = fresh()
    assert now.status == "paused" and now.pause_cause == PauseCause.FORBIDDEN_PEOPLE
    (remote,) = sandbox.state.campaigns.values()
    assert remote.status == "paused"
    forbidden_people.run()
    assert people() == [] == at_voicedock(sandbox)


def test_a_campaign_goes_on_whose_people_one_run_takes_off_whatever_waits_in_others(
    started, harbor, bloom, monkeypatch
):
    monkeypatch.setattr(forbidden_people, "MOST", 2)
    others = [make_campaign(bloom, name, status="paused") for name in ("Recall", "Survey")]
    for at, other in enumerate(others * 3):
        make_lead(other, "pending", phone_number=f"+3161234010{at}")
    block(bloom.tenant, *(f"+3161234010{at}" for at in range(6)))
    block(harbor, PERSON, "+31612340002")
    forbidden_people.run()
    with scope.for_system("look"):
        assert Campaign.objects.get(pk=started.pk).status == "scheduled"


def test_the_draft_that_they_came_from_says_so(started, harbor, make_member):
    manager = make_member(harbor, Role.MANAGER, "Mo Lind")
    with scope.for_system("a draft that was sent"):
        draft = CampaignDraft.objects.create(tenant=harbor, created_by=manager, campaign=started)
        DraftLead.objects.create(tenant=harbor, draft=draft, line=2, number=PERSON, state="sent")
    block(harbor, PERSON)
    forbidden_people.run()
    with scope.for_system("look"):
        lead = DraftLead.objects.get()
    assert (lead.state, lead.rule) == ("left-out", "do-not-call") and "do-not-call list since" in lead.reason


def page_of(browser: Any) -> str:
    return read(browser.get(f"/c/harbor/campaigns/{fresh().pk}/"))


def test_the_campaign_and_its_report_say_whom_a_list_took_off_and_add_up(started, harbor, agency, sign_in, make_member):
    viewer, manager = (sign_in(make_member(harbor, role)) for role in (Role.VIEWER, Role.MANAGER))
    assert "do-not-call list" not in page_of(viewer)
    block(harbor, PERSON)
    forbidden_people.run()
    sync.campaigns(agency.connection)
    page = page_of(viewer)
    assert "Taken off by a do-not-call list 1 person 1 person was taken off the campaign" in page
    assert "They do not count among its people" in page and "1234 0001" not in page, "a viewer may not see the list"
    assert "+31 6 1234 0001 This client’s" in page_of(manager)
    assert "2 in all" in page
    printed = read(viewer.get(f"/c/harbor/campaigns/{fresh().pk}/report/"))
    assert "1 person was taken off the campaign" in printed and "1234 0001" not in printed
    campaign = fresh()
    with scope.for_tenant(harbor):
        shared = report.of(campaign, shared=True)
    assert shared.taken_off == 1
    assert shared.row.counts.total == sum(part.figure for part in shared.row.counts.parts) == 2


def test_pages_show_no_number_of_before_the_personal_data_was_removed(started, harbor, sign_in, make_member):
    manager = sign_in(make_member(harbor, Role.MANAGER))
    block(harbor, PERSON)
    forbidden_people.run()
    assert "1234 0001" in page_of(manager)
    with scope.for_system("the client was closed, its data removed, and it came back"):
        Tenant.objects.filter(pk=harbor.pk).update(data_removed_at=timezone.now())
    page = page_of(manager)
    assert "1 person was taken off the campaign" in page and "1234 0001" not in page


def test_whom_voicedock_does_not_list_any_more_is_recorded_before_their_copy_goes(
    started, harbor, sandbox, monkeypatch
):
    """The answer to the removal was lost, and the list is read before it is asked for again."""
    block(harbor, PERSON)
    with monkeypatch.context() as patched:
        patched.setattr(forbidden_people, "_try", lambda lead: False)
        forbidden_people.run()
    (leads,) = sandbox.state.leads.values()
    leads[:] = [lead for lead in leads if lead.phone_number != PERSON]
    sync.leads(fresh())
    assert PERSON in people()
    assert [lead.phone_number for lead in forbidden_people.run()] == [PERSON]
    assert f"{PERSON} was taken off the campaign Slots." in trail("campaign.person") and PERSON not in people()
