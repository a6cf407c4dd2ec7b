"""A call lives by the clock (voicedock-api.md §5, §15)."""

from urllib.parse import quote

import pytest

from dashboard.sandbox import app, demo_data
from dashboard.sandbox.clock import ManualClock


def test_a_call_goes_from_dialing_to_its_report(sandbox, bloom, place):
    call = place(bloom, answered=False)
    assert call.startswith("call-outbound-")
    seen = [_call(bloom, call)["status"]]
    for _ in range(400):
        sandbox.advance(1)
        now = _call_in(sandbox, call)
        if now.status != seen[-1]:
            seen.append(now.status)
    assert seen == ["dialing", "connecting", "in-progress", "ended"]
    done = _call(bloom, call)
    assert 2 <= now.started_at - now.created_at <= 5
    assert 3 <= now.updated_at - now.ended_at <= 8
    assert done["caller_phone"] == "+31612340042" and done["assistant_phone"] == "+31205550142"
    assert done["summary"] and done["analysis_result"] and done["recording_url"].endswith(".wav")
    assert done["messages"][0]["role"] == "assistant"
    assert abs(done["duration_seconds"] - (now.ended_at - now.started_at)) <= 0.5


def test_the_transcript_grows_during_the_call_unless_the_option_is_off(sandbox, bloom, admin_api, place):
    call = place(bloom)
    sandbox.advance(40)
    early = _call(bloom, call)["messages"]
    sandbox.advance(40)
    assert len(_call(bloom, call)["messages"]) > len(early) > 0
    admin_api.post("/_sandbox/options", json={"live_transcript": False})
    assert _call(bloom, call)["messages"] is None
    sandbox.advance(600)
    assert _call(bloom, call)["messages"]


@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [
        ("no-answer", "failed", "no_answer"),
        ("voicemail", "ended", "assistant_ended"),
        ("error", "ended-with-error", "error"),
        ("transferred", "transferred", "transferred"),
        ("max-duration", "ended", "max_duration"),
        ("conversation", "ended", None),
    ],
)
def test_every_outcome_of_a_call(sandbox, bloom, admin_api, place, outcome, status, reason):
    admin_api.post("/_sandbox/outcomes", json={"destination": "+31612340042", "outcome": outcome})
    call = place(bloom)
    sandbox.advance(900)
    seen = _call(bloom, call)
    assert seen["status"] == status
    assert seen["end_reason"] in ((reason,) if reason else ("user_hangup", "assistant_ended"))
    assert (seen["started_at"] is None) == (outcome == "no-answer")
    assert bool(seen["error"]) == (outcome == "error")
    assert outcome != "voicemail" or "voicemail" in seen["summary"]
    assert outcome != "max-duration" or seen["duration_seconds"] == demo_data.LIMIT["max_duration_seconds"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"destination": "0612340042"}, "destination"),
        ({"destination": None}, "destination"),
        ({"assistant_id": None}, "assistant_id"),
        ({"assistant": {"llm_config": {"provider": "openai", "model": "gpt-5.4"}}}, "assistant"),
        ({"assistant_id": None, "assistant_override": {}}, "assistant_override"),
        ({"assistant_override": {"webhook_url": "ftp://x"}}, "assistant_override.webhook_url"),
        ({"assistant_id": None, "assistant": {}}, "assistant.llm_config"),
        (
            {"assistant_id": None, "assistant": {"llm_config": {"provider": "openai", "model": "gpt-5.4"}}},
            "assistant.stt_config",
        ),
        (
            {
                "assistant_id": None,
                "assistant": {
                    "llm_config": {"provider": "xai_realtime", "model": "grok-realtime-v1"},
                    "tts_config": {"provider": "xai", "voice_id": "ara"},
                },
            },
            "assistant.tts_config",
        ),
    ],
)
def test_a_wrong_request_names_the_field_and_dials_nobody(sandbox, bloom, ids, change, field):
    body = {
        "destination": "+31612340042",
        "assistant_id": ids.assistant["Recall NL"],
        "number_id": ids.number["+31205550142"],
    }
    body = {name: value for name, value in (body | change).items() if value is not None}
    answer = bloom.post("/calls/outbound", json=body)
    assert answer.status_code == 400
    assert answer.json()["details"][0].startswith(f"{field}:")
    assert sandbox.state.calls == {}


