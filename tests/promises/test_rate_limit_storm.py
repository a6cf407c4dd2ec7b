"""P3, P7, P8: minutes in which VoiceDock answers 429, seen from its own log; then everything recovers by itself.

The real tasks run through it on the fake clock: the looks, campaigns, the watch on live calls, commands, placing.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db.models import Sum

from dashboard.calls.control import commands as control
from dashboard.calls.models import Alarm, Call, Receipt
from dashboard.calls.placing import sending
from dashboard.campaigns import control as campaign_control
from dashboard.campaigns.models import Campaign, Lead
from dashboard.rate_limits import limiter
from dashboard.sandbox import inprocess
from dashboard.sync import freshness, registry
from dashboard.sync.models import SyncRun
from tenants import dedications
from tenants.isolation import scope
from tenants.models import Connection
from tests.fixtures.fake_clock import FakeClock
from tests.promises import scale

STORM = 240.0 if scale.WHOLE else 120.0  # seconds
LINE = "+31105550161"
LIVE = {"dialing", "ringing", "connecting", "in-progress"}
NAMED = LIVE | {"queued", "refused", "ended"}  # nothing is uncertain: a 429 is always before the change (§1.4)
WATCHED = [one.kind for one in registry.kinds() if one.kind != "inventory"]  # looked at every minute or oftener
ELSEWHERE = "/api/v1/voices"  # asked by the other user of the key, and never by Patchbay


class Storm:
    """What people do through it, and what VoiceDock's log says of it."""

    def __init__(self, operator, fake_clock: FakeClock, says: float | None) -> None:
        self.operator, self.fake_clock, self.says = operator, fake_clock, says
        self.asked: list[Call] = []
        self.receipts: list[Receipt] = []
        self.answers: list[campaign_control.ActionResult] = []
        self.elsewhere = inprocess.client(operator.sandbox, "sandbox-agency")

    def begin(self) -> None:
        """Three are on the phone, a campaign calls its list, and one answer has just been lost; all known here."""
        control = self.operator.control_sandbox
        control("options", outcome="conversation", campaigns_dial=True, campaign_call_limit=2)
        with scope.for_tenant(self.operator.tenant):
            dedications.Tenant.objects.filter(pk=self.operator.tenant.pk).update(max_concurrent_calls=200)
        with inprocess.client(self.operator.sandbox, "sandbox-agency") as other:
            leads = [{"phone_number": f"+316123500{nth:02}"} for nth in range(30)]
            day = {"schedule_start_time": "00:00:00", "schedule_end_time": "23:59:59", "timezone": "UTC"}
            body = {"name": "Recall", "agent_id": self.operator.assistant.assistant.remote_id, "leads": leads} | day
            made = other.post("/campaigns", json=body).json()["campaign"]["id"]
            other.patch(f"/campaigns/{made}", json={"status": "scheduled"})
        for nth in range(3):
            control("calls/inbound", number=LINE, seconds=1800, outcome="conversation", **{"from": f"+3161234999{nth}"})
        self.fake_clock.steps(60)
        with scope.for_system("look"):
            self.campaign = Campaign.objects.get(remote_id=made)
            calls = Call.objects.filter(counterpart__startswith="+3161234999").select_related("tenant", "connection")
            self.talking = list(calls.order_by("counterpart"))
            assert Lead.objects.filter(campaign=self.campaign).count() == 30
        assert [call.state for call in self.talking] == ["in-progress"] * 3
        self.operator.add_fault("lost")
        self.lost = self.operator.place("+31612369999")
        assert self.lost.state == "unknown"

    def people(self, passed: float) -> None:
        """Somebody calls every ten seconds, somebody steers every fourteen; once a campaign is paused, a call ended."""
        if passed % 10 == 0:
            self.asked.append(self.operator.place(f"+3161236{int(passed):04}"))
        if passed % 14 == 0:
            self.command(self.talking[0], type="inject-context", content=f"Fact {passed}", trigger_response=False)
        if passed == 60:
            self.answers.append(campaign_control.pause(self.campaign, by=self.operator.user))
            self.command(self.talking[1], type="end-call")
        if passed == 90:  # somebody hangs up, and nobody can see it now
            self.operator.control_sandbox("hang-up", number=self.talking[2].counterpart)
        self.look_at_all()

    def command(self, call: Call, **command: Any) -> None:
        self.receipts.append(control.send(call, command, by=self.operator.user, token=uuid.uuid4()))

    def look_at_all(self) -> None:
        """Whatever is going on has a name, and whatever waits says that nothing was dialed."""
        for call in self.operator.calls():
            assert call.state in NAMED or (call.pk, call.state) == (self.lost.pk, "unknown"), call.state
            if call.state in ("queued", "refused"):
                assert sending.NOTHING_DIALED in call.error or "could not be sent" in call.error

    def log(self) -> list[dict[str, Any]]:
        """What Patchbay asked."""
        return [one for one in self.operator.sandbox.log.since() if one["path"] != ELSEWHERE]

    def asked_to_wait(self, entry: dict[str, Any]) -> float:
        """Seconds, as VoiceDock said."""
        return self.says or json.loads(entry["answer"])["retry_after"]

    def refusals(self) -> list[dict[str, Any]]:
        return [one for one in self.log() if one["status"] == 429]

    def dials(self) -> dict[str, list[dict[str, Any]]]:
        """Requests to dial, by the intent they are for."""
        found: dict[str, list[dict[str, Any]]] = {}
        for one in self.log():
            if one["path"].endswith("/calls/outbound"):
                found.setdefault(one["body"]["assistant_override"]["metadata"]["our_ref"], []).append(one)
        return found

    def machines_wait_as_required(self) -> None:
        """Looks are GETs: none while a Retry-After runs, unless it was a command's: that may be its call's own ten."""
        until = 0.0
        for one in self.log():
            assert one["method"] != "GET" or one["arrived"] >= until - 0.001, one
            if one["status"] == 429 and not one["path"].endswith("/control"):
                until = max(until, one["arrived"] + self.asked_to_wait(one))

    def nothing_is_repeated_blindly(self) -> None:
        """An intent is sent again after its Retry-After only, and never once it was taken; commands leave once."""
        for sent in self.dials().values():
            for before, after in pairwise(sent):
                assert before["status"] == 429
                assert after["arrived"] >= before["arrived"] + self.asked_to_wait(before) - 0.001
        commands = [one["body"] for one in self.log() if one["path"].endswith("/control")]
        assert len(commands) <= len(self.receipts)
        assert len({json.dumps(one) for one in commands}) == len(commands)
        assert sum(one["method"] == "PATCH" and "campaigns" in one["path"] for one in self.log()) == len(self.answers)

    def nobody_is_dialed_twice(self) -> None:
        assert all(sum(one["status"] == 201 for one in sent) <= 1 for sent in self.dials().values())
        rung = Counter(call.counterpart_number for call in self.operator.sandbox.state.calls.values())
        assert {person for person, times in rung.items() if person.startswith("+3161236") and times > 1} == set()

    def the_limit_is_kept(self) -> None:
        arrived = [one["arrived"] for one in self.log()]
        assert max(sum(0 <= later - first < 60 for later in arrived) for first in arrived) <= 100

    def all_is_well_again(self) -> None:
        """Without a person: fresh copies, no complaint, every call where VoiceDock has it."""
        fresh = freshness.freshness([self.operator.connection], WATCHED)[self.operator.connection.pk]
        assert not fresh.failing and fresh.age < timedelta(seconds=70)
        with scope.for_system("look"):
            assert Connection.objects.get(pk=self.operator.connection.pk).last_error == ""
        theirs = {one.id: one for one in self.operator.sandbox.state.calls.values() if one.org_id == self.org()}
        ours = {call.remote_id: call.state for call in self.operator.calls() if call.remote_id}
        assert ours.keys() == theirs.keys()
        assert {key for key, one in theirs.items() if one.live} <= {key for key in ours if ours[key] in LIVE}
        seen = self.operator.sandbox.now() - 30.0  # seconds; who hung up since may not have been missed yet
        assert not {key for key in ours if ours[key] in LIVE and (theirs[key].ended_at or seen) < seen}
        assert not [call for call in self.operator.calls() if call.state in ("queued", "unknown")]
        asking = [(call.pk, call.alarm) for call in self.operator.calls() if call.alarm]
        assert asking in ([], [(self.talking[1].pk, Alarm.END_NOT_CONFIRMED)]), "a call that would not end is told"

    def org(self) -> str:
        return self.operator.connection.organization_id


