"""P3, P7: whatever VoiceDock does to a request, no POST is repeated blindly and every outcome has a name."""

from __future__ import annotations

import uuid
from itertools import product
from types import SimpleNamespace

import pytest
import stamina
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard.calls.control import commands
from dashboard.calls.models import CallPreset, Receipt
from dashboard.calls.transient import drafts
from dashboard.campaigns import control as campaigns
from dashboard.campaigns import draft_rules
from dashboard.campaigns.models import Campaign
from dashboard.connections import connect, organizations
from dashboard.connections.models import OrganizationRequest
from dashboard.sandbox import inprocess, schema_drift
from dashboard.sandbox.errors import TITLES
from dashboard.sync import tasks
from dashboard.sync.models import Kind, SyncRun
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import Connection, StaffMember, Tenant
from tests.fixtures.draft_factories import make_draft
from tests.fixtures.factories import TenantSetup
from tests.promises import url_matrix
from tests.promises.scale import EVERY

REFUSALS = tuple(str(status) for status in sorted(TITLES))
FAULTS = (*REFUSALS, "html502", "slow", "hang", "cut", "lost", "truncated", *schema_drift.KINDS)
NAMED = {
    "queued",
    "sending",
    "dialing",
    "ringing",
    "connecting",
    "in-progress",
    "refused",
    "unknown",
    "needs-person",
    "insufficient-credits",
    "of-tomorrow",  # a state nobody documented keeps its own name
}
ACTIONS = ("start", "pause", "cancel")
COMMANDS = {
    "inject-context": {"content": "Order 4417 is confirmed.", "trigger_response": True},
    "say": {"content": "One moment.", "end_after": False},
    "transfer": {"destination": "+31612340099", "message": "One moment."},
    "end-call": {},
}


def part(*lists):
    """The pairs that are tried here."""
    return [pair for nth, pair in enumerate(product(*lists)) if nth % EVERY == 0]


@pytest.fixture(autouse=True)
def repeats_without_waiting():
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.mark.smoke
@pytest.mark.parametrize(("fault", "shape"), [(fault, "ABCD"[nth % 4]) for nth, fault in enumerate(FAULTS)])
def test_placing_under_a_fault(operator, fault, shape):
    operator.add_fault(fault, shape=shape, seconds=60)
    call = operator.place()
    assert call.state in NAMED
    posts = operator.dial_requests()
    assert len(posts) <= (2 if fault == "429" else 1)
    operator.let_pass(call, 120)
    operator.run_due_work()
    operator.read_calls()
    effects = [one for one in operator.dial_requests() if one["status"] in (200, 201) or one["fault"] == "lost"]
    assert len(effects) <= 1, "two phones would have rung"
    assert operator.reload(call).state in NAMED


@pytest.mark.parametrize(("fault", "command"), part(FAULTS, COMMANDS))
def test_a_command_under_a_fault(operator, fault, command):
    call = operator.place_answered()
    operator.add_fault(fault, "/calls/*/control", seconds=60)
    receipt = commands.send(call, {"type": command, **COMMANDS[command]}, by=None, token=uuid.uuid4())
    assert receipt.outcome in (Receipt.Outcome.ACCEPTED, Receipt.Outcome.REFUSED, Receipt.Outcome.UNKNOWN)
    assert receipt.note or receipt.outcome == Receipt.Outcome.ACCEPTED
    assert len(operator.command_requests()) == 1


@pytest.mark.parametrize(("fault", "action"), part(FAULTS, ACTIONS))
def test_a_campaign_action_under_a_fault(operator, new_requests, fault, action):
    campaign = a_campaign(operator)
    if action not in campaigns.offered(campaign):
        assert campaigns.start(campaign, by=None).outcome == "accepted"
        with scope.for_system("look"):
            campaign.refresh_from_db()
    operator.add_fault(fault, "/campaigns/*", seconds=60)
    new_requests()
    answer = getattr(campaigns, action)(campaign, by=None)
    assert answer.outcome in ("accepted", "refused", "unknown") and answer.message
    assert [one.split()[0] for one in new_requests()] == ["PATCH"]
    done = operator.sandbox.state.campaigns[campaign.remote_id].status == getattr(campaigns, action.upper()).status
    assert done or answer.outcome != "accepted", "told as done, and it is not"
    assert answer.outcome != "refused" or not done, "told as refused, and it was done"
    operator.control_sandbox("clock", advance=1)
    tasks.run_due(operator.connection.pk, Kind.CAMPAIGNS.value)
    with scope.for_system("look"):
        assert Campaign.objects.get().status == operator.sandbox.state.campaigns[campaign.remote_id].status


@pytest.mark.parametrize(("fault", "shape"), [(fault, "ABCD"[nth % 4]) for nth, fault in enumerate(FAULTS)])
def test_an_organization_asked_for_under_a_fault(operator, new_requests, fault, shape):
    operator.add_fault(fault, "/organizations", shape=shape, seconds=60)
    new_requests()
    request = organizations.create(operator.connection, "Dentist North", by=None)
    Outcome = OrganizationRequest.Outcome
    assert request.outcome in (Outcome.CREATED, Outcome.REFUSED, Outcome.UNKNOWN)
    assert request.note or request.outcome == Outcome.CREATED
    there = [one.name for one in operator.sandbox.state.organizations.values()].count("Dentist North")
    assert not (there and request.outcome == Outcome.REFUSED), "told as refused, and it was created"
    for _ in range(3):
        organizations.resume()
        tasks.run_due(operator.connection.pk, Kind.ORGANIZATION.value)
    assert new_requests().count("POST /organizations") == 1
    with scope.for_system("look"):
        assert request.outcome != Outcome.UNKNOWN or organizations.unanswered(operator.connection)