def test_without_a_number_another_active_one_is_used(agency, ids, sandbox):
    body = {"destination": "+31612340042", "assistant_id": ids.assistant["Dispatch desk"]}
    used = {agency.post("/calls/outbound", json=body).json()["call_id"] for _ in range(12)}
    numbers = {sandbox.state.calls[call].number_id for call in used}
    assert ids.number["+31105550161"] not in numbers and len(numbers) > 1


def test_old_names_still_work(bloom, ids):
    body = {
        "destination": "+31612340042",
        "agent_id": ids.assistant["Recall NL"],
        "agent_config": {"metadata": {"a": 1}},
    }
    assert bloom.post("/calls/outbound", json=body).json()["status"] == "dialing"


def test_an_empty_balance_refuses_outbound_and_rejects_inbound(sandbox, bloom, admin_api, ids):
    payer = next(
        organization for organization in sandbox.state.organizations.values() if organization.parent_org_id is None
    )
    admin_api.post(f"/_sandbox/organizations/{payer.id}", json={"minutes_balance": 0})
    body = {"destination": "+31612340042", "assistant_id": ids.assistant["Recall NL"]}
    answer = bloom.post("/calls/outbound", json=body)
    assert answer.status_code == 402 and answer.json()["balance"] == 0
    rung = admin_api.post("/_sandbox/calls/inbound", json={"number": "+31205550150"}).json()
    assert rung["status"] == "rejected"
    sandbox.advance(60)
    assert _call(bloom, rung["id"])["status"] == "rejected"


def test_an_ended_call_is_paid_by_the_parent(sandbox, bloom, agency, place):
    before = agency.get("/organizations").json()["minutes_balance"]
    call = place(bloom)
    sandbox.advance(900)
    minutes = _call(bloom, call)["duration_seconds"] / 60
    assert before - agency.get("/organizations").json()["minutes_balance"] == pytest.approx(minutes, abs=0.02)
    assert bloom.get("/usage").json()["summary"]["total_calls"] == 1


def test_inbound_rings_first_and_its_id_must_be_encoded(sandbox, bloom, admin_api):
    call = admin_api.post("/_sandbox/calls/inbound", json={"number": "+31205550150", "from": "+31612340077"}).json()
    assert call["status"] == "ringing" and call["id"].startswith("call-_+31205550150_")
    sandbox.advance(6)
    seen = _call(bloom, call["id"])
    assert (seen["status"], seen["direction"], seen["caller_phone"]) == ("in-progress", "inbound", "+31612340077")
    assert admin_api.post("/_sandbox/calls/inbound", json={"number": "+31205550158"}).status_code == 409


@pytest.mark.parametrize("status", ["in-progress", "ended", "failed", "transferred", "ended-with-error"])
def test_a_call_can_be_forced(sandbox, bloom, admin_api, place, status):
    admin_api.post("/_sandbox/options", json={"outcome": "no-answer"})
    call = place(bloom, answered=False)
    assert admin_api.post(f"/_sandbox/calls/{call}/force", json={"status": status}).status_code == 200
    assert _call(bloom, call)["status"] == status
    sandbox.advance(1200)
    assert _call(bloom, call)["status"] in (status, "ended")
    assert sandbox.state.calls_with_plan == {}


def test_the_same_seed_gives_the_same_calls():
    first, second = (app.make(seed=3, clock=ManualClock()) for _ in range(2))
    for sandbox in (first, second):
        sandbox.advance(1800)
    assert [vars(call) for call in first.state.calls.values()] == [vars(call) for call in second.state.calls.values()]


def _call(client, call_id):
    return client.get(f"/calls/{quote(call_id, safe='')}").json()


def _call_in(sandbox, call_id):
    return sandbox.state.calls[call_id]
