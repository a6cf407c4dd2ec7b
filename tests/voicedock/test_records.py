"""Answers in every spelling the papers know, and in none: read, or refused as `Malformed`, never anything else."""

import copy
import json
from datetime import UTC, datetime, time
from decimal import Decimal

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard import voicedock
from dashboard.voicedock import Malformed, webhooks
from dashboard.voicedock.capabilities import Family

AT = "2026-10-01T09:00:04.000Z"
CALL = {
    "id": "call-_+12025550123_Qx7",
    "status": "ended",
    "direction": "outbound",
    "caller_phone": "+12025550123",
    "assistant_phone": "+12025550100",
    "phone_number": "+12025550100",
    "agent_id": "5f0e",
    "agent_name": "Reminder NL",
    "business_name": "Demo BV",
    "number_id": "9a1c",
    "started_at": AT,
    "ended_at": "2026-10-01T11:01:28.000+02:00",
    "duration_seconds": 84,
    "end_reason": "user_hangup",
    "error": None,
    "summary": "Confirmed.",
    "analysis_result": {"intent": "confirm"},
    "messages": [{"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Yes"}],
    "recording_url": None,
    "room_name": None,
    "created_at": "2026-10-01T08:59:59.000Z",
    "updated_at": AT,
}
ASSISTANT = {
    "id": "5f0e",
    "name": "Reminder NL",
    "business_name": "Demo BV",
    "is_active": True,
    "first_message": "Hello",
    "llm_config": {"provider": "xai_realtime", "model": "grok-voice-think-fast-2.0", "api_key": "canary"},
    "webhook_url": "https://x.test/",
    "webhook_secret": "canary",
    "webhook_events": ["status-update"],
    "voicemail_detection": True,
    "voicemail_message": None,
    "metadata": {"password": "canary"},
}
NUMBER = {
    "id": "9a1c",
    "phone_number": "+12025550100",
    "agent_id": "5f0e",
    "agent_name": "Reminder NL",
    "business_name": "Demo BV",
    "transfer_trunk_id": "t1",
    "is_active": True,
}
ORGANIZATION = {
    "id": "0f6c",
    "name": "Agency BV",
    "minutes_balance": 500.5,
    "monthly_usage_minutes": 120,
    "active_numbers": 3,
    "active_agents": 2,
    "active_calls": 1,
    "parent_org_id": None,
    "children": [{"id": "77aa", "name": "Dentist North", "created_at": "2026-03-01T10:00:00Z"}],
}
CAMPAIGN = {
    "id": "c1",
    "name": "Recall",
    "agent_id": "5f0e",
    "status": "scheduled",
    "system_message_template": "Call {{name}}.",
    "schedule_start_time": "09:00:00",
    "schedule_end_time": "17:30",
    "timezone": "Europe/Amsterdam",
    "total_leads": 150,
    "completed_leads": 45,
    "created_at": AT,
}
LEAD = {
    "id": "l1",
    "campaign_id": "c1",
    "phone_number": "+31612345678",
    "variables": {"name": "Ada", "visits": 3, "note": None},
    "status": "no_answer",
    "call_id": None,
    "attempts": 2,
    "last_attempt_at": AT,
    "created_at": AT,
}
EVENT = {
    "message": {
        "type": "end-of-call-report",
        "timestamp": "2026-10-01T09:01:40.000Z",
        "call": {"id": "call-outbound-Zk3", "type": "outbound_phone_call", "status": "ended"},
        "phone_number": {"id": "9a1c", "number": "+12025550100"},
        "customer": {"number": "+12025550123"},
        "duration_seconds": 84,
        "messages": [{"role": "assistant", "content": "Hello"}],
        "analysis": {"confirmed": True},
        "assistant": {"llm_config": {"provider": "openai"}, "metadata": {"our_ref": "job-77"}},
    }
}
USAGE = {
    "logs": [{"id": "u1", "duration_sec": 84, "call_type": "phone", "created_at": AT}],
    "pagination": {"total": 150, "limit": 100, "offset": 0},
    "summary": {"total_calls": 150, "total_duration_seconds": 7560, "total_duration_minutes": 126},
}


def test_a_call():
    call = voicedock.RemoteCall.read(CALL)
    assert (call.id, call.status, call.direction) == ("call-_+12025550123_Qx7", "ended", "outbound")
    assert (call.caller_phone, call.assistant_phone) == ("+12025550123", "+12025550100")
    assert (call.agent_id, call.assistant_id, call.agent_name, call.number_id) == ("5f0e",) * 2 + (
        "Reminder NL",
        "9a1c",
    )
    assert call.started_at == datetime(2026, 10, 1, 9, 0, 4, tzinfo=UTC)
    assert call.ended_at == datetime(2026, 10, 1, 9, 1, 28, tzinfo=UTC)
    assert (call.duration_seconds, call.end_reason, call.error) == (84, "user_hangup", None)
    assert call.messages == (("assistant", "Hello"), ("user", "Yes"))
    assert call.analysis == {"intent": "confirm"}
    assert call.is_terminal
    assert "Confirmed" not in repr(call) and "Hello" not in repr(call)


