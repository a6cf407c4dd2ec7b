"""Sending a draft: nobody twice, nobody lost, whatever VoiceDock answers and whenever a worker dies."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone
from django.utils.html import escape

from dashboard import voicedock
from dashboard.campaigns.drafts import queries, readiness, template_check
from dashboard.campaigns.models import Campaign, CampaignDraft, CampaignFile, CampaignSchedule, DraftLead
from dashboard.campaigns.sending import begin, due, matching, people, progress, run
from dashboard.contact_rules import entries
from dashboard.contact_rules.models import DoNotCallEntry
from dashboard.rate_limits.models import SentRequest
from dashboard.sandbox import inprocess
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import AuditEntry, Connection, Tenant
from tests.fixtures.call_factories import captured_selects
from tests.fixtures.draft_factories import make_draft, number_of


class Sender:
    """A draft of the client of `operator`, the workers that send it, and what VoiceDock has of it."""

    def __init__(self, operator, **more):
        self.operator = operator
        self.draft = make_draft(operator.tenant, operator.assistant, operator.user, **more)

    def begin(self):
        begin.begin(self.draft, self.operator.user)
        return self

    def reload(self) -> CampaignDraft:
        with scope.for_system("look"):
            return CampaignDraft.objects.select_related("campaign").get(pk=self.draft.pk)

    def let_pass(self, seconds: float) -> None:
        """Move everything that is remembered into the past."""
        past = timedelta(seconds=seconds)
        with scope.for_system("let time pass"):
            mine = CampaignDraft.objects.filter(pk=self.draft.pk)
            mine.update(asked_at=F("asked_at") - past, try_at=F("try_at") - past)
            DraftLead.objects.filter(draft=self.draft).exclude(asked_at=None).update(asked_at=F("asked_at") - past)
            SentRequest.objects.all().delete()
            Connection.objects.update(resting_until=None)
        self.operator.sandbox.clock.advance(seconds)

    def work(self, parts: int = 40) -> CampaignDraft:
        """Minutes pass, and the workers do what is due, until it ends or stops."""
        for _ in range(parts):
            for pk in due.due():
                run.run(pk)
            if self.reload().state != CampaignDraft.State.SENDING:
                break
            self.let_pass(80)
        return self.reload()

    def states(self) -> dict[str, int]:
        with scope.for_system("look"):
            return dict(Counter(DraftLead.objects.filter(draft=self.draft).values_list("state", flat=True)))

    def reason(self, line: int) -> str:
        with scope.for_system("look"):
            return DraftLead.objects.get(draft=self.draft, line=line).reason

    def campaigns(self) -> list[str]:
        """Ids of VoiceDock's campaigns with this name."""
        found = self.operator.sandbox.state.campaigns.values()
        return [campaign.id for campaign in found if campaign.name == self.draft.name]

    def listed(self) -> list[str]:
        """The numbers of the people that VoiceDock has in the campaign of this draft."""
        return [lead.phone_number for lead in self.operator.sandbox.state.leads[self.reload().remote_id]]

    def is_complete(self, people: int) -> bool:
        return sorted(self.listed()) == [number_of(line) for line in range(2, people + 2)]


@pytest.fixture
def make_sender(operator):
    return lambda **more: Sender(operator, **more)


def actions():
    with scope.for_system("look"):
        entries = AuditEntry.objects.filter(action__startswith="campaign.").order_by("seq")
        return [(entry.action, entry.actor, json.loads(entry.body)["details"].get("count")) for entry in entries]


def test_a_draft_becomes_a_campaign_with_all_its_people_at_once(make_sender, new_requests):
    sender = make_sender(people=5, first_day="2026-11-30").begin()
    new_requests()
    sent = sender.work()
    assert new_requests() == ["GET /campaigns", "POST /campaigns", f"GET /campaigns/{sent.remote_id}/leads"]
    assert sender.is_complete(5) and sender.states() == {"sent": 5}
    assert (sent.state, sent.counted, sent.in_bulk, sent.reason) == ("sent", 5, 5, "")
    assert sent.campaign.tenant_id == sent.tenant_id and sent.campaign.status == "draft"
    with scope.for_system("look"):
        days = CampaignSchedule.objects.get(campaign=sent.campaign)
        assert DraftLead.objects.exclude(remote_id="").count() == 5
    assert (days.weekdays, days.is_on, str(days.first_day)) == (list(range(5)), False, "2026-11-30")
    assert actions() == [
        ("campaign.sending-begun", "Ines Vale", 5),
        ("campaign.made", "Patchbay", 5),
        ("campaign.sent", "Patchbay", 5),
    ]


