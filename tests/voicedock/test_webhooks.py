"""Only what VoiceDock signed, just now, is believed; and of it only what we need is kept."""

import json
from datetime import UTC, datetime

import pytest

from dashboard.voicedock import InvalidSignature, Malformed, StaleTimestamp, VoiceDockError, webhooks
from dashboard.voicedock.capabilities import Family

# the vector of voicedock-api.md §11.3
SECRET, AT, BODY = "example-secret", "1700000000", b'{"a":1}'
SIGNATURE = "5500de1be803114f626b45b13d808dddb602e7e34ed1dd396379d5673a208aed"
NOW = 1700000000.5


def verify(body=BODY, signature=SIGNATURE, timestamp=AT, secrets=(SECRET,), now=NOW):
    return webhooks.verify(body, signature, timestamp, secrets, now)


def test_the_known_answer():
    assert webhooks.sign(SECRET, AT, BODY) == SIGNATURE
    assert verify() == verify(signature=f"sha256={SIGNATURE}") == 0


def test_which_of_two_secrets_signed():
    assert verify(secrets=["new", SECRET]) == 1
    assert verify(secrets=[SECRET, SECRET]) == 0
    assert verify(secrets=["", SECRET]) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"body": b'{"a": 1}'},
        {"body": b""},
        {"signature": None},
        {"signature": ""},
        {"signature": "sha256="},
        {"signature": SIGNATURE[:-1]},
        {"signature": SIGNATURE[:-1] + "e"},
        {"signature": f"sha1={SIGNATURE}"},
        {"signature": f"sha256=sha256={SIGNATURE}"},
        {"signature": "é" * 64},
        {"signature": "\ud800"},
        {"timestamp": None},
        {"timestamp": ""},
        {"timestamp": "1700000001"},
        {"timestamp": "1700000000.0"},
        {"timestamp": "-1700000000"},
        {"timestamp": "١٧٠٠٠٠٠٠٠٠"},
        {"timestamp": "9" * 5000},
        {"secrets": []},
        {"secrets": ["other"]},
        {"secrets": [SECRET.upper()]},
    ],
)
def test_what_is_forged(wrong):
    with pytest.raises(InvalidSignature) as error:
        verify(**wrong)
    assert isinstance(error.value, VoiceDockError)
    assert error.value.__context__ is None


def test_an_empty_secret_signs_nothing():
    with pytest.raises(InvalidSignature):
        verify(signature=webhooks.sign("", AT, BODY), secrets=["", ""])


@pytest.mark.parametrize("now", [NOW + 300, NOW - 301, NOW + 86400])
def test_a_genuine_one_is_believed_for_five_minutes_only(now):
    with pytest.raises(StaleTimestamp):
        verify(now=now)


@pytest.mark.parametrize("now", [1700000300, 1699999700])
def test_at_the_edges_it_still_is(now):
    assert verify(now=now) == 0


def test_an_old_forgery_is_a_forgery():
    with pytest.raises(InvalidSignature):
        verify(now=NOW + 9999, signature="0" * 64)


def event(**message):
    usual = {
        "type": "status-update",
        "timestamp": "2026-10-01T09:00:04.000Z",
        "call": {"id": "call-outbound-Zk3", "type": "outbound_phone_call", "status": "in-progress"},
        "phone_number": {"id": "9a1c", "number": "+12025550100", "name": "Main line"},
        "customer": {"number": "+12025550123"},
        "assistant": {
            "first_message": "Hello",
            "webhook_secret": "canary",
            "llm_config": {"provider": "openai", "model": "gpt-5.4-mini", "tools": [{"server": {"secret": "canary"}}]},
            "metadata": {"our_ref": "job-77", "token": "canary"},
        },
    }
    return json.dumps({"message": usual | message}).encode()


def test_a_status_update():
    read = webhooks.read_event(event())
    assert (read.type, read.call_id, read.status) == ("status-update", "call-outbound-Zk3", "in-progress")
    assert read.timestamp == datetime(2026, 10, 1, 9, 0, 4, tzinfo=UTC)
    assert (read.call_type, read.direction) == ("outbound_phone_call", "outbound")
    assert (read.number_id, read.number, read.customer) == ("9a1c", "+12025550100", "+12025550123")
    assert (read.reference, read.provider, read.family) == ("job-77", "openai", Family.PIPELINE)
    assert not read.is_terminal


def test_a_report():
    read = webhooks.read_event(
        event(
            type="end-of-call-report",
            call={"id": "c", "type": "inbound_phone_call", "status": "ended_with_error"},
            duration_seconds=84,
            end_reason="user_hangup",
            error="STT connection failed",
            started_at="2026-10-01T09:00:04.000Z",
            ended_at="2026-10-01T09:01:28.000Z",
            summary="Confirmed.",
            messages=[{"role": "user", "content": "Yes"}],
            analysis={"confirmed": True},
            recording_url="https://media.example/rec/1",
        )
    )
    assert (read.status, read.is_terminal, read.direction) == ("ended-with-error", True, "inbound")
    assert (read.duration_seconds, read.end_reason, read.error) == (84, "user_hangup", "STT connection failed")
    assert read.ended_at == datetime(2026, 10, 1, 9, 1, 28, tzinfo=UTC)
    assert (read.summary, read.messages, read.analysis) == ("Confirmed.", (("user", "Yes"),), {"confirmed": True})
    assert read.recording_url == "https://media.example/rec/1"


def test_what_is_kept_holds_no_secret_and_reads_back_as_it_was():
    read = webhooks.read_event(event(messages=[{"role": "user", "content": "Yes"}], ended_at="2026-10-01T09:01:28Z"))
    kept = json.dumps(read.reduced())
    assert "canary" not in kept + repr(read)
    assert webhooks.WebhookEvent.restored(json.loads(kept)) == read


def test_a_web_call_and_the_oldest_spelling():
    web = webhooks.read_event(
        event(
            call={"id": "c", "type": "web_call"},
            phone_number={"id": None, "number": None},
            customer={"number": None},
            assistant=None,
        )
    )
    assert (web.direction, web.number, web.customer, web.provider, web.reference) == ("web", None, None, None, None)
    assert web.family is Family.UNKNOWN
    old = webhooks.read_event(
        event(phone_number=None, phoneNumber={"number": "+1"}, call={"id": "c", "type": "inboundPhoneCall"})
    )
    assert (old.number, old.direction) == ("+1", "inbound")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        b"{",
        b"[]",
        b"7",
        b"{}",
        b'{"message": {}}',
        b'{"message": {"type": "status-update"}}',
        b'{"message": {"type": "status-update", "call": {"id": null}}}',
        b'{"message": {"call": {"id": "c"}}}',
        b"[" * 5000,
    ],
)
def test_what_is_no_event_of_a_call(raw):
    with pytest.raises(Malformed):
        webhooks.read_event(raw)
