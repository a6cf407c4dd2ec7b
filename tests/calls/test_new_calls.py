"""Calls of a list that are stored at once: the same rows as one by one, and nobody's call twice."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection as database
from django.db import transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard import voicedock
from dashboard.calls.models import Call, CallReport
from dashboard.calls.updates import apply, matching, new_calls
from dashboard.calls.updates.call_update import CallUpdate
from tenants.isolation import scope
from tests.calls.test_query_plans import many, rows_read  # noqa: F401  # a fixture
from tests.fixtures.call_factories import make_call

PERSON = "+31612345678"
TALK = [{"role": "assistant", "content": "Bloom Dental."}, {"role": "user", "content": "Good morning."}]
OWN = {"id", "seen_at"}  # differ by the moment


def listed(bloom, remote_id, *, ago=3 * 86400, **more):
    began = timezone.now() - timedelta(seconds=ago)
    facts = {
        "id": remote_id,
        "status": "ended",
        "direction": "inbound",
        "caller_phone": PERSON,
        "assistant_phone": bloom.number.e164,
        "number_id": bloom.number.number.remote_id,
        "agent_id": bloom.assistant.assistant.remote_id,
        "agent_name": "Reception",
        "created_at": began.isoformat(),
        "started_at": (began + timedelta(seconds=4)).isoformat(),
        "ended_at": (began + timedelta(seconds=64)).isoformat(),
        "updated_at": (began + timedelta(seconds=70)).isoformat(),
        "duration_seconds": 60,
        "end_reason": "user_hangup",
        "summary": "Asked for the opening hours.",
        "messages": TALK,
    }
    return CallUpdate.of_remote(voicedock.RemoteCall.read(facts | more))


def history(bloom):
    """One of each kind, all of them new."""
    return {
        update.remote_id: update
        for update in (
            listed(bloom, "call-inbound"),
            listed(bloom, "call-outbound", direction="outbound"),
            listed(
                bloom, "call-live", status="in-progress", ended_at=None, duration_seconds=None, messages=None, ago=90
            ),
            listed(bloom, "call-not-answered", started_at=None, summary=None, messages=None, end_reason="no_answer"),
            listed(bloom, "call-of-nobody", number_id="num-x", assistant_phone="+31205550000", agent_id="asst-x"),
            listed(bloom, "call-foreign-line", number_id="num-x", assistant_phone="+31205550000", direction="outbound"),
            listed(bloom, "call-before-the-dedication", ago=400 * 86400),
            listed(bloom, "call-browser", direction="web", number_id=None, assistant_phone=None, caller_phone=None),
            listed(bloom, "call-no-agent", agent_id=None, agent_name=None),
        )
    }


def rows():
    """What is stored, without what is of the moment."""
    with scope.for_system("look"):
        calls = {call["remote_id"]: call for call in Call.objects.defer(None).values()}
        ids = {call["id"]: remote_id for remote_id, call in calls.items()}
        reports = {ids[report["call_id"]]: report for report in CallReport.objects.values()}
    for call in calls.values():
        for name in OWN:
            call.pop(name)
    for report in reports.values():
        report.pop("call_id"), report.pop("updated_at"), report.pop("first_seen_at")
    return calls, reports


def undone(work):
    """What `work` returns, and the rows afterwards; nothing of it stays. A scope begins no transaction in a test's."""
    before = transaction.savepoint()
    found = work(), rows()
    transaction.savepoint_rollback(before)
    return found


def at_once(connection, updates):
    with scope.for_system("store"):
        return new_calls.store(connection, updates)


def one_by_one(connection, updates):
    for update in updates.values():
        apply.apply_update_in_transaction(connection, update)


def test_the_rows_are_those_that_are_stored_one_by_one(bloom):
    updates = history(bloom)
    stored, together = undone(lambda: at_once(bloom.connection, updates))
    _, singly = undone(lambda: one_by_one(bloom.connection, {key: updates[key] for key in stored}))
    assert stored == set(updates)
    assert together == singly
    tenants = {remote_id: call["tenant_id"] for remote_id, call in together[0].items()}
    assert tenants["call-outbound"] == bloom.tenant.pk
    assert tenants["call-before-the-dedication"] is None


@pytest.mark.parametrize(
    "more",
    [
        {"direction": "outbound", "agent_id": None},  # its client depends on its assistant
        {"direction": "outbound", "number_id": "num-x", "assistant_phone": "+31205550000", "ago": 60},  # an alarm
        {"analysis_result": {"do_not_call": True}},
    ],
)
def test_one_that_asks_for_more_is_left(bloom, more):
    updates = {"call-1": listed(bloom, "call-1", **more), "call-2": listed(bloom, "call-2")}
    assert at_once(bloom.connection, updates) == {"call-2"}


@pytest.mark.parametrize(
    "stored",
    [
        {"remote_id": "call-1", "state": "ended"},
        {"remote_id": "", "webhook_call_id": "call-1", "state": "ended"},
        {"remote_id": "", "answered_remote_id": "call-1", "answered_at": timezone.now(), "state": "sending"},
        {"remote_id": "", "state": "unknown"},
        {"remote_id": "", "webhook_call_id": "hook-1", "state": "ended"},
    ],
)
def test_one_that_may_be_stored_already_is_left(bloom, stored):
    make_call(bloom, ago=3 * 86400, **stored)
    updates = {"call-1": listed(bloom, "call-1", direction="outbound")}
    assert at_once(bloom.connection, updates) == set()
    assert at_once(bloom.connection, {"call-2": listed(bloom, "call-2", caller_phone="+31612345679")}) == {"call-2"}


def test_where_the_database_refuses_one_all_are_left_to_be_stored_one_by_one(bloom, monkeypatch):
    """There the refused one fails alone (`tests/sync/test_unreadable_items.py`)."""
    monkeypatch.setattr(matching, "new_call", _with_a_bad_mode(matching.new_call))
    assert at_once(bloom.connection, history(bloom)) == set()
    assert rows() == ({}, {})


def _with_a_bad_mode(original):
    def made(connection, update, *more):
        call = original(connection, update, *more)
        if update.remote_id == "call-live":
            call.mode = "no such mode"
        return call

    return made


def test_a_hundred_cost_as_many_statements_as_ten(bloom):
    counts = []
    for amount in (10, 100):
        updates = {
            update.remote_id: update
            for update in (
                listed(bloom, f"call-{amount}-{nth}", caller_phone=f"+3161234{nth:04}") for nth in range(amount)
            )
        }
        with CaptureQueriesContext(database) as asked:
            assert len(at_once(bloom.connection, updates)) == amount
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 20


def test_looking_for_the_call_of_an_update_reads_no_other_calls(bloom, many):  # noqa: F811
    update = listed(bloom, f"call-{uuid.uuid4().hex}", direction="outbound")
    with scope.for_system("find"):
        calls = Call.objects.filter(connection_id=bloom.connection.pk)
        for known in [*matching._by_id(update), matching._intents(update), matching._known_by_other_id(update)]:
            assert rows_read(calls.filter(known).order_by()[:2]) <= 10