def test_who_does_not_fit_into_the_creation_goes_one_by_one(make_sender):
    sender = make_sender(people=9, bulk_limit=4).begin()
    assert sender.work().state == "sent"
    assert sender.is_complete(9) and sender.reload().in_bulk == 4
    variables = [lead.variables for lead in sender.operator.sandbox.state.leads[sender.reload().remote_id]]
    assert {"name": "Person 10"} in variables


@pytest.mark.parametrize("status", ["400", "422", "409"])
def test_a_refused_bulk_is_tried_with_half_of_it(make_sender, status):
    sender = make_sender(people=6, bulk_limit=6).begin()
    sender.operator.add_fault(status, "/campaigns", method="POST", times=2)
    assert sender.work().state == "sent"
    assert sender.is_complete(6) and sender.reload().in_bulk == 1


def test_a_campaign_that_is_refused_without_anybody_stops_with_the_reason(make_sender):
    sender = make_sender(people=3).begin()
    sender.operator.add_fault("422", "/campaigns", method="POST", times=0)
    stopped = sender.work()
    assert stopped.state == "stopped" and "Fault ordered in the sandbox" in stopped.reason
    assert sender.states() == {"ready": 3} and sender.campaigns() == []
    sender.operator.sandbox.faults.clear()
    begin.resume(stopped, sender.operator.user)
    assert sender.work().state == "sent" and sender.is_complete(3)


FAULTS = ["lost", "cut", "500", "503", "html502", "truncated", "429", "hang"]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("route", ["creation", "person", "list of campaigns", "list of people"])
def test_no_fault_makes_two_campaigns_or_leaves_anybody_out(make_sender, fault, route):
    sender = make_sender(people=6, bulk_limit=3).begin()
    method, path = {
        "creation": ("POST", "/campaigns"),
        "person": ("POST", "/campaigns/*/leads"),
        "list of campaigns": ("GET", "/campaigns"),
        "list of people": ("GET", "/campaigns/*/leads"),
    }[route]
    sender.operator.add_fault(fault, path, method=method, times=2, seconds=60)
    assert sender.work().state == "sent"
    assert sender.is_complete(6) and sender.states() == {"sent": 6}
    assert len(sender.campaigns()) == 1


def test_a_refused_person_keeps_the_reason_and_the_others_go_on(make_sender):
    sender = make_sender(people=4, bulk_limit=0).begin()
    sender.operator.add_fault("422", "/campaigns/*/leads", method="POST")
    sent = sender.work()
    assert sent.state == "sent" and sender.states() == {"sent": 3, "refused": 1}
    assert "Fault ordered in the sandbox" in sender.reason(2)


@pytest.mark.parametrize("most", [60, 3])
def test_many_refusals_in_a_row_stop_it_in_whichever_parts_they_are_sent(make_sender, monkeypatch, most):
    monkeypatch.setattr(people, "MOST", most)
    sender = make_sender(people=25, bulk_limit=0).begin()
    sender.operator.add_fault("422", "/campaigns/*/leads", method="POST", times=0)
    stopped = sender.work()
    assert stopped.state == "stopped" and "refused the last 20 people" in stopped.reason
    assert sender.states() == {"refused": 20, "ready": 5}


@pytest.mark.parametrize("status", ["401", "402", "403"])
def test_what_every_request_would_meet_stops_it_and_takes_nobody_out(make_sender, status):
    sender = make_sender(people=3, bulk_limit=0).begin()
    sender.operator.add_fault(status, "/campaigns/*/leads", method="POST", times=0)
    assert sender.work().state == "stopped" and sender.states() == {"ready": 3}


def test_an_unanswered_person_is_looked_up_with_one_list_before_anything_is_sent_again(make_sender, new_requests):
    sender = make_sender(people=3, bulk_limit=1).begin()
    sender.work(1)
    sender.operator.add_fault("lost", "/campaigns/*/leads", method="POST", times=1)
    new_requests()
    sender.work(1)
    people = f"/campaigns/{sender.reload().remote_id}/leads"
    assert new_requests() == [f"POST {people}"] and sender.states() == {"sent": 1, "unknown": 1, "ready": 1}
    with scope.for_system("its time is not over"):
        CampaignDraft.objects.update(try_at=F("begun_at"))
        DraftLead.objects.filter(state="unknown").update(asked_at=F("asked_at") + timedelta(seconds=70))
    run.run(sender.draft.pk)
    assert new_requests() == [f"POST {people}"] and sender.states() == {"sent": 2, "unknown": 1}
    sender.work()
    assert new_requests() == [f"GET {people}", f"GET {people}"] and sender.is_complete(3)
    with scope.for_system("look"):
        assert DraftLead.objects.exclude(found_at=None).count() == 1


