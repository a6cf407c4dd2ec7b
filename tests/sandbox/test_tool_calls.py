"""Tool calls: the conversation waits 10 s for the response (voicedock-api.md §11.5)."""

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
    return [message["content"] for message in call.messages if message["role"] == "assistant"]


@pytest.mark.parametrize(
    "response",
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
def test_the_assistant_speaks_the_result_of_the_tool(sandbox, recording_receiver, receive_call, response):
    with_tool(sandbox)
    recording_receiver.response = response
    spoken = talk(sandbox, receive_call(outcome="conversation"))
    assert any("Smith" in sentence for sentence in spoken)
    _, _, _, message, _ = recording_receiver.of("tool-calls")[0]
    (tool_call,) = message["tool_call_list"]
    arguments = tool_call["function"]["arguments"]
    assert (tool_call["type"], tool_call["function"]["name"]) == ("function", "lookup_customer")
    assert arguments["caller_number"] == "+31612340077" and arguments["limit"] == 1
    assert (arguments["kind"], arguments["exact"]) == ("new", True) and arguments["query"]


@pytest.mark.parametrize("response", [{"error": "database is down"}, b"<html>", {"results": [{"error": "no"}]}])
def test_the_assistant_speaks_that_a_tool_failed(sandbox, recording_receiver, receive_call, response):
    with_tool(sandbox)
    recording_receiver.response = response
    spoken = talk(sandbox, receive_call(outcome="conversation"))
    assert set(spoken) & set(blocking_webhooks.TOOL_FAILED.values()) and not any(
        "database" in sentence for sentence in spoken
    )


def test_a_call_waits_ten_seconds_for_a_tool(sandbox, recording_receiver, receive_call):
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


def test_a_quick_response_ends_the_wait(sandbox, recording_receiver, admin_api):
    """The same call with a tool that answers at once, and without one, end within the time of one sentence."""
    lengths = []
    for response in (None, {"result": "Smith"}):
        simulation = app.make(seed=7, clock=ManualClock(), dataset="small", deliver=recording_receiver)
        if response:
            with_tool(simulation)
        recording_receiver.response = response
        with inprocess.client(simulation) as client:
            body = {"number": NUMBER, "from": "+31612340077", "outcome": "conversation"}
            call = simulation.state.calls[client.post("/_sandbox/calls/inbound", json=body).json()["id"]]
        talk(simulation, call, 400)
        lengths.append(call.seconds)
    assert 0 <= lengths[1] - lengths[0] <= 6


def test_an_async_tool_is_not_waited_for(sandbox, recording_receiver, receive_call):
    with_tool(sandbox, **{"async": True})
    recording_receiver.response = {"result": "Smith"}
    spoken = talk(sandbox, receive_call(outcome="conversation"))
    assert recording_receiver.of("tool-calls") and not any("Smith" in sentence for sentence in spoken)


def test_the_most_specific_url_is_used(sandbox, recording_receiver, receive_call, admin_api):
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


def test_dutch_and_english_are_distinguished():
    assert language_of([{"content": "Goedemorgen, ik bel u voor een afspraak op maandag."}]) == "nl"
    assert language_of([{"content": "Good morning, I am calling about the appointment on Monday."}]) == "en"
