"""P3 and P8: whatever asks VoiceDock for a change has committed who asked for it before the request leaves.

Each function that does is killed at each step: nothing is asked twice, nothing stays on its way, nothing is untraced.
"""

from __future__ import annotations

import ast
import copy
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as database
from django.db.models import F
from django.utils import timezone

from dashboard.calls.control import commands
from dashboard.calls.models import Call, Receipt
from dashboard.calls.placing import intents
from dashboard.campaigns import control as campaigns
from dashboard.campaigns import forbidden_people, pauses
from dashboard.campaigns import sync as campaign_sync
from dashboard.campaigns.models import Campaign, PauseCause
from dashboard.campaigns.sending import begin, due, run
from dashboard.connections import connect, organizations, vendor_requests, webhook_secrets
from dashboard.connections import tasks as inventory_tasks
from dashboard.connections.models import OrganizationRequest, VendorRequest
from dashboard.contact_rules import entries
from dashboard.live_updates import publish
from dashboard.rate_limits import limiter
from dashboard.sandbox import inprocess
from dashboard.sync import runs
from dashboard.voicedock.exchange import Exchange
from tenants import audit
from tenants.isolation import scope
from tenants.models import Assistant, AuditEntry, ConnectionSecret
from tests.fixtures.draft_factories import make_draft
from tests.fixtures.operator import PERSON

ROOT = Path(__file__).resolve().parents[2]
FIRST = uuid.UUID(int=1)
PERSON_ON_IT = "+31612340077"


class Killed(BaseException):
    """The process is gone in this moment."""


def place(operator):
    return intents.place(
        operator.tenant,
        destination=PERSON,
        token=FIRST,
        by=operator.user,
        number=operator.number.pk,
        assistant=operator.assistant.pk,
    )


def command(kind, **more):
    def run(operator):
        call = operator.calls()[0]
        return commands.send(call, {"type": kind, **more}, by=operator.user, token=FIRST)

    return run


def campaign(step, **more):
    def run(operator):
        with scope.for_system("the campaign"):
            found = Campaign.objects.select_related("connection").get()
        return step(found, **({"by": operator.user} | more))

    return run


def remove_person(operator):
    with scope.for_system("a person asked not to be called"):
        entries.add(operator.tenant, [PERSON_ON_IT], source=entries.Source.BY_HAND, by=None)
    return forbidden_people.run()


@dataclass(frozen=True)
class Action:
    """`asked` is the audit entry that must be committed first; `state` what the campaign is before.

    `repeats`: setting the same value again is how a killed one is finished.
    """

    run: Callable[[Any], Any]
    asked: str
    function: str
    state: str = ""
    by_person: bool = True
    repeats: bool = False


def send_draft(operator):
    for draft_id in due.due():
        run.run(draft_id)


ACTIONS = {
    "place": Action(place, "call.asked", "dashboard/calls/placing/sending.py:_post"),
    "say": Action(command("say", content="Hi."), "call.command-asked", "dashboard/calls/control/commands.py:send"),
    "end-call": Action(command("end-call"), "call.command-asked", "dashboard/calls/control/commands.py:send"),
    "transfer": Action(
        command("transfer", destination="+31612340099"),
        "call.command-asked",
        "dashboard/calls/control/commands.py:send",
    ),
    "start": Action(campaign(campaigns.start), "campaign.start-asked", "dashboard/campaigns/control.py:_ask", "draft"),
    "resume": Action(
        campaign(campaigns.resume), "campaign.resume-asked", "dashboard/campaigns/control.py:_ask", "paused"
    ),
    "pause": Action(
        campaign(campaigns.pause), "campaign.pause-asked", "dashboard/campaigns/control.py:_ask", "scheduled"
    ),
    "cancel": Action(
        campaign(campaigns.cancel), "campaign.cancel-asked", "dashboard/campaigns/control.py:_ask", "scheduled"
    ),
    "pause for an alarm": Action(
        campaign(lambda found, by: pauses.require(found, PauseCause.ALARM) and campaigns.ask_to_pause(found)),
        "campaign.pause-asked",
        "dashboard/campaigns/control.py:_ask",
        "scheduled",
        by_person=False,
    ),
    "make a campaign": Action(send_draft, "campaign.sending-begun", "dashboard/campaigns/sending/creation.py:_ask"),
    "send a person": Action(send_draft, "campaign.sending-begun", "dashboard/campaigns/sending/people.py:_send"),
    "take a person off": Action(
        lambda here: remove_person(here),
        "campaign.person-forbidden",
        "dashboard/campaigns/forbidden_people.py:_remove",
        "scheduled",
        by_person=False,
        repeats=True,
    ),
    "organization": Action(
        lambda here: organizations.create(here.connection, "New one", by=here.user),
        "organization.asked",
        "dashboard/connections/organizations.py:create",
    ),
    "hook up": Action(
        lambda here: connect.set_up_webhooks(here.connection, by=here.user),
        "connection.webhooks-asked",
        "dashboard/connections/connect.py:_update_assistants",
    ),
    "rotate": Action(
        lambda here: webhook_secrets.rotate(here.connection, by=here.user),
        "connection.secret-changed",
        "dashboard/connections/connect.py:_update_assistants",
        repeats=True,
    ),
}


