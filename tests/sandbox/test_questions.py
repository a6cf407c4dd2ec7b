"""What the sandbox asks and waits for: who takes an inbound call (5 s), what a tool says (10 s); §11.2, §11.5."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from dashboard.sandbox import app, inprocess, questions
from dashboard.sandbox.clock import ManualClock
from dashboard.sandbox.conversations import language_of
from dashboard.sandbox.webhooks import sign

LINE = "+31205550142"
HOOK = "http://here/hook"


class Asked:
    """A receiver: what it was asked, and what it answers (None: nothing at all, as one that hangs)."""

    def __init__(self):
        self.heard, self.says = [], None

    def __call__(self, url, headers, body):
        name = headers["X-Webhook-Event"]
        self.heard.append((name, url, headers, json.loads(body)["message"], body))
        if name not in questions.PATIENCE or self.says is None:
            return None
        said = self.says(self.heard[-1][3]) if callable(self.says) else self.says
        return said if isinstance(said, bytes) else json.dumps(said).encode()

    def of(self, name):
        return [one for one in self.heard if one[0] == name]


@pytest.fixture
def asked():
    return Asked()


@pytest.fixture
def sandbox(asked):
    return app.make(seed=7, clock=ManualClock(), world="small", deliver=asked)


def settle(sandbox, **settings):
    """Give the assistant behind the line these settings; gives it."""
    number = next(one for one in sandbox.world.numbers.values() if one.phone_number == LINE)
    assistant = sandbox.world.assistants[number.agent_id]
    assistant.settings |= settings
    return assistant


@pytest.fixture
def ring(sandbox, levers):
    def ring(**more):
        answer = levers.post("/_sandbox/calls/inbound", json={"number": LINE, "from": "+31612340077", **more})
        assert answer.status_code == 201, answer.text
        return sandbox.world.calls[answer.json()["id"]]

    return ring


# Who takes it


def test_the_call_rings_until_somebody_says_who_takes_it(sandbox, asked, ring):
    settle(sandbox, webhook_url=HOOK, webhook_secret="quiet")
    call = ring()
    (_, url, headers, message, body), *more = asked.of("assistant-request")
    assert (
        not more
        and url == HOOK
        and message["call"]
        == {
            "id": call.id,
            "type": "inbound_phone_call",
            "status": "ringing",
        }
    )
    assert headers["X-Webhook-Signature"] == sign("quiet", headers["X-Webhook-Timestamp"], body)
    sandbox.advance(4.9)
    assert call.status == "ringing"
    sandbox.advance(0.2)  # the five seconds are over: as if nobody had been asked
    assert call.status == "ringing" and not call.question
    sandbox.advance(6)
    assert call.status == "in-progress"


def test_an_empty_answer_changes_nothing_but_comes_sooner(sandbox, asked, ring):
    assistant, asked.says = settle(sandbox, webhook_url=HOOK), {}
    call = ring()
    sandbox.advance(5.1)
    assert call.status == "in-progress" and call.assistant_id == assistant.id


@pytest.mark.parametrize("nonsense", [b"<html>", b"", b"[1]", b'{"assistant_id": "nobody"}', b'{"assistant": 3}'])
def test_an_answer_that_is_none_is_the_default(sandbox, asked, ring, nonsense):
    assistant, asked.says = settle(sandbox, webhook_url=HOOK), nonsense
    call = ring()
    sandbox.advance(5.1)
    assert call.status == "in-progress" and call.assistant_id == assistant.id


def test_a_refusal_is_spoken_and_the_call_is_over(sandbox, asked, ring, bloom):
    settle(sandbox, webhook_url=HOOK)
    asked.says = {"error": "We are closed until Monday, please call again then."}
    call = ring()
    assert call.status == "ringing"
    sandbox.advance(5)
    assert (call.status, call.started_at) == ("rejected", None) and "closed until Monday" in call.end_reason
    assert not asked.of("end-of-call-report")


def test_another_assistant_takes_it(sandbox, asked, ring):
    settle(sandbox, webhook_url=HOOK)
    here = [one for one in sandbox.world.assistants.values() if one.org_id == settle(sandbox).org_id]
    other = next(one for one in here if one.id != settle(sandbox).id)
    asked.says = {"assistant_id": other.id, "assistant_override": {"first_message": "This is the night desk."}}
    call = ring()
    sandbox.advance(8)
    assert call.assistant_id == other.id and call.messages[0]["content"] == "This is the night desk."


def test_one_made_for_this_call_takes_it(sandbox, asked, ring):
    settle(sandbox, webhook_url=HOOK)
    asked.says = {"assistant": {"name": "Only once", "first_message": "Hello from nowhere."}}
    call = ring()
    sandbox.advance(8)
    assert (call.assistant_id, call.assistant_name) == (None, "Only once")
    assert call.messages[0]["content"] == "Hello from nowhere."


def test_it_may_last_shorter(sandbox, asked, ring):
    settle(sandbox, webhook_url=HOOK)
    asked.says = {"max_duration_seconds": 20}
    call = ring(seconds=300)
    sandbox.advance(60)
    assert (call.status, call.end_reason, call.seconds) == ("ended", "max_duration", 20)


def test_an_answer_that_comes_too_late_is_not_heard(sandbox, ring):
    settle(sandbox, webhook_url=HOOK)
    call = ring()
    question = call.question["id"]
    sandbox.advance(5.5)
    questions.answered(sandbox.world, call.id, question, {"error": "too late"}, sandbox.clock.now())
    sandbox.advance(8)
    assert call.status == "in-progress"


def test_who_does_not_want_to_be_asked_is_not(sandbox, asked, ring):
    settle(sandbox, webhook_url=HOOK, webhook_events=["status-update"])
    call = ring()
    sandbox.advance(5.1)
    assert call.status == "in-progress" and not asked.of("assistant-request")


def test_a_number_without_an_assistant_asks_the_account(sandbox, asked, levers, ring):
    number = next(one for one in sandbox.world.numbers.values() if one.phone_number == LINE)
    number.agent_id = None
    assert levers.post("/_sandbox/calls/inbound", json={"number": LINE}).status_code == 409
    levers.post(f"/_sandbox/organizations/{number.org_id}", json={"webhook_url": "http://account/hook"})
    asked.says = {"assistant": {"name": "From afar", "first_message": "Hello."}}
    call = ring()
    sandbox.advance(8)
    assert asked.of("assistant-request")[0][1] == "http://account/hook" and call.assistant_name == "From afar"


# What a tool says

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


# Over a real socket


def test_a_receiver_s_answer_counts_over_the_network():
    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            body = b'{"error": "We are closed."}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here, told = app.make(seed=7, clock=ManualClock(), world="small"), threading.Event()
    real = here.postman.heard

    def heard(event, said):
        real(event, said)
        told.set()

    here.postman.heard = heard
    settle(here, webhook_url=f"http://127.0.0.1:{server.server_address[1]}/hook", webhook_events=["assistant-request"])
    try:
        with inprocess.client(here) as client:
            call = here.world.calls[client.post("/_sandbox/calls/inbound", json={"number": LINE}).json()["id"]]
        assert told.wait(10)
        here.advance(5)
        assert call.status == "rejected"
    finally:
        server.shutdown()
        server.server_close()