def test_another_campaign_of_that_name_is_not_taken_for_it(make_sender, make_remote_campaign):
    """One was there before, one was made meanwhile with other people."""
    make_remote_campaign("Hygienist, winter", "Dispatch desk")
    sender = make_sender(people=3).begin()
    sender.operator.add_fault("cut", "/campaigns", method="POST")
    sender.work(1)
    make_remote_campaign("Hygienist, winter", "Dispatch desk")
    assert sender.work().state == "sent"
    assert sender.is_complete(3) and len(sender.campaigns()) == 3


def test_several_that_it_may_be_stop_it(make_sender):
    sender = make_sender(people=2).begin()
    sender.operator.add_fault("lost", "/campaigns", method="POST")
    sender.work(1)
    state = sender.operator.sandbox.state
    body = {"name": "Hygienist, winter", "agent_id": sender.operator.assistant.assistant.remote_id}
    with inprocess.client(sender.operator.sandbox, "sandbox-agency") as vendor:
        vendor.post("/campaigns", json=body)
    stopped = sender.work()
    assert stopped.state == "stopped" and "now lists 2 new ones like it" in stopped.reason
    assert sender.states() == {"unknown": 2} and len(state.campaigns) >= 2


def test_a_person_stops_it_and_goes_on(make_sender, operator):
    sender = make_sender(people=6, bulk_limit=2).begin()
    sender.work(1)
    begin.stop(sender.draft, operator.user)
    before = sender.states()
    sender.work(5)
    assert sender.states() == before and sender.reload().reason == "Stopped by Ines Vale."
    with pytest.raises(begin.SendingRefused):
        begin.stop(sender.draft, operator.user)
    begin.resume(sender.draft, operator.user)
    with pytest.raises(begin.SendingRefused):
        begin.begin(sender.draft, operator.user)
    assert sender.work().state == "sent" and sender.is_complete(6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": " "}, readiness.NO_NAME),
        ({"starts": "17:00", "ends": "09:00"}, readiness.NOT_IN_ORDER),
        ({"timezone": ""}, readiness.NO_HOURS),
        ({"assistant_dedication": None}, readiness.NO_ASSISTANT),
        ({"first_day": "2031-12-01", "last_day": "2031-11-30"}, readiness.DAYS_REVERSED),
        ({"last_day": "2020-11-30"}, readiness.ALL_OVER),
        ({"weekdays": []}, readiness.NO_WEEKDAY),
        ({"holiday_country": ""}, readiness.NO_COUNTRY),
        ({"template": "Hi {{nmae}}"}, "The file has no column for {{nmae}}."),
        ({"template": "Hi {{name"}, template_check.BROKEN),
    ],
)
def test_a_press_that_knows_no_review_is_refused_with_what_the_review_says(
    make_sender, manager_page, new_requests, change, words
):
    sender = make_sender(**change)
    address = f"/c/harbor/campaigns/drafts/{sender.draft.pk}/"
    new_requests()
    refused = manager_page.post(f"{address}send/", {"version": "1"}, follow=True)
    assert str(refused.redirect_chain[-1][0]).endswith("/review/")
    page = refused.content.decode()
    assert page.count(escape(words)) >= 2, "as a message, and in the list"
    assert "sending/" not in page and sender.reload().state == "draft"
    assert due.due() == [] and new_requests() == []


def test_the_people_of_a_file_that_is_still_read_are_waited_for(make_sender, new_requests):
    sender = make_sender()
    with scope.for_system("another file is given"):
        CampaignFile.objects.filter(draft=sender.draft).update(read_at=None)
    new_requests()
    with pytest.raises(begin.SendingRefused, match="still being read"):
        sender.begin()
    assert sender.reload().state == "draft" and new_requests() == []


def test_nobody_to_send_is_no_campaign(make_sender):
    with pytest.raises(begin.SendingRefused, match=readiness.NOBODY):
        make_sender(people=0).begin()


