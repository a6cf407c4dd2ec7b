"""Webhooks (voicedock-api.md §11)."""

import hashlib
import hmac
import json

import pytest

from dashboard.sandbox import webhooks

WEBHOOK_URL = {"webhook_url": "https://patchbay.test/in", "webhook_secret": "s3cret"}


def test_the_known_answer_of_the_signature():
    signed = webhooks.sign("example-secret", "1700000000", b'{"a":1}')
    assert signed == "sha256=5500de1be803114f626b45b13d808dddb602e7e34ed1dd396379d5673a208aed"


def test_a_call_sends_its_states_and_then_the_report(sandbox, bloom, place, sent_webhooks):
    call = place(bloom, assistant_override=WEBHOOK_URL | {"metadata": {"our_ref": "job-77"}})
    sandbox.advance(900)
    messages = [json.loads(body)["message"] for _, _, body in sent_webhooks]
    assert [(message["type"], message["call"]["status"]) for message in messages] == [
        ("status-update", "in-progress"),
        ("status-update", "ended"),
        ("end-of-call-report", "ended"),
    ]
    assert {url for url, _, _ in sent_webhooks} == {"https://patchbay.test/in"}
    for message in messages:
        assert message["call"] == {"id": call, "type": "outbound_phone_call", "status": message["call"]["status"]}
        assert message["customer"] == {"number": "+31612340042"}
        assert message["phone_number"]["number"] == "+31205550142"
        assert message["assistant"]["metadata"] == {"our_ref": "job-77"}
    rest = bloom.get(f"/calls/{call}").json()
    report = messages[-1]
    assert (report["summary"], report["analysis"]) == (rest["summary"], rest["analysis_result"])
    assert report["duration_seconds"] == rest["duration_seconds"] and report["messages"] == rest["messages"]


