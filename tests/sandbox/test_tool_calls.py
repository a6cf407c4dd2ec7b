"""What a tool says: VoiceDock asks, and the talk waits 10 s for it (voicedock-api.md §11.5)."""

import pytest

from dashboard.sandbox import app, blocking_webhooks, inprocess
from dashboard.sandbox.clock import ManualClock
from dashboard.sandbox.conversations import language_of
from dashboard.sandbox.webhooks import sign
from tests.sandbox.webhook_receiver import NUMBER, WEBHOOK_URL, configure


@pytest.fixture
def receiver(recording_receiver):
    return recording_receiver


TOOL = {
    "name": "lookup_customer",
    "description": "Finds a customer",
    "parameters": {
        "type": "object",
        "properties": {
            "query": {"type": "string"},
            "caller_number": {"type": "string"},
            "limit": {"type": "integer"},
            "kind": {"type": "string", "enum": ["new", "known"]},
            "exact": {"type": "boolean"},
        },
    },
}


def with_tool(sandbox, **more):
    assistant = configure(sandbox, webhook_url=WEBHOOK_URL, webhook_events=["tool-calls"])
    assistant.settings["llm_config"] = assistant.settings["llm_config"] | {"tools": [TOOL | more]}
    return assistant


def talk(sandbox, call, seconds=80):
    for _ in range(seconds):
        sandbox.advance(1)
    return [one["content"] for one in call.messages if one["role"] == "assistant"]


@pytest.mark.parametrize(
    "says",
    [
        lambda message: {
            "results": [{"tool_call_id": message["tool_call_list"][0]["id"], "result": {"name": "Smith"}}]
        },
        {"result": {"name": "Smith"}},
        {"name": "Smith"},
        {"result": "Smith"},
    ],
    ids=["results", "result", "bare", "text"],
)
def test_the_talk_uses_what_the_tool_found(sandbox, recording_receiver, receive_call, says):
    with_tool(sandbox)
    recording_receiver.response = says
    said = talk(sandbox, receive_call(outcome="conversation"))
    assert any("Smith" in one for one in said)
    _, _, _, message, _ = recording_receiver.of("tool-calls")[0]
    (one,) = message["tool_call_list"]
    arguments = one["function"]["arguments"]
    assert (one["type"], one["function"]["name"]) == ("function", "lookup_customer")
    assert arguments["caller_number"] == "+31612340077" and arguments["limit"] == 1
    assert (arguments["kind"], arguments["exact"]) == ("new", True) and arguments["query"]


@pytest.mark.parametrize("says", [{"error": "database is down"}, b"<html>", {"results": [{"error": "no"}]}])
def test_a_tool_that_fails_is_told_in_words(sandbox, recording_receiver, receive_call, says):
    with_tool(sandbox)
    recording_receiver.response = says
    said = talk(sandbox, receive_call(outcome="conversation"))
    assert set(said) & set(blocking_webhooks.TOOL_FAILED.values()) and not any("database" in one for one in said)


def test_the_talk_waits_ten_seconds_and_then_goes_on(sandbox, recording_receiver, receive_call):
    with_tool(sandbox)
    call = receive_call(outcome="conversation")
    while not call.pending_webhook:
        sandbox.advance(0.5)
    began, words = sandbox.clock.now(), len(call.messages)
    sandbox.advance(9)
    assert len(call.messages) == words and call.pending_webhook["until"] - began <= 10
    sandbox.advance(2)
    assert call.messages[words]["content"] in blocking_webhooks.TOOL_FAILED.values()
    talk(sandbox, call, 200)
    assert call.status == "ended" and len(call.messages) > words + 1


def test_a_quick_answer_costs_no_ten_seconds(sandbox, recording_receiver, admin_api):
    """The same call with a tool that answers at once, and without one, end within the time of one sentence."""
    lengths = []
    for says in (None, {"result": "Smith"}):
        here = app.make(seed=7, clock=ManualClock(), dataset="small", deliver=recording_receiver)
        if says:
            with_tool(here)
        recording_receiver.response = says
        with inprocess.client(here) as client:
            body = {"number": NUMBER, "from": "+31612340077", "outcome": "conversation"}
            call = here.state.calls[client.post("/_sandbox/calls/inbound", json=body).json()["id"]]
        talk(here, call, 400)
        lengths.append(call.seconds)
    assert 0 <= lengths[1] - lengths[0] <= 6


def test_an_async_tool_is_not_waited_for(sandbox, recording_receiver, receive_call):
    with_tool(sandbox, **{"async": True})
    recording_receiver.response = {"result": "Smith"}
    said = talk(sandbox, receive_call(outcome="conversation"))
    assert recording_receiver.of("tool-calls") and not any("Smith" in one for one in said)


def test_the_most_specific_address_is_asked(sandbox, recording_receiver, receive_call, admin_api):
    """Tool, then assistant, then account (§11.1); a tool's own secret signs."""
    assistant = with_tool(sandbox, server={"url": "http://tool/hook", "secret": "of the tool"})
    talk(sandbox, receive_call(outcome="conversation"))
    _, url, headers, _, body = recording_receiver.of("tool-calls")[-1]
    assert url == "http://tool/hook"
    assert headers["X-Webhook-Signature"] == sign("of the tool", headers["X-Webhook-Timestamp"], body)
    with_tool(sandbox)
    talk(sandbox, receive_call(outcome="conversation"))
    assert recording_receiver.of("tool-calls")[-1][1] == WEBHOOK_URL
    assistant.settings |= {"webhook_url": None}
    admin_api.post(f"/_sandbox/organizations/{assistant.org_id}", json={"webhook_url": "http://account/hook"})
    talk(sandbox, receive_call(outcome="conversation"))
    assert recording_receiver.of("tool-calls")[-1][1] == "http://account/hook"


def test_dutch_is_told_from_english():
    assert language_of([{"content": "Goedemorgen, ik bel u voor een afspraak op maandag."}]) == "nl"
    assert language_of([{"content": "Good morning, I am calling about the appointment on Monday."}]) == "en"