def block(sender, *lines):
    """They ask not to be called any more."""
    numbers = [number_of(line) for line in lines]
    with scope.for_tenant(sender.operator.tenant):
        source = DoNotCallEntry.Source.BY_HAND
        entries.add(sender.operator.tenant, numbers, source=source, by=sender.operator.user)


@pytest.mark.parametrize("limit", [500, 0])
def test_no_campaign_is_made_where_the_rules_leave_everybody_out_meanwhile(make_sender, limit):
    sender = make_sender(people=2, bulk_limit=limit).begin()
    block(sender, 2, 3)
    stopped = sender.work()
    assert stopped.state == "stopped" and "leave out everybody who was to be sent" in stopped.reason
    assert sender.campaigns() == [] and sender.states() == {"left-out": 2} and stopped.asked_at is None


def hide(patch, name, *, everything=False):
    """An entry of one of VoiceDock's lists cannot be read, or none of them can."""
    real = getattr(voicedock.Client, name)

    def read(client, *ids):
        found = real(client, *ids)
        if everything:
            raise voicedock.Malformed("a list of tomorrow")
        found.unreadable.append(voicedock.Unreadable("x", "an entry of tomorrow"))
        return found

    patch.setattr(voicedock.Client, name, read)


def test_a_campaign_without_an_answer_is_not_looked_for_without_end_in_a_list_that_cannot_be_read(
    make_sender, monkeypatch
):
    sender = make_sender(people=2).begin()
    sender.operator.add_fault("cut", "/campaigns", method="POST")
    sender.work(1)
    with monkeypatch.context() as odd:
        hide(odd, "campaigns")
        stopped = sender.work()
    assert stopped.state == "stopped" and "cannot be read, so it is not known whether it was made" in stopped.reason
    assert sender.campaigns() == [] and sender.states() == {"unknown": 2}
    begin.resume(stopped, sender.operator.user)
    assert sender.work().state == "sent" and sender.is_complete(2) and len(sender.campaigns()) == 1


@pytest.mark.parametrize("everything", [False, True])
def test_people_without_an_answer_are_not_looked_up_without_end_in_a_list_that_cannot_be_read(
    make_sender, monkeypatch, everything
):
    sender = make_sender(people=5, bulk_limit=1).begin()
    sender.work(1)
    sender.operator.add_fault("cut", "/campaigns/*/leads", method="POST")
    sender.work(1)
    with monkeypatch.context() as odd:
        hide(odd, "leads", everything=everything)
        stopped = sender.work()
    assert stopped.state == "stopped" and "did not answer for 1 person" in stopped.reason
    assert sender.states() == {"sent": 4, "unknown": 1}, "all others are sent"
    begin.resume(stopped, sender.operator.user)
    assert sender.work().state == "sent" and sender.is_complete(5)


def test_a_suspended_client_sends_nothing_more(make_sender, operator):
    sender = make_sender(people=6, bulk_limit=2).begin()
    sender.work(1)
    with scope.for_system("suspend"):
        Tenant.objects.filter(pk=operator.tenant.pk).update(status=Tenant.Status.SUSPENDED)
    stopped = sender.work()
    assert stopped.state == "stopped" and "suspended" in stopped.reason


def test_people_whom_voicedock_did_not_take_with_the_creation_are_sent_again(make_sender):
    sender = make_sender(people=4).begin()
    sender.work(1)
    leads = sender.operator.sandbox.state.leads[sender.reload().remote_id]
    del leads[0]
    assert sender.work().state == "sent" and sender.is_complete(4) and sender.reload().reason == ""


def test_differences_are_shown_at_the_end(make_sender):
    sender = make_sender(people=4, bulk_limit=1).begin()
    sender.work(1)
    for _ in range(4):
        sender.let_pass(1)
        run.run(sender.draft.pk)
        if sender.states().get("sent") == 4:
            break
    leads = sender.operator.sandbox.state.leads[sender.reload().remote_id]
    del leads[2]
    leads.append(leads[0])
    sent = sender.work()
    assert sent.state == "sent" and sent.counted == 4
    assert "does not have line 4 of the file" in sent.reason and "has line 2 of the file more than once" in sent.reason


class Killed(BaseException):
    """The worker is gone in this moment."""