@pytest.mark.smoke
def test_every_function_that_asks_for_a_change_is_killed_here():
    """A new method of the client that changes something, or a new use of one, has to be held to this."""
    client = ast.parse((ROOT / "dashboard/voicedock/client.py").read_text())
    changing = {
        method.name
        for method in ast.walk(client)
        if isinstance(method, ast.FunctionDef)
        for node in ast.walk(method)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "self._ask"
        and ast.unparse(node.args[0]) in ("'POST'", "'PATCH'", "'PUT'", "'DELETE'")
    }
    assert {"place_call", "control_call", "update_campaign", "update_assistant", "create_organization"} <= changing
    using = set()
    for path in ROOT.glob("dashboard/**/*.py"):
        place = str(path.relative_to(ROOT))
        if place.startswith(("dashboard/voicedock/", "dashboard/sandbox/")):
            continue
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                called = {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}
                using |= {f"{place}:{function.name}"} if called & changing else set()
    assert using == {action.function for action in ACTIONS.values()}


@dataclass
class Steps:
    """Counts the steps of what runs, and dies at one of them. Sees what reaches VoiceDock."""

    asked: str
    actor: int | None
    dies_at: int = -1
    count: int = 0
    reached: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def step(self, name: str) -> None:
        self.count += 1
        self.names.append(name)
        if self.count == self.dies_at:
            raise Killed(name)

    def around(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            self.step(f"before {name}")
            result = real(*args, **kwargs)
            self.step(f"after {name}")
            return result

        return run

    def request(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def handle(transport: Any, request: Any) -> Any:
            if request.method == "GET":
                return real(transport, request)
            self.step("the request leaves")
            assert database.in_atomic_block is False or all(block._from_testcase for block in database.atomic_blocks)
            with scope.for_system("is it written down?"):
                entries = AuditEntry.objects.filter(action=self.asked, actor_id=self.actor)
                assert entries.exists(), f"{request.method} {request.url.path} left before {self.asked} was committed"
            answer = real(transport, request)
            self.reached.append(f"{request.method} {request.url.path} {request.content.decode()}")
            self.step("it was answered")
            return answer

        return handle


WATCHED = [
    (audit, "record"),
    (publish, "row_changed"),
    (runs, "mark_due"),
    (limiter._RequestBudget, "take"),
    (limiter._RequestBudget, "record_outcome"),
    (Exchange, "_read"),
    (campaign_sync, "store_campaigns"),
    (vendor_requests, "begin"),
    (vendor_requests, "settle"),
]


def watch(monkeypatch, steps):
    for owner, name in WATCHED:
        monkeypatch.setattr(owner, name, steps.around(f"{owner.__name__}.{name}", getattr(owner, name)))
    real = inprocess.Transport.handle_request
    monkeypatch.setattr(inprocess.Transport, "handle_request", steps.request(real))


def prepare(operator, name):
    if name in ("say", "end-call", "transfer"):
        operator.place_answered()
    if ACTIONS[name].state:
        _campaign(operator, ACTIONS[name].state)
    if name in ("make a campaign", "send a person"):
        draft = make_draft(operator.tenant, operator.assistant, operator.user, people=1, bulk_limit=0)
        begin.begin(draft, operator.user)
    if name == "send a person":
        send_draft(operator)
    if name in ("hook up", "rotate"):  # two assistants are enough
        with scope.for_system("assistants that are gone"):
            kept = Assistant.objects.order_by("pk").values_list("pk", flat=True)[:2]
            Assistant.objects.exclude(pk__in=list(kept)).update(vanished_at=timezone.now())
    if name == "rotate":
        connect.set_up_webhooks(operator.connection, by=None)


def _campaign(operator, state):
    with inprocess.client(operator.sandbox, "sandbox-agency") as vendor:
        body = {
            "name": "Slots",
            "agent_id": operator.assistant.assistant.remote_id,
            "schedule_start_time": "00:00",
            "schedule_end_time": "23:59",
            "timezone": "Europe/Amsterdam",
            "leads": [{"phone_number": PERSON_ON_IT, "variables": {}}],
        }
        made = vendor.post("/campaigns", json=body).json()
        made = made.get("campaign", made)
        for step in {"draft": [], "scheduled": ["scheduled"], "paused": ["scheduled", "paused"]}[state]:
            vendor.patch(f"/campaigns/{made['id']}", json={"status": step})
    campaign_sync.campaigns(operator.connection)
    with scope.for_system("its people"):
        found = Campaign.objects.select_related("connection").get()
    campaign_sync.leads(found)


def recover(operator):
    """Minutes pass, and the workers do what is due."""
    with scope.for_system("let time pass"):
        past = timedelta(minutes=5)
        VendorRequest.objects.update(asked_at=F("asked_at") - past)
        OrganizationRequest.objects.update(asked_at=F("asked_at") - past)
    for _ in range(4 if operator.calls() else 1):
        for call in operator.calls():
            operator.let_pass(call, 40)
        operator.run_due_work()
    inventory_tasks.give_up_lost_requests()
    inventory_tasks.finish_connections()


def left_over():
    with scope.for_system("what is still on its way"):
        return (
            list(Receipt.objects.filter(outcome="waiting"))
            + list(OrganizationRequest.objects.filter(outcome="waiting"))
            + list(VendorRequest.objects.filter(outcome="waiting"))
            + list(Call.objects.filter(state__in=["queued", "sending"]))
        )


@pytest.mark.parametrize("name", ACTIONS)
def test_killed_at_each_step(operator, monkeypatch, name):
    action = ACTIONS[name]
    prepare(operator, name)
    world = copy.deepcopy(operator.sandbox.state.__dict__)
    died = 0
    for dies_at in range(1, 400):
        before = database.savepoint()
        steps = Steps(action.asked, operator.user.pk if action.by_person else None, dies_at)
        with monkeypatch.context() as patch:
            watch(patch, steps)
            try:
                action.run(operator)
            except Killed:
                died += 1
            steps.dies_at = -1
            recover(operator)
        at = f"{name}, killed at {steps.names[dies_at - 1 : dies_at]}"
        assert left_over() == [], at
        assert action.repeats or len({one.split(" ")[1] for one in steps.reached}) == len(steps.reached), at
        assert len(set(steps.reached)) <= 2, f"{at}: {steps.reached}"
        with scope.for_system("is there a trace?"):
            traced = AuditEntry.objects.filter(action=action.asked).exists()
        assert traced or not steps.reached, at
        database.savepoint_rollback(before)
        operator.sandbox.state.__dict__.clear()
        operator.sandbox.state.__dict__.update(copy.deepcopy(world))
        if steps.count < dies_at or not died or died < dies_at:
            break
    assert died >= 8, "it has steps"


def test_knock_out_a_campaign_that_is_asked_before_it_is_written_down_is_seen(operator, monkeypatch):
    monkeypatch.setattr(campaigns.audit, "record", lambda *args, **more: None)
    with pytest.raises(AssertionError, match=r"left before campaign\.start-asked was committed"):
        test_killed_at_each_step(operator, monkeypatch, "start")


def test_a_hook_up_that_died_is_reported_and_the_next_one_goes_on(operator, admin):
    """Each assistant that was told is known, so that its secret is, too."""
    requests = []
    real = limiter._RequestBudget.take

    def dies_after_three(budget):
        if len(requests) == 3:
            raise Killed
        requests.append(budget)
        return real(budget)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limiter._RequestBudget, "take", dies_after_three)
        with pytest.raises(Killed):
            connect.set_up_webhooks(operator.connection, by=admin)
    with scope.for_system("look"):
        assert Assistant.objects.exclude(hooked_at=None).count() == 3
        assert ConnectionSecret.objects.get(connection=operator.connection).webhook_secrets
    recover(operator)
    with scope.for_system("look"):
        actions = list(
            AuditEntry.objects.filter(action__startswith="connection.webhooks")
            .order_by("seq")
            .values_list("action", flat=True)
        )
    assert actions == ["connection.webhooks-asked", "connection.webhooks-given-up"]
    assert connect.set_up_webhooks(operator.connection, by=admin).left == 0