def test_each_delivery_is_signed_over_its_raw_bytes(sandbox, bloom, place, sent_webhooks):
    place(bloom, assistant_override=WEBHOOK_URL)
    (_, headers, body) = sent_webhooks[0]
    timestamp = headers["X-Webhook-Timestamp"]
    expected = hmac.new(b"s3cret", timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Webhook-Signature"] == f"sha256={expected}"
    assert headers["X-Webhook-Event"] == "status-update" and headers["User-Agent"] == "HMS-Sovereign/1.0"
    assert abs(int(timestamp) - sandbox.clock.wall_time()) <= 10


def test_no_signature_without_a_secret_and_no_webhook_without_a_url(sandbox, bloom, place, sent_webhooks):
    place(bloom)
    assert sent_webhooks == []
    place(bloom, assistant_override={"webhook_url": "https://patchbay.test/in"})
    assert "X-Webhook-Signature" not in sent_webhooks[0][1]


def test_only_subscribed_events_are_sent(sandbox, bloom, place, sent_webhooks):
    place(bloom, assistant_override=WEBHOOK_URL | {"webhook_events": ["end-of-call-report"]})
    sandbox.advance(900)
    assert [headers["X-Webhook-Event"] for _, headers, _ in sent_webhooks] == ["end-of-call-report"]


def test_a_failed_call_has_its_error_in_the_webhook(sandbox, bloom, admin_api, place, sent_webhooks):
    admin_api.post("/_sandbox/options", json={"outcome": "error"})
    place(bloom, assistant_override=WEBHOOK_URL)
    sandbox.advance(900)
    failed = json.loads(sent_webhooks[1][2])["message"]
    assert (failed["call"]["status"], failed["error"]) == ("ended-with-error", "STT connection failed")


def test_saved_settings_of_the_assistant_are_used(sandbox, bloom, place, ids, sent_webhooks):
    bloom.patch(f"/assistants/{ids.assistant['Recall NL']}", json=WEBHOOK_URL)
    place(bloom)
    assert [headers["X-Webhook-Event"] for _, headers, _ in sent_webhooks] == ["status-update"]


def test_the_call_id_may_differ_from_the_api(sandbox, bloom, admin_api, place, sent_webhooks):
    admin_api.post("/_sandbox/options", json={"webhook_call_id": "uuid"})
    call = place(bloom, assistant_override=WEBHOOK_URL)
    assert json.loads(sent_webhooks[0][2])["message"]["call"]["id"] != call


@pytest.mark.parametrize(
    ("fault", "kinds"),
    [
        (None, ["in-progress", "ended", "end-of-call-report"]),
        ("webhook_lost", ["ended", "end-of-call-report"]),
        ("webhook_twice", ["in-progress", "in-progress", "ended", "end-of-call-report"]),
        ("webhook_late", ["ended", "in-progress", "end-of-call-report"]),
    ],
)
def test_deliveries_are_lost_doubled_and_overtaken(sandbox, bloom, admin_api, place, sent_webhooks, fault, kinds):
    if fault:
        admin_api.post("/_sandbox/faults", json={"fault": fault, "route": "status-update"})
    place(bloom, assistant_override=WEBHOOK_URL)
    sandbox.advance(900)
    messages = [json.loads(body)["message"] for _, _, body in sent_webhooks]
    assert [
        message["call"]["status"] if message["type"] == "status-update" else message["type"] for message in messages
    ] == kinds


@pytest.mark.parametrize("fault", ["webhook_forged", "webhook_unsigned", "webhook_reserialized", "webhook_stale"])
def test_deliveries_that_must_not_be_accepted(sandbox, bloom, admin_api, place, sent_webhooks, fault):
    admin_api.post("/_sandbox/faults", json={"fault": fault})
    place(bloom, assistant_override=WEBHOOK_URL)
    sandbox.advance(900)
    believed = []
    for _, headers, body in sent_webhooks:
        fresh = sandbox.clock.wall_time() - int(headers["X-Webhook-Timestamp"]) <= 1200
        right = headers.get("X-Webhook-Signature") == webhooks.sign("s3cret", headers["X-Webhook-Timestamp"], body)
        believed.append(fresh and right)
    assert believed == [False, True, True]


def test_a_correctly_signed_webhook_may_name_a_foreign_call(sandbox, bloom, agency, admin_api, place, sent_webhooks):
    foreign = place(agency, assistant="Dispatch desk", number="+31105550161")
    admin_api.post("/_sandbox/faults", json={"fault": "webhook_foreign"})
    own = place(bloom, assistant_override=WEBHOOK_URL)
    _, headers, body = sent_webhooks[0]
    assert headers["X-Webhook-Signature"] == webhooks.sign("s3cret", headers["X-Webhook-Timestamp"], body)
    assert json.loads(body)["message"]["call"]["id"] == foreign != own


def test_a_delivery_may_come_minutes_late(sandbox, bloom, admin_api, place, sent_webhooks):
    admin_api.post("/_sandbox/faults", json={"fault": "webhook_late", "route": "status-update", "seconds": 240})
    place(bloom, assistant_override=WEBHOOK_URL)
    began = sandbox.clock.now()
    sandbox.advance(200)
    assert "in-progress" not in [_status(body) for _, _, body in sent_webhooks]
    sandbox.advance(60)
    _, headers, body = next(webhook for webhook in sent_webhooks if _status(webhook[2]) == "in-progress")
    assert began + 200 < int(headers["X-Webhook-Timestamp"]) <= began + 260
    assert headers["X-Webhook-Signature"] == webhooks.sign("s3cret", headers["X-Webhook-Timestamp"], body)


def test_the_report_may_come_before_the_end(sandbox, bloom, admin_api, place, sent_webhooks):
    order = {"fault": "webhook_late", "route": "status-update", "times": 2}
    admin_api.post("/_sandbox/faults", json=order)
    place(bloom, assistant_override=WEBHOOK_URL)
    sandbox.advance(900)
    assert json.loads(sent_webhooks[0][2])["message"]["type"] == "end-of-call-report"
    assert [_status(body) for _, _, body in sent_webhooks[1:]] == ["in-progress", "ended"]


def _status(body):
    return json.loads(body)["message"]["call"]["status"]