class Deaths:
    """Dies once at the step `at`: when a transaction begins, before a request leaves, or after it was answered."""

    def __init__(self, monkeypatch):
        self.at = self.step = self.count = 0
        handle, opened = inprocess.Transport.handle_request, scope.for_tenant

        def request(transport, sent):
            self._pass()
            answer = handle(transport, sent)
            self._pass()
            return answer

        def committed(tenant):
            self._pass()
            return opened(tenant)

        monkeypatch.setattr(inprocess.Transport, "handle_request", request)
        monkeypatch.setattr(scope, "for_tenant", committed)

    def _pass(self):
        self.step += 1
        if self.step == self.at:
            self.count += 1
            raise Killed

    def run(self, at):
        """What is due, by a worker that dies at this step."""
        self.step, self.at = 0, at
        try:
            for pk in due.due():
                run.run(pk)
        except Killed:
            pass
        finally:
            self.at = 0


@pytest.mark.parametrize("seed", range(10))
def test_killed_anywhere_nobody_is_lost_or_sent_twice(make_sender, monkeypatch, seed):
    """Fifty deaths each, while the network fails as well."""
    chance, deaths, rounds = random.Random(seed), Deaths(monkeypatch), 0
    while deaths.count < 50:
        rounds += 1
        people = chance.randint(2, 5)
        sender = make_sender(people=people, bulk_limit=chance.randint(0, 4), name=f"Round {rounds}").begin()
        while deaths.count < 50 and sender.reload().state == "sending":
            if chance.random() < 0.15:
                sender.operator.add_fault(chance.choice(["lost", "cut", "500", "429"]), "/campaigns*", method="POST")
            deaths.run(at=chance.randint(1, 14))
            assert len(sender.campaigns()) <= 1
            sender.let_pass(80)
        sender.operator.sandbox.faults.clear()
        assert sender.work().state == "sent", sender.reload().reason
        assert sender.is_complete(people), f"round {rounds}"
        assert sender.states() == {"sent": people}
    with scope.for_system("look"):
        assert Campaign.objects.filter(name__startswith="Round").count() == rounds


@pytest.fixture
def manager_page(make_member, operator, sign_in):
    return sign_in(make_member(operator.tenant, Role.MANAGER))


def words(page) -> str:
    return " ".join(page.content.decode().split())


def test_its_page_shows_how_far_it_is_and_stops_it(make_sender, operator, manager_page):
    sender = make_sender(people=9, bulk_limit=3)
    address = f"/c/harbor/campaigns/drafts/{sender.draft.pk}/"
    assert manager_page.post(f"{address}send/", {"version": "9"}, follow=True).status_code == 200
    assert sender.reload().state == "draft", "somebody else changed it"
    assert manager_page.post(f"{address}send/", {"version": "1"}).status_code == 303
    sender.work(1)
    operator.add_fault("lost", "/campaigns/*/leads", method="POST")
    sender.work(1)
    with scope.for_system("a row of the file that was not read"):
        DraftLead.objects.create(tenant=operator.tenant, draft=sender.draft, line=1, state="not-read")
    page = words(manager_page.get(f"{address}sending/"))
    assert "3 of 9 people are with VoiceDock" in page and "with the first 3 people at once" in page
    assert "Line 5, " in page and "Person 5" in page and "before sending again, next at" in page
    assert "<b>1 of 10</b>" in page
    assert manager_page.post(f"{address}stop/").status_code == 303
    page = words(manager_page.get(f"{address}sending/"))
    assert "Go on sending" in page and "next at" not in page, "nothing is looked up before somebody goes on"
    assert manager_page.post(f"{address}resume/").status_code == 303
    sender.work()
    page = words(manager_page.get(f"{address}sending/"))
    assert "9 of 9 people are with VoiceDock" in page and "Our 9 against VoiceDock’s 9" in page


def test_a_stopped_draft_can_be_deleted_and_what_voicedock_has_of_it_stays(
    make_sender, operator, manager_page, monkeypatch
):
    monkeypatch.setattr(queries, "MOST", 1)
    sender = make_sender(people=6, bulk_limit=2).begin()
    sender.work(1)
    address = f"/c/harbor/campaigns/drafts/{sender.draft.pk}/"
    assert "or was sent, so it stays" in words(manager_page.post(f"{address}delete/", follow=True))
    assert "which is the most" in words(manager_page.post("/c/harbor/campaigns/new/", follow=True))
    begin.stop(sender.draft, operator.user)
    page = words(manager_page.get(f"{address}sending/"))
    assert "Delete it" in page and "stays there, with those who were sent" in page
    assert manager_page.post("/c/harbor/campaigns/new/").status_code == 303, "a stopped one does not count"
    with scope.for_system("look"):
        assert CampaignDraft.objects.count() == 2
    answer = manager_page.post(f"{address}delete/", follow=True)
    assert "is deleted here. What VoiceDock has of it stays there." in words(answer)
    with scope.for_system("look"):
        assert not DraftLead.objects.exists() and CampaignDraft.objects.count() == 1
        assert Campaign.objects.filter(name="Hygienist, winter").count() == 1
    assert len(sender.campaigns()) == 1