@pytest.mark.parametrize("fault", FAULTS)
def test_telling_assistants_where_to_report_under_a_fault(operator, new_requests, fault):
    """What was not told is told at the next go; what VoiceDock has is what is written down here."""
    operator.add_fault(fault, "/assistants/*", seconds=60)
    new_requests()
    first = connect.set_up_webhooks(operator.connection, by=None)
    sent = new_requests()
    assert all(one.startswith("PATCH ") for one in sent) and len(set(sent)) == len(sent)
    with scope.for_system("look"):
        Connection.objects.update(resting_until=None)  # as if the time that VoiceDock asked for had passed
    again = connect.set_up_webhooks(operator.connection, by=None)
    assert again.left == 0 and again.ours >= first.ours
    address = connect.webhook_url(operator.connection)
    mine = [
        one for one in operator.sandbox.state.assistants.values() if one.org_id == operator.connection.organization_id
    ]
    assert {one.settings["webhook_url"] for one in mine} == {address}


@pytest.mark.parametrize(("fault", "kind"), part(FAULTS, Kind))
def test_a_look_under_a_fault_is_in_the_book_and_repeated_at_most_twice(operator, new_requests, fault, kind):
    operator.add_fault(fault, "*", times=0, seconds=60)
    new_requests()
    tasks.run_due(operator.connection.pk, kind.value)
    made = new_requests()
    assert all(one.startswith("GET ") for one in made)
    assert not made or max(made.count(one) for one in made) <= 9
    with scope.for_system("look"):
        run = SyncRun.objects.filter(connection=operator.connection, kind=kind).first()
        assert run is None or run.outcome != SyncRun.Outcome.RUNNING
        assert run is None or run.outcome != SyncRun.Outcome.FAILED or run.error


NOT_PAGES = {  # and why
    **dict.fromkeys(("sandbox", "sandbox-mails"), "the demo's alone, they speak to its controls"),
    "call-recording": "fetched when somebody plays it",
    "client-choices": "a part of other pages",
    **dict.fromkeys(("live-end", "staff-live-end"), "leads back to the board where no call is selected"),
    "campaign-draft-refused": "a file, where the draft has one",
    "campaign-draft-sending": "leads to the draft while nothing of it is sent",
}
PAGES = [
    endpoint
    for endpoint in url_matrix.every()
    if (endpoint.permission or endpoint.name == "help")
    and "GET" in endpoint.row.methods
    and endpoint.name not in NOT_PAGES
]


@pytest.mark.parametrize("fault", ["hang", "cut", "503"])
def test_every_page_asks_nothing_and_costs_the_same_while_voicedock_is_down(
    operator,
    new_requests,
    sign_in,
    make_member,
    admin,
    fault,
    monkeypatch,
):
    """Times cannot be asserted, so what they are made of is: what `manage.py bench` measures beside each other."""
    monkeypatch.setattr(draft_rules, "FRESH_FOR", 3600)  # seconds: however slow this is, no page checks people anew
    call, campaign = operator.place_answered(), a_campaign(operator)
    setup = TenantSetup(operator.tenant, operator.connection, operator.number, operator.assistant)
    owner, staff = sign_in(make_member(setup, Role.OWNER, places_transient_calls=True)), sign_in(admin)
    with scope.for_tenant(operator.tenant):
        Tenant.objects.filter(pk=operator.tenant.pk).update(transient_calls=True)
        spoken = {"tenant": operator.tenant, "assistant_dedication": operator.assistant, "position": 1}
        preset = CallPreset.objects.create(key="reminder", name="Reminder", **spoken)
        described = {"llm_config": {"provider": "xai_realtime", "model": "grok-voice-think-fast-2.0"}}
        draft, _ = drafts.save(operator.tenant, None, name="Once", configuration=described, made_from=0, by=None)
    things = SimpleNamespace(
        ids={
            "slug": operator.tenant.slug,
            "call": call.pk,
            "campaign": campaign.pk,
            "preset": preset.pk,
            "draft": draft.pk,
            "campaign_draft": make_draft(operator.tenant, operator.assistant, operator.user).pk,
            "connection": operator.connection.pk,
            "colleague": StaffMember.objects.get(user=admin).pk,
        }
    )
    pages = [(owner if endpoint.of_client else staff, endpoint.address(things, things)) for endpoint in PAGES]

    def costs() -> dict[str, int]:
        counted = {}
        for browser, page in pages:
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(page).status_code == 200, page
            counted[page] = len(queries)
        return counted

    costs()
    well = costs()
    operator.add_fault(fault, "*", times=0, seconds=60)
    for kind in Kind:
        tasks.run_due(operator.connection.pk, kind.value)  # so that its trouble is known, and told
    costs()
    new_requests()
    down = costs()
    assert new_requests() == []
    assert {page: count for page, count in down.items() if count > well[page]} == {}
    assert len(pages) > 25


def a_campaign(operator):
    with inprocess.client(operator.sandbox, "sandbox-agency") as vendor:
        day = {"schedule_start_time": "09:00:00", "schedule_end_time": "17:00:00", "timezone": "Europe/Amsterdam"}
        body = {"name": "Recall", "agent_id": operator.assistant.assistant.remote_id} | day
        assert vendor.post("/campaigns", json=body).status_code == 201
    tasks.run_due(operator.connection.pk, Kind.CAMPAIGNS.value)
    with scope.for_system("look"):
        return Campaign.objects.get()