@pytest.fixture
def storm(operator, fake_clock):
    def make(says: float | None) -> Storm:
        made = Storm(operator, fake_clock, says)
        made.begin()
        operator.sandbox.log.clear()
        return made

    return make


def ordered(storm: Storm, seconds: float = STORM) -> None:
    """VoiceDock answers 429 to everything."""
    storm.operator.add_fault("429", "*", times=0, retry_after=int(storm.says or 0))
    storm.fake_clock.steps(seconds, storm.people)
    with inprocess.client(storm.operator.sandbox) as admin_api:
        admin_api.delete("/_sandbox/faults")


def used_up(storm: Storm) -> None:
    """Somebody else with the same key takes all of every minute but fifteen."""

    def each(passed: float) -> None:
        for _ in range(85):
            if storm.elsewhere.get("/voices").headers["X-RateLimit-Remaining"] <= "15":
                break
        storm.people(passed)

    storm.fake_clock.steps(STORM, each)


@pytest.mark.parametrize(("brew", "says"), [(ordered, 20.0), (ordered, 90.0), (used_up, None)])
def test_a_storm_of_429_over_minutes(storm, brew, says):
    here = storm(says)
    brew(here)
    assert here.refusals(), "there was no storm"
    assert all(one.outcome in (Receipt.Outcome.ACCEPTED, Receipt.Outcome.REFUSED) for one in here.receipts)
    assert all(one.note for one in here.receipts if one.outcome == Receipt.Outcome.REFUSED)
    here.fake_clock.steps(100, lambda passed: here.look_at_all())
    here.machines_wait_as_required()
    here.nothing_is_repeated_blindly()
    here.nobody_is_dialed_twice()
    here.the_limit_is_kept()
    here.all_is_well_again()
    later = [here.operator.reload(call) for call in here.asked if call.created_at > here.asked[-6].created_at]
    assert {call.state for call in later} <= LIVE | {"ended"}, "who asked in the last minute is called after all"