def test_a_worker_whose_draft_is_stopped_and_deleted_during_its_request_ends(make_sender, operator, monkeypatch):
    sender = make_sender(people=3, bulk_limit=1).begin()
    sender.work(1)
    handle = inprocess.Transport.handle_request

    def deleted(transport, sent):
        answer = handle(transport, sent)
        if sent.method == "POST" and scope.current() == "":
            begin.stop(sender.draft, operator.user)
            with scope.for_system("somebody deletes it"):
                CampaignDraft.objects.filter(pk=sender.draft.pk).delete()
        return answer

    monkeypatch.setattr(inprocess.Transport, "handle_request", deleted)
    for pk in due.due():
        run.run(pk)
    with scope.for_system("look"):
        assert not CampaignDraft.objects.exists() and not DraftLead.objects.exists()


def test_a_viewer_follows_it_and_changes_nothing(make_sender, operator, make_member, sign_in):
    sender = make_sender(people=2).begin()
    viewer = sign_in(make_member(operator.tenant, Role.VIEWER))
    address = f"/c/harbor/campaigns/drafts/{sender.draft.pk}/"
    assert "Stop sending" not in words(viewer.get(f"{address}sending/"))
    assert [viewer.post(f"{address}{verb}/").status_code for verb in ("send", "stop", "resume")] == [403] * 3


def test_the_forecast_is_that_of_the_measured_rate(make_sender):
    sender = make_sender(people=40).begin()
    now = timezone.now()
    with scope.for_system("ten people a minute, for two minutes"):
        CampaignDraft.objects.update(asked_at=now - timedelta(minutes=2), remote_id="made")
        for line in range(2, 22):
            rows = DraftLead.objects.filter(draft=sender.draft, line=line)
            rows.update(state="sent", asked_at=now - timedelta(seconds=6 * (line - 2)))
    draft = sender.reload()
    with scope.for_tenant(draft.tenant_id):
        found = progress.of(draft)
    assert found.rate_in_words == "10 a minute" and found.left_in_words == "about 3\u00a0min left"
    assert (found.sent, found.to_go, found.people) == (20, 20, 40)


def test_its_page_takes_as_many_queries_for_a_hundred_people_as_for_two(make_sender, manager_page):
    def queries(people):
        sender = make_sender(people=people, bulk_limit=1, name=f"{people}").begin()
        with captured_selects() as found:
            assert manager_page.get(f"/c/harbor/campaigns/drafts/{sender.draft.pk}/sending/").status_code == 200
        return len(found)

    manager_page.get("/c/harbor/")
    assert queries(100) <= queries(2) <= 30


def test_what_was_paused_while_its_people_were_sent_does_not_start_by_itself(make_sender):
    sender = make_sender(people=5, starts_itself=True, bulk_limit=2).begin()
    for pk in due.due():
        run.run(pk)
    sent = sender.reload()
    assert sent.campaign is not None and sent.state == "sending"
    sender.operator.sandbox.state.campaigns[sent.remote_id].status = "paused"
    with scope.for_system("a person paused it"):
        Campaign.objects.update(status="paused")
    assert sender.work().state == "sent"
    with scope.for_system("look"):
        assert not CampaignSchedule.objects.get().is_on


def test_a_worker_that_lost_the_draft_does_not_forget_what_another_one_asked(make_sender, monkeypatch):
    sender = make_sender(people=3).begin()
    asked_at = timezone.now()
    real = matching.like

    def taken_over(draft, remotes):
        with scope.for_system("another worker has it, and asks VoiceDock"):
            mine = CampaignDraft.objects.filter(pk=draft.pk)
            mine.update(asked_at=asked_at, try_at=timezone.now() + timedelta(seconds=60))
        return real(draft, remotes)

    monkeypatch.setattr(matching, "like", taken_over)
    for pk in due.due():
        run.run(pk)
    assert sender.reload().asked_at == asked_at and not sender.campaigns() and sender.states() == {"ready": 3}
