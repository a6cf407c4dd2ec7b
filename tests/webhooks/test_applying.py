"""Stored webhooks are applied in batches, to the same rows as one by one: once, in order, each failing alone."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection as database
from django.utils import timezone

from dashboard.calls.models import Call, CallReport, Receipt
from dashboard.calls.updates import apply, batch
from dashboard.contact_rules.models import DoNotCallEntry
from dashboard.devserver.paths import ROOT
from dashboard.live_updates.models import Change
from dashboard.voicedock import CommandType, webhooks
from dashboard.webhooks import applier, batches, deliveries
from dashboard.webhooks.models import Delivery
from tenants.isolation import scope
from tenants.models import AuditEntry, Tenant
from tests.patience import PATIENCE
from tests.web import server

T0 = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
IGNORED = {"id", "seen_at", "version", "remote_id", "client_token", "counterpart", "created_at", "sent_at", "placed_at"}
IGNORED |= {"assistant_override", "answered_at", "answered_remote_id", "claimed_at", "state_at"}


def events_of(call, *, extra="", analysis=None):
    """What VoiceDock tells of one placed call, oldest first, as stored payloads."""
    at = [T0 + timedelta(seconds=n) for n in (0, 3, 60, 66)]

    def event(status, seen, kind="status-update", **more):
        message = {
            "type": kind,
            "timestamp": seen.isoformat(),
            "call": {"id": call.remote_id, "type": "outbound_phone_call", "status": status},
            "phone_number": {"id": None, "number": call.line},
            "customer": {"number": call.counterpart},
            "assistant": {"llm_config": {"provider": "openai", "model": "m"}},
        } | more
        return webhooks.read_event(json.dumps({"message": message}).encode())

    talk = [{"role": "assistant", "content": "Hello" + extra}, {"role": "user", "content": "Hi"}]
    over = {"started_at": at[1].isoformat(), "ended_at": at[2].isoformat(), "analysis": analysis}
    return [
        event("ringing", at[0]),
        event("in-progress", at[1], started_at=at[1].isoformat()),
        event("ended", at[2], end_reason="user_hangup"),
        event(
            "ended",
            at[3],
            kind="end-of-call-report",
            summary="Short.",
            messages=talk,
            duration_seconds=57,
            **over,
        ),
    ]


def store(connection, events, *, call_id=None):
    with scope.for_system("a test stores"):
        return [
            Delivery.objects.create(
                connection=connection,
                body_hash=uuid.uuid4().bytes,
                event=event.type,
                call_id_sent=call_id or event.call_id,
                payload=event.reduced(),
            ).pk
            for event in events
        ]


def outcome(call):
    with scope.for_system("look"):
        row = Call.objects.select_related("report").get(pk=call.pk)
        kept = {field.attname: getattr(row, field.attname) for field in Call._meta.concrete_fields}
        report = row.report
        reported = [report.summary, report.messages, report.message_times, report.analysis, report.tenant_id]
    kept = {name: value for name, value in kept.items() if name not in IGNORED}
    return json.dumps([kept, reported], sort_keys=True, default=str)


def outcomes():
    with scope.for_system("look"):
        return [row.outcome for row in Delivery.objects.order_by("id")]


def statements_of(run):
    ran = []

    def note(execute, sql, params, many, context):
        ran.append(sql)
        return execute(sql, params, many, context)

    with database.execute_wrapper(note):
        run()
    return ran


def place(operator, count):
    with scope.for_system("many at once"):
        Tenant.objects.filter(pk=operator.tenant.pk).update(max_concurrent_calls=100)
    return [operator.place(f"+3161234{n:04}") for n in range(count)]


def test_a_batch_ends_in_the_same_rows_as_one_by_one_in_any_order(operator):
    """Shuffled, with repeats, some calls in several batches."""
    one, *others = place(operator, 13)
    for pk in store(operator.connection, events_of(one)):
        deliveries.apply(pk)
    luck = random.Random(5)
    news = [(other, event) for other in others for event in events_of(other) for _ in range(luck.randint(1, 3))]
    luck.shuffle(news)
    for part in (news[:20], news[20:23], news[23:]):
        for _, event in part:
            store(operator.connection, [event])
        assert batches.apply_next() == len(part)
    assert {outcome(other) for other in others} == {outcome(one)}
    assert set(outcomes()) == {"applied"}
    assert batches.apply_next() == 0


def test_known_calls_take_a_fixed_number_of_statements(operator):
    def run(calls):
        for call in calls:
            store(operator.connection, events_of(call))
        return len(statements_of(batches.apply_next))

    calls = place(operator, 15)
    few, many = run(calls[:2]), run(calls[2:])
    assert many <= few <= 24
    with scope.for_system("look"):
        assert Change.objects.filter(kind="call", ref=str(calls[3].pk)).exists()
        assert CallReport.objects.count() == 15
        assert {call.version for call in Call.objects.filter(pk__in=[c.pk for c in calls])} == {calls[0].version + 1}


def test_what_needs_more_than_a_merge_is_applied_alone_by_the_same_rules(operator, bloom_organization):
    """A wrong caller ID with its alarm and audit entry, a foreign call, a call nobody knows, an open command."""
    wrong, foreign, steered, plain = place(operator, 4)
    with scope.for_tenant(operator.tenant):
        receipt = Receipt.objects.create(
            call=steered,
            tenant=operator.tenant,
            command=CommandType.END_CALL,
            payload={},
            token=uuid.uuid4(),
            outcome=Receipt.Outcome.ACCEPTED,
        )
    off = events_of(wrong)
    object.__setattr__(off[1], "number", "+31205550199")
    unknown = events_of(plain)[:1]
    object.__setattr__(unknown[0], "call_id", "call-_nobody")
    object.__setattr__(unknown[0], "customer", "+31699999999")
    for events in (off, events_of(steered), unknown, events_of(plain)):
        store(operator.connection, events)
    store(bloom_organization.connection, events_of(foreign))
    batches.apply_next()
    assert outcomes() == ["applied"] * 8 + ["set-aside"] + ["applied"] * 4 + ["set-aside"] * 4
    assert [operator.reload(call).alarm for call in (wrong, plain)] == ["wrong-number", ""]
    assert "call.wrong-number" in operator.audit_actions()
    assert operator.reload(foreign).state == "dialing"
    with scope.for_system("look"):
        assert AuditEntry.objects.filter(action="webhook.foreign-call").count() == 4
        assert Receipt.objects.get(pk=receipt.pk).effect == Receipt.Effect.NOT_KNOWN
    assert operator.reload(plain).state == operator.reload(steered).state == "ended"


def test_who_asks_not_to_be_called_is_on_the_list_after_a_batch(operator):
    calls = place(operator, 3)
    for call in calls:
        store(operator.connection, events_of(call, analysis={"outcome": "do_not_call"} if call == calls[1] else None))
    batches.apply_next()
    assert set(outcomes()) == {"applied"}
    with scope.for_tenant(operator.tenant):
        assert list(DoNotCallEntry.objects.values_list("number", flat=True)) == [calls[1].counterpart]


def test_a_poison_webhook_fails_alone(operator, monkeypatch):
    calls = place(operator, 6)
    ids = [store(operator.connection, events_of(call)) for call in calls]
    real = apply.Merge.add

    def add(merge, update):
        if merge.call.pk == calls[2].pk and update.status == "in-progress":
            raise RuntimeError("poison")
        real(merge, update)

    monkeypatch.setattr(apply.Merge, "add", add)
    batches.apply_next()
    with scope.for_system("look"):
        waiting = list(Delivery.objects.filter(outcome="waiting"))
    assert [(row.pk, row.attempts, row.error) for row in waiting] == [(ids[2][1], 1, "RuntimeError")]
    assert [operator.reload(call).state for call in calls] == ["ended"] * 6
    for _ in range(10):
        batches.apply_next()
    assert outcomes().count("waiting") == 1, "it is not tried at each turn"
    for _ in range(4):
        batches.apply_next(again=True)
    assert outcomes().count("failed") == 1 and outcomes().count("applied") == 23


def test_a_call_that_the_database_refuses_fails_alone(operator, monkeypatch):
    """The statement for all fails; halves are tried until the call that is refused stands alone."""
    calls = place(operator, 9)
    for call in calls:
        store(operator.connection, events_of(call))
    real = batch.bulk_rows.update_calls

    def refuse(rows, names):
        for row in rows:
            if row.pk == calls[4].pk:
                row.end_reason = "x" * 121  # longer than its column
        real(rows, names)

    monkeypatch.setattr(batch.bulk_rows, "update_calls", refuse)
    batches.apply_next()
    assert set(outcomes()) == {"applied"}, "what was refused is applied by itself"
    assert {operator.reload(call).state for call in calls} == {"ended"}


def test_two_updates_at_once_change_nothing_that_the_merge_does_not_name(operator):
    """What a merge may change and a batch would not write is left to the merge of one."""
    (call,) = place(operator, 1)
    merge = apply.Merge(operator.reload(call))
    merge.call.preset_name = "something new"
    assert merge.changed_fields() - set(batch.WRITTEN) == {"preset_name"}


def test_partitions_share_the_calls_and_keep_each_whole(operator):
    calls = place(operator, 12)
    for call in calls:
        store(operator.connection, events_of(call))
    parts = [batches.Partition(number, 3) for number in range(3)]
    found = [batches.apply_next(part) for part in parts]
    assert sum(found) == 48 and all(count % 4 == 0 for count in found)
    assert {operator.reload(call).state for call in calls} == {"ended"}


@contextmanager
def process():
    """`manage.py apply_webhooks` against the database of the tests."""
    running = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "apply_webhooks"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PATCHBAY_PROCESS": "webhooks", **server.database()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait(20)


def eventually(there):
    until = time.monotonic() + PATIENCE
    while not there():
        assert time.monotonic() < until, "it did not come about"
        threading.Event().wait(0.02)


@pytest.mark.django_db(transaction=True)
def test_an_applier_that_is_killed_leaves_its_webhooks_to_the_next(operator):
    calls = place(operator, 40)
    with process() as first:
        for call in calls[:20]:
            store(operator.connection, events_of(call))
        eventually(lambda: "applied" in outcomes())
        first.send_signal(signal.SIGKILL)
        for call in calls[20:]:
            store(operator.connection, events_of(call))
        first.wait(20)
    with process() as second:
        eventually(lambda: set(outcomes()) == {"applied"})
        second.send_signal(signal.SIGTERM)
        assert second.wait(20) == 0
    with scope.for_system("look"):
        assert {row.attempts for row in Delivery.objects.all()} == {1}
    assert len({outcome(call) for call in calls}) == 1


@pytest.mark.django_db(transaction=True)
def test_a_second_applier_waits_and_the_sweep_leaves_the_work_to_the_first(operator):
    (call,) = place(operator, 1)
    with applier._listening() as first, applier._listening() as second:
        ours = applier.Applier()
        assert ours._free_partition(first) == batches.Partition(0, 1)
        assert applier.Applier()._free_partition(second) is None
        store(operator.connection, events_of(call))
        batches.apply_waiting()
        assert outcomes() == ["waiting"] * 4
        ours._apply(batches.Partition())
        assert outcomes() == ["applied"] * 4
    store(operator.connection, events_of(call, extra=" again"))
    batches.apply_waiting()
    assert set(outcomes()) == {"applied"}, "nobody else applies: the sweep does"


@pytest.mark.django_db(transaction=True)
def test_the_sweep_applies_what_an_applier_leaves_waiting_for_long(operator):
    """One that hangs keeps its lock; and nobody may run for its share of the calls."""
    (call,) = place(operator, 1)
    with applier._listening() as first:
        applier.Applier()._free_partition(first)
        store(operator.connection, events_of(call))
        with scope.for_system("time goes by"):
            Delivery.objects.update(received_at=timezone.now() - batches.WAITS_LONG * 2)
        batches.apply_waiting()
    assert outcomes() == ["applied"] * 4