@pytest.mark.parametrize(
    ("change", "name", "value"),
    [
        ({"status": "in_progress"}, "status", "in-progress"),
        ({"status": "on_hold-Now"}, "status", "on-hold-Now"),
        ({"status": None}, "status", ""),
        ({"agent_id": None, "assistant_id": "a2"}, "agent_id", "a2"),
        ({"agent_name": None, "assistant_name": "Ada"}, "agent_name", "Ada"),
        ({"assistant_phone": None, "agent_phone": "+1"}, "assistant_phone", "+1"),
        ({"assistant_phone": None}, "assistant_phone", "+12025550100"),
        ({"duration_seconds": None}, "duration_seconds", None),
        ({"duration_seconds": "84"}, "duration_seconds", 84),
        ({"duration_seconds": 84.9}, "duration_seconds", 84),
        ({"duration_seconds": -1}, "duration_seconds", None),
        ({"duration_seconds": 10**30}, "duration_seconds", None),
        ({"duration_seconds": True}, "duration_seconds", None),
        ({"started_at": "2026-10-01T09:00:04"}, "started_at", datetime(2026, 10, 1, 9, 0, 4, tzinfo=UTC)),
        ({"started_at": "yesterday"}, "started_at", None),
        ({"started_at": 1700000000}, "started_at", None),
        ({"started_at": "0001-01-01T00:00:00+14:00"}, "started_at", None),
        ({"summary": "a\x00b\ud800c"}, "summary", "ab?c"),
        ({"messages": None}, "messages", ()),
        ({"messages": [None, {"content": "x"}, {"role": "user"}, 7]}, "messages", (("", "x"),)),
        ({"analysis_result": None, "analysis": {"a": float("nan")}}, "analysis", {"a": None}),
        ({"analysis_result": "text"}, "analysis", None),
        ({"id": 77}, "id", "77"),
        ({"recording_url": "HTTPS://media.example/1"}, "recording_url", "HTTPS://media.example/1"),
        ({"recording_url": "javascript:alert(1)"}, "recording_url", None),
        ({"recording_url": "//media.example/1"}, "recording_url", None),
    ],
)
def test_a_call_in_other_words(change, name, value):
    assert getattr(voicedock.RemoteCall.read(CALL | change), name) == value


def test_an_assistant_without_its_secrets():
    assistant = voicedock.RemoteAssistant.read(ASSISTANT)
    assert (assistant.provider, assistant.model) == ("xai_realtime", "grok-voice-think-fast-2.0")
    assert assistant.family is Family.XAI_REALTIME
    assert (assistant.has_webhook_secret, assistant.webhook_events) == (True, ("status-update",))
    assert (assistant.has_voicemail_detection, assistant.has_voicemail_message) == (True, False)
    assert "canary" not in repr(vars(assistant))
    assert not voicedock.RemoteAssistant.read({"id": "x"}).has_webhook_secret
    assert voicedock.RemoteAssistant.read({"id": "x"}).family is Family.UNKNOWN


def test_a_number_in_both_spellings():
    assert voicedock.RemoteNumber.read(NUMBER).has_trunk
    other = voicedock.RemoteNumber.read({"id": "n", "number": "+1", "assistant_id": "a", "name": "Main"})
    assert (other.phone_number, other.agent_id, other.assistant_id, other.name) == ("+1", "a", "a", "Main")
    assert (other.has_trunk, other.is_active) == (False, True)


def test_an_organization_and_its_children():
    organization = voicedock.RemoteOrganization.read(ORGANIZATION)
    assert (organization.minutes_balance, organization.active_calls) == (Decimal("500.50"), 1)
    assert [child.name for child in organization.children] == ["Dentist North"]
    assert voicedock.RemoteOrganization.read(ORGANIZATION | {"minutes_balance": -0.125}).minutes_balance == Decimal(
        "-0.12"
    )


def test_a_campaign_and_its_leads():
    campaign = voicedock.RemoteCampaign.read(CAMPAIGN)
    assert (campaign.starts, campaign.ends, campaign.timezone) == (time(9), time(17, 30), "Europe/Amsterdam")
    assert (campaign.total_leads, campaign.completed_leads, campaign.failed_leads) == (150, 45, 0)
    assert (campaign.assistant_id, campaign.template, campaign.status) == ("5f0e", "Call {{name}}.", "scheduled")
    assert voicedock.RemoteCampaign.read(CAMPAIGN | {"status": "half_done"}).status == "half_done"
    lead = voicedock.RemoteLead.read(LEAD)
    assert (lead.status, lead.variables) == ("no_answer", {"name": "Ada", "visits": "3", "note": ""})


@pytest.mark.parametrize(
    "body",
    [
        USAGE,
        {
            "usage": [{"id": "u1", "duration_seconds": 84, "cost": 1}],
            "summary": {"total_calls": 150, "total_seconds": 7560, "total_minutes": 126, "total_cost": 9},
        },
    ],
)
def test_usage_in_its_shapes(client, vendor, body):
    vendor.answer(body)
    usage = client.usage()
    assert [entry.seconds for entry in usage.page.items] == [84]
    assert (usage.total_calls, usage.total_seconds, usage.total_minutes) == (150, 7560, Decimal(126))


