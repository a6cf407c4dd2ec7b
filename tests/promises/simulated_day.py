"""Campaigns, people and calls that change at VoiceDock while a clock jumps, and how long each change stays unseen here.

The syncs are the product's own, run as beat would start them; the sandbox answers in this process, with the limits of
VoiceDock. Nothing waits.
"""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heapify, heapreplace
from math import ceil, sqrt

import httpx

from dashboard.beat_schedule import SCHEDULE
from dashboard.calls.models import Call
from dashboard.campaigns.models import Campaign, Lead
from dashboard.sandbox import inprocess, records
from dashboard.sandbox.app import Sandbox
from dashboard.sync import due, registry, tasks
from dashboard.sync.models import SyncState
from tenants.isolation import scope
from tests.fixtures.fake_clock import FakeClock
from tests.promises import scale

BEAT = SCHEDULE["enqueue due runs"]["schedule"].total_seconds()
PEOPLE = 4  # of each campaign
# Of so large a part of the campaigns, changes a minute; in a short run, enough of both kinds to be seen.
RATES = ((0.01, 1.0), (0.2, 0.02), (1.0, 0.001)) if scale.WHOLE else ((0.2, 2.0), (1.0, 0.05))
HIDDEN = 0.5  # of the changes move no counter: somebody begins to be called
CALL_EVERY, CALL_LASTS = 120.0, 300.0  # seconds: two or three calls are always live, in the hours with calls


