"""The endpoint of VoiceDock's webhooks: authentic ones are stored and applied once, others change nothing."""

import json
import sys
import time
from pathlib import Path

import pytest
from django.test import Client

from dashboard.calls.models import Call
from dashboard.sync.models import Kind, SyncState
from dashboard.voicedock import webhooks
from dashboard.webhooks import batches, deliveries
from dashboard.webhooks.models import Delivery, Rejection
from tenants.isolation import scope
from tenants.models import AuditEntry, Connection, ConnectionSecret


@pytest.fixture
def post(operator):
    """Post an event as VoiceDock would, or nearly so."""

    def go(message=None, *, connection=None, secret=None, at=None, raw=None, **spoilt):
        connection = connection or operator.connection
        with scope.for_system("a test signs"):
            row = ConnectionSecret.objects.get(connection=connection)
            if not row.webhook_secrets:
                row.new_webhook_secret()
                row.save()
        raw = raw if raw is not None else json.dumps({"message": message}).encode()
        stamp = str(int(at if at is not None else time.time()))
        headers = {
            "X-Webhook-Timestamp": stamp,
            "X-Webhook-Signature": "sha256=" + webhooks.sign(secret or row.webhook_secrets[0], stamp, raw),
        }
        headers |= {name.replace("_", "-"): value for name, value in spoilt.items() if name != "body"}
        path = f"/hooks/voicedock/{connection.webhook_token}/"
        sent = spoilt.get("body", raw)
        return Client().post(
            path, sent, content_type="application/json", headers={k: v for k, v in headers.items() if v}
        )

    return go


def event(placed, status="in-progress", **more):
    return {
        "type": "status-update",
        "timestamp": "2026-10-01T09:00:04.000Z",
        "call": {"id": placed.remote_id, "type": "outbound_phone_call", "status": status},
        "phone_number": {"id": None, "number": placed.line},
        "customer": {"number": placed.counterpart},
    } | more


def stored():
    with scope.for_system("look"):
        return list(Delivery.objects.order_by("id"))


def rejected():
    with scope.for_system("look"):
        return {row.reason: row.times for row in Rejection.objects.all()}


def test_a_call_follows_its_webhooks_to_the_report(operator_with_webhooks):
    call = operator_with_webhooks.place()
    operator_with_webhooks.sandbox.advance(30)
    assert operator_with_webhooks.reload(call).state == "in-progress"
    operator_with_webhooks.control_sandbox(f"calls/{call.remote_id}/force", status="ended")
    operator_with_webhooks.sandbox.advance(10)
    with scope.for_system("look"):
        ended = Call.objects.select_related("report").get(pk=call.pk)
        assert (ended.state, ended.finished, ended.end_reason) == ("ended", True, "user_hangup")
        assert ended.report.summary and ended.report.messages
    assert [answer.status_code for answer in operator_with_webhooks.posted] == [200, 200, 200]
    assert [one.outcome for one in stored()] == ["applied"] * 3
    assert "webhook_secret" not in json.dumps([one.payload for one in stored()])


def test_a_webhook_may_come_before_the_answer_and_under_another_id(operator_with_webhooks):
    operator_with_webhooks.sandbox.state.options.webhook_call_id = "uuid"
    operator_with_webhooks.sandbox.state.outcome_by_number["+31612340042"] = "conversation"
    operator_with_webhooks.add_fault("lost")
    call = operator_with_webhooks.place()
    assert call.state == "unknown"
    operator_with_webhooks.sandbox.advance(6)
    call = operator_with_webhooks.reload(call)
    assert (call.state, call.remote_id) == ("in-progress", "")
    assert call.webhook_call_id
    operator_with_webhooks.read_calls()
    call = operator_with_webhooks.reload(call)
    assert call.can_be_controlled
    assert len(operator_with_webhooks.calls()) == 1


def test_an_inbound_call_is_adopted_by_the_lines_client(operator_with_webhooks):
    remote_id = operator_with_webhooks.control_sandbox("calls/inbound", number="+31105550161", seconds=60)["id"]
    operator_with_webhooks.control_sandbox(f"calls/{remote_id}/force", status="in-progress")
    (call,) = operator_with_webhooks.calls()
    assert (call.tenant_id, call.direction, call.state) == (operator_with_webhooks.tenant.pk, "inbound", "in-progress")
    operator_with_webhooks.read_calls()
    assert len(operator_with_webhooks.calls()) == 1
    assert operator_with_webhooks.calls()[0].assistant_name == "Dispatch desk"


def test_forged_ones_change_nothing_and_say_nothing(operator, post, bloom_organization):
    call = operator.place()
    good = json.dumps({"message": event(call)}).encode()
    with scope.for_system("look"):
        other = ConnectionSecret.objects.get(connection=bloom_organization.connection)
        foreign = other.new_webhook_secret()
        other.save()
    forged = [
        post(raw=good, body=good[:-1]),
        post(raw=good, body=good.replace(b"in-progress", b"ended")),
        post(raw=good, body=b" " + good),
        post(raw=good, body=json.dumps({"message": event(call)}, indent=1).encode()),
        post(raw=good, secret="guessed"),
        post(raw=good, secret=foreign),
        post(raw=good, X_Webhook_Signature="sha256=" + "0" * 64),
        post(raw=good, X_Webhook_Signature=""),
        post(raw=good, X_Webhook_Timestamp=""),
        post(raw=good, X_Webhook_Timestamp="١٧٠٠٠٠٠٠٠٠"),
        post(raw=good, X_Webhook_Timestamp="-1"),
        post(raw=good, X_Webhook_Signature="sha256=ünicode"),
    ]
    assert {(answer.status_code, answer.content) for answer in forged} == {(401, b"")}
    assert stored() == []
    assert rejected() == {"forged": len(forged)}
    assert operator.reload(call).state == "dialing"


