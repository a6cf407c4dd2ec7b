"""P6: news in any order, any number of times, by webhook or list or both, ends in the same row."""

import hashlib
import itertools
import json
import random
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard import voicedock
from dashboard.calls.models import Call
from dashboard.calls.updates import apply
from dashboard.calls.updates.call_update import CallUpdate
from dashboard.voicedock import webhooks
from tenants.isolation import scope

T0 = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
IGNORED = {"id", "seen_at", "version", "alarm_at", "tenant_id", "webhook_call_id"}


def life(remote_id, number, person="+31612340042"):
    """Everything VoiceDock tells of one inbound call, oldest first: lists and webhooks."""
    at = [T0 + timedelta(seconds=n) for n in (0, 3, 9, 60, 61, 66)]

    def listed(status, seen, **more):
        return CallUpdate.of_remote(
            voicedock.RemoteCall.read(
                {
                    "id": remote_id,
                    "status": status,
                    "direction": "inbound",
                    "caller_phone": person,
                    "assistant_phone": number,
                    "agent_id": "asst-1",
                    "agent_name": "Dispatch desk",
                    "number_id": "num-1",
                    "created_at": at[0].isoformat(),
                    "updated_at": seen.isoformat(),
                }
                | more
            )
        )

    def event(status, seen, kind="status-update", **more):
        message = {
            "type": kind,
            "timestamp": seen.isoformat(),
            "call": {"id": remote_id, "type": "inbound_phone_call", "status": status},
            "phone_number": {"id": "num-1", "number": number},
            "customer": {"number": person},
            "assistant": {"llm_config": {"provider": "openai", "model": "m"}},
        } | more
        return CallUpdate.of_event(webhooks.read_event(json.dumps({"message": message}).encode()))

    talk = [{"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Hi"}]
    answered, over = {"started_at": at[1].isoformat()}, {"started_at": at[1].isoformat(), "ended_at": at[3].isoformat()}
    return [
        event("ringing", at[0], kind="assistant-request"),
        listed("ringing", at[0]),
        event("in-progress", at[1]),
        listed("in-progress", at[1], **answered),
        listed("on-hold", at[2], **answered),
        listed("in-progress", at[2] + timedelta(seconds=1), **answered),
        event("ended", at[3], end_reason="user_hangup"),
        listed("ended", at[3], duration_seconds=57, end_reason="user_hangup", **over),
        event("ended", at[5], kind="end-of-call-report", summary="Short.", messages=talk, duration_seconds=57, **over),
        listed("ended", at[5], summary="Longer.", messages=talk, analysis_result={"ok": True}, **over),
    ]


def outcome(connection, news):
    """The row after this news, as one hash; the connection's other calls are not looked at."""
    call = None
    for facts in news:
        call = apply.apply_update_in_transaction(connection, facts)
    with scope.for_system("look"):
        call = Call.objects.select_related("report").get(pk=call.pk)
        row = {field.attname: getattr(call, field.attname) for field in Call._meta.concrete_fields}
        report = getattr(call, "report", None)
        reported = [report.summary, report.messages, report.analysis] if report else []
        of_this_id = Call.objects.filter(connection=connection, remote_id=call.remote_id).count()
    assert of_this_id == 1
    kept = {name: value for name, value in row.items() if name not in IGNORED | {"remote_id"}}
    plain = json.dumps([kept, reported], sort_keys=True, default=str)
    return hashlib.sha256(plain.encode()).hexdigest(), plain


def fresh():
    return f"call-_{uuid.uuid4().hex}"