@pytest.mark.smoke
def test_knock_out_a_rest_that_is_not_kept_is_seen(storm, monkeypatch):
    here, judge = storm(20.0), limiter.shares.decide
    monkeypatch.setattr(limiter.shares, "decide", lambda *args, **more: judge(*args, **more | {"resting_until": None}))
    ordered(here, 40)
    with pytest.raises(AssertionError):
        here.machines_wait_as_required()


def test_knock_out_a_call_that_does_not_wait_as_long_as_required_is_seen(storm, monkeypatch):
    here, wait = storm(20.0), sending._requeue
    monkeypatch.setattr(sending, "_requeue", lambda call, seconds, words: wait(call, 4.0, words))
    ordered(here, 40)
    with pytest.raises(AssertionError):
        here.nothing_is_repeated_blindly()


def test_minutes_in_which_machines_want_more_than_there_is(storm):
    """VoiceDock never has to refuse, and people wait for nothing."""
    here = storm(None)
    with inprocess.client(here.operator.sandbox, "sandbox-agency") as other:
        assistant = here.operator.assistant.assistant.remote_id
        here.operator.control_sandbox("options", requests_per_minute=1000)
        for nth in range(60):
            day = {"schedule_start_time": "00:00:00", "schedule_end_time": "23:59:59", "timezone": "UTC"}
            body = {"name": f"List {nth}", "agent_id": assistant, "leads": [{"phone_number": "+31612350100"}]} | day
            made = other.post("/campaigns", json=body).json()["campaign"]["id"]
            other.patch(f"/campaigns/{made}", json={"status": "scheduled"})
        here.operator.control_sandbox("options", requests_per_minute=100, campaigns_dial=False)
    here.operator.sandbox.limits.clear()
    here.operator.sandbox.log.clear()

    def each(passed: float) -> None:
        here.people(passed)
        assert all(call.state in LIVE for call in here.asked)
        assert all(one.outcome == Receipt.Outcome.ACCEPTED for one in here.receipts)

    here.fake_clock.steps(STORM, each)
    assert not here.refusals()
    here.the_limit_is_kept()
    here.nobody_is_dialed_twice()
    with scope.for_system("look"):
        waited = SyncRun.objects.filter(outcome=SyncRun.Outcome.WAITED).aggregate(runs=Sum("run_count"))["runs"]
    assert waited and waited > 10, "the machines had enough, so this showed nothing"
