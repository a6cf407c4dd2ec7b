"""Who takes an inbound call: VoiceDock asks, and waits 5 s (voicedock-api.md §11.2)."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from dashboard.sandbox import app, blocking_webhooks, inprocess
from dashboard.sandbox.clock import ManualClock
from dashboard.sandbox.webhooks import sign
from tests.patience import PATIENCE
from tests.sandbox.webhook_receiver import NUMBER, WEBHOOK_URL, configure


@pytest.fixture
def receiver(recording_receiver):
    return recording_receiver


def test_a_call_rings_until_the_assistant_request_is_answered(sandbox, recording_receiver, receive_call):
    configure(sandbox, webhook_url=WEBHOOK_URL, webhook_secret="quiet")
    call = receive_call()
    (_, url, headers, message, body), *more = recording_receiver.of("assistant-request")
    assert (
        not more
        and url == WEBHOOK_URL
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
    assert call.status == "ringing" and not call.pending_webhook
    sandbox.advance(6)
    assert call.status == "in-progress"


def test_an_empty_response_ends_the_wait(sandbox, recording_receiver, receive_call):
    assistant, recording_receiver.response = configure(sandbox, webhook_url=WEBHOOK_URL), {}
    call = receive_call()
    sandbox.advance(5.1)
    assert call.status == "in-progress" and call.assistant_id == assistant.id


@pytest.mark.parametrize("nonsense", [b"<html>", b"", b"[1]", b'{"assistant_id": "nobody"}', b'{"assistant": 3}'])
def test_an_invalid_response_leaves_the_default_assistant(sandbox, recording_receiver, receive_call, nonsense):
    assistant, recording_receiver.response = configure(sandbox, webhook_url=WEBHOOK_URL), nonsense
    call = receive_call()
    sandbox.advance(5.1)
    assert call.status == "in-progress" and call.assistant_id == assistant.id


def test_an_error_is_spoken_and_rejects_the_call(sandbox, recording_receiver, receive_call, bloom):
    configure(sandbox, webhook_url=WEBHOOK_URL)
    recording_receiver.response = {"error": "We are closed until Monday, please call again then."}
    call = receive_call()
    assert call.status == "ringing"
    sandbox.advance(5)
    assert (call.status, call.started_at) == ("rejected", None) and "closed until Monday" in call.end_reason
    assert not recording_receiver.of("end-of-call-report")


def test_a_response_may_name_another_assistant(sandbox, recording_receiver, receive_call):
    configure(sandbox, webhook_url=WEBHOOK_URL)
    same_org = [
        assistant for assistant in sandbox.state.assistants.values() if assistant.org_id == configure(sandbox).org_id
    ]
    other = next(assistant for assistant in same_org if assistant.id != configure(sandbox).id)
    recording_receiver.response = {
        "assistant_id": other.id,
        "assistant_override": {"first_message": "This is the night desk."},
    }
    call = receive_call()
    sandbox.advance(8)
    assert call.assistant_id == other.id and call.messages[0]["content"] == "This is the night desk."


def test_a_response_may_hold_a_transient_assistant(sandbox, recording_receiver, receive_call):
    configure(sandbox, webhook_url=WEBHOOK_URL)
    recording_receiver.response = {"assistant": {"name": "Only once", "first_message": "Hello from nowhere."}}
    call = receive_call()
    sandbox.advance(8)
    assert (call.assistant_id, call.assistant_name) == (None, "Only once")
    assert call.messages[0]["content"] == "Hello from nowhere."


def test_a_response_may_limit_the_duration(sandbox, recording_receiver, receive_call):
    configure(sandbox, webhook_url=WEBHOOK_URL)
    recording_receiver.response = {"max_duration_seconds": 20}
    call = receive_call(seconds=300)
    sandbox.advance(60)
    assert (call.status, call.end_reason, call.seconds) == ("ended", "max_duration", 20)


def test_a_late_response_has_no_effect(sandbox, receive_call):
    configure(sandbox, webhook_url=WEBHOOK_URL)
    call = receive_call()
    question = call.pending_webhook["id"]
    sandbox.advance(5.5)
    blocking_webhooks.receive_response(sandbox.state, call.id, question, {"error": "too late"}, sandbox.clock.now())
    sandbox.advance(8)
    assert call.status == "in-progress"


def test_an_assistant_without_the_event_gets_no_request(sandbox, recording_receiver, receive_call):
    configure(sandbox, webhook_url=WEBHOOK_URL, webhook_events=["status-update"])
    call = receive_call()
    sandbox.advance(5.1)
    assert call.status == "in-progress" and not recording_receiver.of("assistant-request")


def test_a_number_without_an_assistant_uses_the_webhook_of_the_account(
    sandbox, recording_receiver, admin_api, receive_call
):
    number = next(number for number in sandbox.state.numbers.values() if number.phone_number == NUMBER)
    number.agent_id = None
    assert admin_api.post("/_sandbox/calls/inbound", json={"number": NUMBER}).status_code == 409
    admin_api.post(f"/_sandbox/organizations/{number.org_id}", json={"webhook_url": "http://account/hook"})
    recording_receiver.response = {"assistant": {"name": "From afar", "first_message": "Hello."}}
    call = receive_call()
    sandbox.advance(8)
    assert (
        recording_receiver.of("assistant-request")[0][1] == "http://account/hook" and call.assistant_name == "From afar"
    )


def test_the_response_of_a_receiver_on_the_network_is_used():
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
    simulation, received = app.make(seed=7, clock=ManualClock(), dataset="small"), threading.Event()
    original = simulation.webhook_sender.on_response

    def on_response(event, body):
        original(event, body)
        received.set()

    simulation.webhook_sender.on_response = on_response
    configure(
        simulation,
        webhook_url=f"http://127.0.0.1:{server.server_address[1]}/hook",
        webhook_events=["assistant-request"],
    )
    try:
        with inprocess.client(simulation) as client:
            call = simulation.state.calls[client.post("/_sandbox/calls/inbound", json={"number": NUMBER}).json()["id"]]
        assert received.wait(PATIENCE)
        simulation.advance(5)
        assert call.status == "rejected"
    finally:
        server.shutdown()
        server.server_close()
