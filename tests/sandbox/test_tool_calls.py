"""What a tool says: VoiceDock asks, and the talk waits 10 s for it (voicedock-api.md §11.5)."""

import pytest

from dashboard.sandbox import app, inprocess, questions
from dashboard.sandbox.clock import ManualClock
from dashboard.sandbox.conversations import language_of
from dashboard.sandbox.webhooks import sign
from tests.sandbox.receiver import HOOK, LINE, settle


@pytest.fixture
def receiver(asked):
    return asked


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
    assistant = settle(sandbox, webhook_url=HOOK, webhook_events=["tool-calls"])
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
def test_the_talk_uses_what_the_tool_found(sandbox, asked, ring, says):
    with_tool(sandbox)
    asked.says = says
    said = talk(sandbox, ring(outcome="conversation"))
    assert any("Smith" in one for one in said)
    _, _, _, message, _ = asked.of("tool-calls")[0]
    (one,) = message["tool_call_list"]
    arguments = one["function"]["arguments"]
    assert (one["type"], one["function"]["name"]) == ("function", "lookup_customer")
    assert arguments["caller_number"] == "+31612340077" and arguments["limit"] == 1
    assert (arguments["kind"], arguments["exact"]) == ("new", True) and arguments["query"]


@pytest.mark.parametrize("says", [{"error": "database is down"}, b"<html>", {"results": [{"error": "no"}]}])
def test_a_tool_that_fails_is_told_in_words(sandbox, asked, ring, says):
    with_tool(sandbox)
    asked.says = says
    said = talk(sandbox, ring(outcome="conversation"))
    assert set(said) & set(questions.SORRY.values()) and not any("database" in one for one in said)


def test_the_talk_waits_ten_seconds_and_then_goes_on(sandbox, asked, ring):
    with_tool(sandbox)
    call = ring(outcome="conversation")
    while not call.question:
        sandbox.advance(0.5)
    began, words = sandbox.clock.now(), len(call.messages)
    sandbox.advance(9)
    assert len(call.messages) == words and call.question["until"] - began <= 10
    sandbox.advance(2)
    assert call.messages[words]["content"] in questions.SORRY.values()
    talk(sandbox, call, 200)
    assert call.status == "ended" and len(call.messages) > words + 1


def test_a_quick_answer_costs_no_ten_seconds(sandbox, asked, levers):
    """The same call with a tool that answers at once, and without one, end within the time of one sentence."""
    lengths = []
    for says in (None, {"result": "Smith"}):
        here = app.make(seed=7, clock=ManualClock(), world="small", deliver=asked)
        if says:
            with_tool(here)
        asked.says = says
        with inprocess.client(here) as client:
            body = {"number": LINE, "from": "+31612340077", "outcome": "conversation"}
            call = here.world.calls[client.post("/_sandbox/calls/inbound", json=body).json()["id"]]
        talk(here, call, 400)
        lengths.append(call.seconds)
    assert 0 <= lengths[1] - lengths[0] <= 6


def test_an_async_tool_is_not_waited_for(sandbox, asked, ring):
    with_tool(sandbox, **{"async": True})
    asked.says = {"result": "Smith"}
    said = talk(sandbox, ring(outcome="conversation"))
    assert asked.of("tool-calls") and not any("Smith" in one for one in said)


def test_the_most_specific_address_is_asked(sandbox, asked, ring, levers):
    """Tool, then assistant, then account (§11.1); a tool's own secret signs."""
    assistant = with_tool(sandbox, server={"url": "http://tool/hook", "secret": "of the tool"})
    talk(sandbox, ring(outcome="conversation"))
    _, url, headers, _, body = asked.of("tool-calls")[-1]
    assert url == "http://tool/hook"
    assert headers["X-Webhook-Signature"] == sign("of the tool", headers["X-Webhook-Timestamp"], body)
    with_tool(sandbox)
    talk(sandbox, ring(outcome="conversation"))
    assert asked.of("tool-calls")[-1][1] == HOOK
    assistant.settings |= {"webhook_url": None}
    levers.post(f"/_sandbox/organizations/{assistant.org_id}", json={"webhook_url": "http://account/hook"})
    talk(sandbox, ring(outcome="conversation"))
    assert asked.of("tool-calls")[-1][1] == "http://account/hook"


def test_dutch_is_told_from_english():
    assert language_of([{"content": "Goedemorgen, ik bel u voor een afspraak op maandag."}]) == "nl"
    assert language_of([{"content": "Good morning, I am calling about the appointment on Monday."}]) == "en"