def test_shuffled_webhooks(operator):
    """Every kind of order and repeat, the same final row."""
    expected = outcome(operator.connection, life(fresh(), "+31105550161"))
    luck = random.Random(7)
    for _ in range(60):
        news = [facts for facts in life(fresh(), "+31105550161") for _ in range(luck.randint(1, 3))]
        luck.shuffle(news)
        assert outcome(operator.connection, news) == expected


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
@given(order=st.lists(st.integers(0, 9), min_size=1, max_size=16))
def test_any_part_of_the_news_in_any_order(operator, order):
    """Lost ones too: whatever arrived, its order and repeats do not matter."""
    first, second = fresh(), fresh()
    there = life(first, "+31105550161")
    sorted_once = [there[n] for n in sorted(set(order))]
    again = life(second, "+31105550161")
    assert outcome(operator.connection, [again[n] for n in order]) == outcome(operator.connection, sorted_once)


@pytest.mark.smoke
def test_lost_webhooks_change_nothing_in_the_end(operator):
    """With the webhooks lost the lists alone bring the call to the same state, and its report."""
    news = life(fresh(), "+31105550161")
    only_lists = [facts for facts in news if "provider" not in facts.fields]
    plain = json.loads(outcome(operator.connection, only_lists)[1])
    whole = json.loads(outcome(operator.connection, life(fresh(), "+31105550161"))[1])
    for row in (plain[0], whole[0]):
        for name in ("field_versions", "provider", "family"):
            row.pop(name)
    assert plain == whole


def test_merging_two_pieces_of_news_in_either_order_is_the_same(operator):
    """All pairs, so that what breaks the law is named."""
    count = len(life("x", "+31105550161"))
    for one, two in itertools.combinations(range(count), 2):
        there, back = life(fresh(), "+31105550161"), life(fresh(), "+31105550161")
        assert outcome(operator.connection, [there[one], there[two]]) == outcome(
            operator.connection, [back[two], back[one]]
        )


def test_knock_out_without_ranks_the_order_matters(operator, monkeypatch):
    monkeypatch.setattr(apply.states, "rank", lambda state: 1)
    monkeypatch.setattr(CallUpdate, "stamp", property(lambda facts: ""))
    there, back = (outcome(operator.connection, life(fresh(), "+31105550161")[::step]) for step in (1, -1))
    assert there != back


def test_states_nobody_has_named_are_kept_and_end_only_with_an_end(operator):
    news = life(fresh(), "+31105550161")
    call = apply.apply_update_in_transaction(operator.connection, news[4])
    assert (call.state, call.finished) == ("on-hold", False)
    over = life(call.remote_id, "+31105550161")[7]
    call = apply.apply_update_in_transaction(
        operator.connection, CallUpdate(**{**over.__dict__, "status": "parked-for-good"})
    )
    assert (call.state, call.finished) == ("parked-for-good", True)


def test_a_call_of_nobody_belongs_to_nobody(operator):
    call = apply.apply_update_in_transaction(operator.connection, life(fresh(), "+31205550181")[3])
    assert call.tenant_id is None


@pytest.mark.parametrize("line", ["+31505550112", "+31205550181"])
def test_a_call_out_from_a_line_that_is_not_theirs_is_an_alarm_and_nobody_else_reads_it(
    operator,
    agency,
    make_sandbox_tenant,
    line,
):
    """A campaign in a shared organization: VoiceDock chose another client's number, or nobody's."""
    make_sandbox_tenant(agency, "noord", numbers=("+31505550112",))
    now = datetime.now(UTC).isoformat()
    call = apply.apply_update_in_transaction(
        operator.connection,
        CallUpdate.of_remote(
            voicedock.RemoteCall.read(
                {
                    "id": fresh(),
                    "status": "in-progress",
                    "direction": "outbound",
                    "caller_phone": "+31612340077",
                    "assistant_phone": line,
                    "agent_id": operator.assistant.assistant.remote_id,
                    "created_at": now,
                    "started_at": now,
                    "updated_at": now,
                }
            )
        ),
    )
    assert (call.tenant_id, call.alarm, call.number_dedication_id) == (operator.tenant.pk, "wrong-number", None)
    assert operator.audit_actions() == ["call.wrong-number"]