def test_stale_ones_are_kept_not_applied_and_the_list_is_asked(operator, post):
    call = operator.place()
    SyncState.objects.create(connection=operator.connection, kind=Kind.CALLS, due_at="2999-01-01T00:00Z")
    for seconds in (-301, 302):
        assert post(event(call, "ended"), at=time.time() + seconds).status_code == 200
    (kept,) = stored()
    assert (kept.outcome, kept.times) == ("set-aside", 2)
    assert operator.reload(call).state == "dialing"
    assert SyncState.objects.get(kind=Kind.CALLS).due_at.year < 2999
    assert post(event(call, "ended")).status_code == 200
    assert operator.reload(call).state == "ended"


def test_the_secret_before_is_good_while_it_is_being_changed(operator, post):
    call = operator.place()
    with scope.for_system("change the secret"):
        row = ConnectionSecret.objects.get(connection=operator.connection)
        first = row.new_webhook_secret()
        second = row.new_webhook_secret()
        row.save()
    assert post(event(call), secret=first).status_code == 200
    assert post(event(call, "ended"), secret=second).status_code == 200
    with scope.for_system("change it again"):
        row.new_webhook_secret()
        row.save()
    assert post(event(call, end_reason="x"), secret=first).status_code == 401


def test_the_same_body_is_applied_once_and_counted(operator, post):
    call = operator.place()
    for _ in range(3):
        assert post(event(call)).status_code == 200
    (kept,) = stored()
    assert (kept.outcome, kept.times, kept.attempts) == ("applied", 3, 1)


@pytest.mark.parametrize(("raw", "status"), [(b"[]", 400), (b"{}", 400), (b"<html>", 400), (b"", 400)])
def test_genuine_nonsense(operator, post, raw, status):
    assert post(raw=raw).status_code == status
    assert stored() == []


def test_the_endpoint_takes_posts_of_a_known_token_and_a_bearable_size(operator, post):
    assert Client().get(f"/hooks/voicedock/{operator.connection.webhook_token}/").status_code == 405
    assert Client().post("/hooks/voicedock/nobody/", b"{}", content_type="application/json").status_code == 404
    assert post(raw=b"x" * (512 * 1024 + 1)).status_code == 413


def test_valid_secret_foreign_call(operator, post, bloom_organization):
    """F15: whoever holds the secret of one connection cannot move the calls of another."""
    call = operator.place()
    (sent,) = operator.dial_requests()
    echoed = {"metadata": {"our_ref": str(call.pk)}}
    tries = [
        event(call, "ended"),
        event(call, "ended", call={"id": "x", "type": "outbound_phone_call", "status": "ended"}, assistant=echoed),
        event(call, "ended", call={"id": "y", "type": "inbound_phone_call", "status": "ended"})
        | {"phone_number": {"id": sent["body"]["number_id"], "number": call.line}},
    ]
    for message in tries:
        assert post(message, connection=bloom_organization.connection).status_code == 200
    assert [one.outcome for one in stored()] == ["set-aside"] * 3
    assert operator.reload(call).state == "dialing"
    assert len(operator.calls()) == 1
    with scope.for_system("look"):
        assert AuditEntry.objects.filter(action="webhook.foreign-call").count() == 3


def test_what_a_crash_left_behind_is_applied_by_the_sweep(operator, post, monkeypatch):
    call = operator.place()
    monkeypatch.setattr(deliveries, "apply", lambda *args: None)
    post(event(call))
    monkeypatch.undo()
    assert operator.reload(call).state == "dialing"
    with scope.for_system("a while ago"):
        Delivery.objects.update(received_at="2026-01-01T00:00Z")
    batches.apply_waiting()
    assert operator.reload(call).state == "in-progress"


def test_one_that_cannot_be_applied_is_put_away_after_five_tries(operator, post, monkeypatch):
    call = operator.place()
    monkeypatch.setattr(deliveries, "apply_update", lambda *args: 1 / 0)
    post(event(call))
    for _ in range(6):
        deliveries.apply(stored()[0].pk)
    (kept,) = stored()
    assert (kept.outcome, kept.attempts, kept.error) == ("failed", 5, "ZeroDivisionError")


def test_every_connection_has_an_endpoint_of_its_own(operator, bloom_organization):
    with scope.for_system("look"):
        assert len(set(Connection.objects.values_list("webhook_token", flat=True))) == 2


ROOT = Path(__file__).resolve().parents[2]
MOST_FILES = 29  # of Patchbay, entered for one webhook until its call is saved


def test_one_webhook_is_parsed_once_and_enters_few_files(operator, post):
    call = operator.place()
    post(event(call, "ringing"))  # loads what is cached afterwards
    files, parsed = set(), []

    def profile(frame, kind, _):
        path = Path(frame.f_code.co_filename)
        if kind == "call" and path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in ("dashboard", "tenants"):
            files.add(str(path.relative_to(ROOT)))
        if kind == "call" and frame.f_code is json.loads.__code__:
            parsed.append(frame.f_locals["s"])

    sys.setprofile(profile)
    try:
        answer = post(event(call))
    finally:
        sys.setprofile(None)

    assert answer.status_code == 200 and operator.reload(call).state == "in-progress"
    events = [text for text in parsed if "status-update" in (text.decode() if isinstance(text, bytes) else text)]
    assert len(events) == 1, events
    assert len(files) <= MOST_FILES, "\n".join(sorted(files))