READERS = [
    (voicedock.RemoteCall, CALL),
    (voicedock.RemoteAssistant, ASSISTANT),
    (voicedock.RemoteNumber, NUMBER),
    (voicedock.RemoteOrganization, ORGANIZATION),
    (voicedock.CreatedOrganization, ORGANIZATION),
    (voicedock.RemoteCampaign, CAMPAIGN),
    (voicedock.RemoteLead, LEAD),
    (voicedock.PlacedCall, {"call_id": "c", "status": "dialing"}),
]


@pytest.mark.parametrize(("record", "data"), READERS)
def test_only_what_has_no_id_is_malformed(record, data):
    key = "call_id" if record is voicedock.PlacedCall else "id"
    record.read({key: "x", "tomorrows_field": {"a": [1]}})
    for wrong in ({}, {key: None}, {key: ""}, {key: {}}, {key: True}, None, [], "x", 7):
        with pytest.raises(Malformed):
            record.read(wrong)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["", AT, "\x00", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutated(draw, data):
    """The same with some values, at any depth, put, taken away or exchanged."""
    data = copy.deepcopy(data)
    for _ in range(draw(st.integers(1, 4))):
        place = data
        while isinstance(place, dict | list) and place:
            key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
            if not isinstance(place[key], dict | list) or not place[key] or draw(st.booleans()):
                if draw(st.booleans()):
                    place[key] = draw(JSON)
                else:
                    del place[key]
                break
            place = place[key]
    return draw(st.just(data) | JSON) if draw(st.integers(0, 9)) == 0 else data


FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)


@pytest.mark.parametrize(("record", "data"), READERS)
def test_no_answer_breaks_a_record(record, data):
    @FUZZ
    @given(mutated(data))
    def mutate(body):
        try:
            read = record.read(body)
        except Malformed:
            return
        stored = json.dumps(vars(read), default=str, ensure_ascii=False)
        assert stored.encode() and "\\u0000" not in stored, "PostgreSQL can keep it"

    mutate()


ASKS = [
    (lambda c: c.organization(), ORGANIZATION),
    (lambda c: c.numbers(), {"numbers": [NUMBER, NUMBER]}),
    (lambda c: c.assistants(), {"assistants": [ASSISTANT]}),
    (lambda c: c.calls(), {"calls": [CALL], "pagination": {"total": 1, "limit": 100, "offset": 0}}),
    (lambda c: c.call("x"), CALL),
    (lambda c: c.campaigns(), {"campaigns": [CAMPAIGN]}),
    (lambda c: c.campaign("x"), {"campaign": CAMPAIGN}),
    (lambda c: c.leads("x"), {"leads": [LEAD]}),
    (lambda c: c.usage(), USAGE),
    (lambda c: c.health(), {"status": "ok", "checks": {"database": {"status": "ok"}}}),
    (lambda c: c.control_call("x", voicedock.EndCall()), {"success": True, "message": "sent"}),
]


@pytest.mark.parametrize(("ask", "data"), ASKS)
def test_nothing_but_our_errors_leaves_the_client(ask, data):
    """Whatever the status, the headers and the body."""
    refusal = st.fixed_dictionaries({"error": JSON}, optional={"message": JSON, "details": JSON, "param": JSON})
    headers = st.dictionaries(
        st.sampled_from(["Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]),
        st.sampled_from(
            [
                "0",
                "-1",
                "7",
                "x",
                "",
                "1e400",
                "9" * 30,
                "Wed, 21 Oct 9999 07:28:00 GMT",
                "é".encode().decode("latin-1"),
            ]
        ),
    )

    @FUZZ
    @given(st.sampled_from([200, 201, 204, 302, 400, 401, 404, 422, 429, 500]), mutated(data) | refusal | JSON, headers)
    def mutate(status, body, headers):
        content = json.dumps(body).encode()
        encoded = {name: value.encode("latin-1") for name, value in headers.items()}
        answer = httpx.MockTransport(lambda request: httpx.Response(status, content=content, headers=encoded))
        error = None
        with voicedock.Client("key", base_url="http://v.test", transport=answer) as client:
            try:
                ask(client)
            except voicedock.VoiceDockError as raised:
                error = raised
        if error:
            assert str(error) and error.message
            assert error.retry_after is None or error.retry_after >= 0

    mutate()


@FUZZ
@given(st.binary(max_size=40) | mutated(EVENT).map(lambda body: json.dumps(body).encode()))
def test_no_webhook_breaks_its_reading(raw):
    try:
        event = webhooks.read_event(raw)
    except Malformed:
        return
    assert webhooks.WebhookEvent.restored(json.loads(json.dumps(event.reduced()))) == event


def test_what_is_nested_without_end_is_no_trouble(client, vendor):
    deep = "[" * 600 + "]" * 600
    vendor.answer((200, json.dumps(CALL)[:-1] + f', "analysis_result": {{"a": {deep}}}}}'))
    assert client.call("x").analysis
    vendor.answer((400, f'{{"error": "No", "details": {deep}}}'))
    with pytest.raises(voicedock.Refused):
        client.call("x")