class Recorder(httpx.BaseTransport):
    """Passes requests on to the sandbox, and keeps when each was answered, its path and its status."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.inner = inprocess.Transport(sandbox)
        self.asked: list[tuple[float, str, int]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.inner.handle_request(request)
        self.asked.append((time.time(), request.url.path.removeprefix("/api/v1"), answer.status_code))
        return answer

    @property
    def statuses(self) -> Counter[int]:
        return Counter(status for _, _, status in self.asked)

    @property
    def most_in_a_minute(self) -> int:
        times, first, most = [at for at, _, _ in self.asked], 0, 0
        for nth, at in enumerate(times):
            while times[first] <= at - 60:
                first += 1
            most = max(most, nth - first + 1)
        return most


@dataclass
class Delays:
    """Seconds from a change at VoiceDock until our row shows it."""

    found: list[float] = field(default_factory=list)

    @property
    def worst(self) -> float:
        return max(self.found)

    @property
    def mean(self) -> float:
        return sum(self.found) / len(self.found)

    def quantile(self, part: float) -> float:
        return sorted(self.found)[int(part * (len(self.found) - 1))]


@dataclass
class Day:
    """`counters`: of campaigns; `hidden`: of people whose change moved no counter; `calls`: their begin and end."""

    sandbox: Sandbox
    clock: FakeClock
    recorder: Recorder
    agent_id: str
    receive_call: Callable[..., str]
    hours_with_calls: tuple[int, int]
    chance: random.Random = field(default_factory=lambda: random.Random(20261126))
    rates: dict[str, float] = field(default_factory=dict)
    counters: Delays = field(default_factory=Delays)
    leads: Delays = field(default_factory=Delays)
    hidden: Delays = field(default_factory=Delays)
    calls: Delays = field(default_factory=Delays)
    _coming: list[tuple[float, str]] = field(default_factory=list)
    _unseen: dict[str, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    _looked_at: int = 0
    _next_call: float = 0.0
    _began: dict[str, float] = field(default_factory=dict)

    def fill(self, campaigns: int) -> None:
        """So many started campaigns, most of which hardly change."""
        self.sandbox.state.options.campaigns_dial = False
        org_id = self.sandbox.state.assistants[self.agent_id].org_id
        self.sandbox.state.campaigns.clear()
        now = time.time()
        for nth in range(campaigns):
            key, part = f"campaign-{nth}", (nth + 0.5) / campaigns
            hours = {"schedule_start_time": "00:00:00", "schedule_end_time": "23:59:59", "timezone": "Europe/Amsterdam"}
            self.sandbox.state.campaigns[key] = records.Campaign(
                id=key, org_id=org_id, name=f"Campaign {nth}", agent_id=self.agent_id, status="scheduled",
                created_at=now, updated_at=now, **hours,
            )  # fmt: skip
            self.sandbox.state.leads[key] = [
                records.Lead(f"{key}-{person}", key, f"+316{nth:04d}{person:04d}", {}, now) for person in range(PEOPLE)
            ]
            self.rates[key] = next(rate for share, rate in RATES if part < share)

    def begin(self) -> None:
        """From now on things change; what was there before has been read."""
        self.recorder.asked.clear()
        self._looked_at, self._next_call = 0, time.time()
        self._coming = [(time.time() + self._pause(rate), key) for key, rate in self.rates.items()]
        heapify(self._coming)

    def run(self, seconds: float) -> None:
        """As long as that; the clock jumps to the next moment at which beat asks and something may be due."""
        until = time.time() + seconds
        while time.time() < until:
            self.clock.wait(self._until_due())
            self._change()
            for connection, kind in due.due():
                tasks.run_due(connection, kind.value)
            self._look()

    @property
    def requests(self) -> Counter[str]:
        """How many of each kind since `begin`, the leads of all campaigns as one."""
        return Counter("leads" if path.endswith("/leads") else path for _, path, _ in self.recorder.asked)

    @property
    def is_read(self) -> bool:
        """Whether the people of all campaigns are here."""
        with scope.for_system("what is here"):
            read = Campaign.objects.filter(leads_seen_at__isnull=False, vanished_at=None)
            return read.count() == len(self.rates)

    def in_words(self, minutes: float) -> str:
        """The figures in a line."""
        names = ("counters", "leads", "hidden", "calls")
        figures = [
            f"{name}: {len(one.found)}, mean {one.mean:.1f}, p95 {one.quantile(0.95):.1f}, worst {one.worst:.1f} s"
            for name, one in ((name, getattr(self, name)) for name in names)
            if one.found
        ]
        reads = self.requests["leads"] / minutes
        return (
            f"{'; '.join(figures)}; optimum of hidden {self.optimum(reads):.1f} s at {reads:.1f} reads a minute;"
            f" asked {dict(self.requests)}, most in a minute {self.recorder.most_in_a_minute}"
        )

    @property
    def left(self) -> float:
        """Since when the oldest change that was not seen is there, in seconds."""
        unseen = [at for kinds in self._unseen.values() for times in kinds.values() for at in times]
        return time.time() - min(unseen) if unseen else 0.0

    def optimum(self, reads_a_minute: float) -> float:
        """The mean delay of hidden changes if each campaign is read evenly, as often as the square root of its rate."""
        rates = self.rates.values()
        return 60 * sum(map(sqrt, rates)) ** 2 / (2 * reads_a_minute * sum(rates))

    def _until_due(self) -> float:
        """To the next time that beat asks and finds anything: before that, nothing would come of it."""
        busy = {entry.kind: timedelta(seconds=entry.busy_every) for entry in registry.kinds() if entry.busy}
        soonest = [
            min(due_at, fresh_at + busy[kind]) if fresh_at and kind in busy else due_at
            for kind, due_at, fresh_at in SyncState.objects.values_list("kind", "due_at", "fresh_at")
        ]
        seconds = min(soonest).timestamp() - time.time() if soonest else 0.0
        return max(BEAT, ceil(seconds / BEAT) * BEAT)

    def _pause(self, rate: float) -> float:
        return self.chance.expovariate(rate / 60)

    def _change(self) -> None:
        """Everything that has happened at VoiceDock by now, at its own time."""
        now = time.time()
        while self._coming and self._coming[0][0] <= now:
            at, key = self._coming[0]
            heapreplace(self._coming, (at + self._pause(self.rates[key]), key))
            self._change_one(key, at)
        hour = datetime.fromtimestamp(now).hour
        if now >= self._next_call and self.hours_with_calls[0] <= hour < self.hours_with_calls[1]:
            self._next_call = now + CALL_EVERY
            self._began[self.receive_call(seconds=CALL_LASTS)] = now

    def _change_one(self, key: str, at: float) -> None:
        lead = self.chance.choice(self.sandbox.state.leads[key])
        campaign = self.sandbox.state.campaigns[key]
        campaign.version += 1
        if self.chance.random() < HIDDEN:
            lead.attempts, lead.last_attempt_at = lead.attempts + 1, at
            self._unseen[key]["hidden"].append(at)
            return
        lead.status = "failed" if lead.status == "completed" else "completed"
        campaign.updated_at = at
        self._unseen[key]["counters"].append(at)
        self._unseen[key]["leads"].append(at)

    def _look(self) -> None:
        """Compare our rows with what VoiceDock has, where it was asked since the last look."""
        asked = [path for _, path, status in self.recorder.asked[self._looked_at :] if status == 200]
        self._looked_at = len(self.recorder.asked)
        with scope.for_system("what is here"):
            if "/campaigns" in asked:
                self._look_at_counters()
            for path in asked:
                if path.endswith("/leads"):
                    self._look_at_leads(path.split("/")[2])
            if "/calls" in asked and self._began:
                self._look_at_calls()

    def _look_at_counters(self) -> None:
        wanted = [key for key, kinds in self._unseen.items() if kinds["counters"]]
        found = Campaign.objects.filter(remote_id__in=wanted).values_list(
            "remote_id", "completed_leads", "failed_leads"
        )
        for key, completed, failed in found:
            states = Counter(lead.status for lead in self.sandbox.state.leads[key])
            if (completed, failed) == (states["completed"], states["failed"]):
                self._saw(key, "counters", self.counters)

    def _look_at_leads(self, key: str) -> None:
        rows = Lead.objects.filter(campaign__remote_id=key).values_list("remote_id", "status", "attempts")
        there = {(lead.id, lead.status, lead.attempts) for lead in self.sandbox.state.leads[key]}
        if set(rows) == there:
            self._saw(key, "leads", self.leads)
            self._saw(key, "hidden", self.hidden)

    def _saw(self, key: str, kind: str, delays: Delays) -> None:
        delays.found += [time.time() - at for at in self._unseen[key].pop(kind, ())]

    def _look_at_calls(self) -> None:
        """A call is seen when its row has the state that VoiceDock gives it; it ends by itself."""
        now = time.time()
        for remote_id, finished in Call.objects.filter(remote_id__in=self._began).values_list("remote_id", "finished"):
            ended_at = self.sandbox.state.calls[remote_id].ended_at
            if self._began[remote_id] > 0:
                self.calls.found.append(now - self._began[remote_id])
                self._began[remote_id] = -1.0
            if ended_at is not None and finished:
                self.calls.found.append(now - ended_at)
                del self._began[remote_id]
