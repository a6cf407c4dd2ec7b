"""P3, P7: whatever VoiceDock does to a request, no POST is repeated blindly and every outcome has a name."""

from __future__ import annotations

import uuid
from itertools import product

import pytest
import stamina
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard.calls import control
from dashboard.calls.models import Receipt
from dashboard.inventory import tasks
from dashboard.inventory.models import Kind, SyncRun
from dashboard.sandbox import strange
from dashboard.sandbox.errors import TITLES
from tenants import scope
from tenants.roles import Role
from tests.cast import House
from tests.desk import agency, asked, client_of, desk, sandbox  # noqa: F401
from tests.promises.scale import EVERY

REFUSALS = tuple(str(status) for status in sorted(TITLES))
FAULTS = (*REFUSALS, "html502", "slow", "hang", "cut", "lost", "truncated", *strange.KINDS)
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


@pytest.mark.parametrize(("fault", "shape"), [(fault, "AB"[nth % 2]) for nth, fault in enumerate(FAULTS)])
def test_placing_under_a_fault(desk, fault, shape):  # noqa: F811
    desk.fault(fault, shape=shape, seconds=60)
    call = desk.place()
    assert call.state in NAMED
    posts = desk.placed()
    assert len(posts) <= (2 if fault == "429" else 1)
    desk.later(call, 120)
    desk.sweep()
    desk.look()
    effects = [one for one in desk.placed() if one["status"] in (200, 201) or one["fault"] == "lost"]
    assert len(effects) <= 1, "two phones would have rung"
    assert desk.again(call).state in NAMED


@pytest.mark.parametrize(("fault", "command"), part(FAULTS, COMMANDS))
def test_a_command_under_a_fault(desk, fault, command):  # noqa: F811
    call = desk.talking()
    desk.fault(fault, "/calls/*/control", seconds=60)
    receipt = control.send(call, {"type": command, **COMMANDS[command]}, by=None, token=uuid.uuid4())
    assert receipt.outcome in (Receipt.Outcome.ACCEPTED, Receipt.Outcome.REFUSED, Receipt.Outcome.UNKNOWN)
    assert receipt.note or receipt.outcome == Receipt.Outcome.ACCEPTED
    assert len(desk.commands()) == 1


@pytest.mark.parametrize(("fault", "kind"), part(FAULTS, Kind))
def test_a_look_under_a_fault_is_in_the_book_and_repeated_at_most_twice(desk, asked, fault, kind):  # noqa: F811
    desk.fault(fault, "*", times=0, seconds=60)
    asked()
    tasks.look(desk.connection.pk, kind.value)
    made = asked()
    assert all(one.startswith("GET ") for one in made)
    assert not made or max(made.count(one) for one in made) <= 9
    with scope.system("look"):
        run = SyncRun.objects.filter(connection=desk.connection, kind=kind).first()
        assert run is None or run.outcome != SyncRun.Outcome.RUNNING
        assert run is None or run.outcome != SyncRun.Outcome.FAILED or run.error


def test_pages_ask_nothing_and_cost_the_same_while_voicedock_is_down(
    desk,  # noqa: F811
    asked,  # noqa: F811
    sign_in,
    member,
    admin,
):
    house = House(desk.tenant, desk.connection, desk.number, desk.assistant)
    call = desk.talking()
    owner, staff = sign_in(member(house, Role.OWNER)), sign_in(admin)
    slug = desk.tenant.slug
    client_pages = ["", "call/", "live/", "calls/", f"calls/{call.pk}/", "campaigns/", "team/", "activity/"]
    pages = [(owner, f"/c/{slug}/{page}") for page in client_pages] + [
        (staff, page) for page in ("/", "/live/", "/clients/", "/inventory/", "/calls/", "/connections/")
    ]

    def costs() -> list[int]:
        counted = []
        for browser, page in pages:
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(page).status_code == 200, page
            counted.append(len(queries))
        return counted

    costs()
    well = costs()
    desk.fault("cut", "*", times=0)
    asked()
    assert costs() == well
    assert asked() == []
