"""A small sandbox on a clock that is moved by hand, and clients with the demo's keys."""

from types import SimpleNamespace

import pytest

from dashboard.sandbox import app, inprocess
from dashboard.sandbox.clock import ManualClock
from tests.sandbox import populated_sandbox as populated
from tests.sandbox.webhook_receiver import NUMBER, RecordingReceiver


@pytest.fixture
def sent_webhooks():
    """Webhooks that were sent: (url, headers, body)."""
    return []


@pytest.fixture
def receiver(sent_webhooks):
    """Receives the webhooks; its return value is the response."""
    return lambda *webhook: sent_webhooks.append(webhook)


@pytest.fixture
def sandbox(receiver):
    return app.make(seed=7, clock=ManualClock(), dataset="small", deliver=receiver)


@pytest.fixture
def bloom(sandbox):
    with inprocess.client(sandbox, "sandbox-bloom", timeout=8) as client:
        yield client


@pytest.fixture
def agency(sandbox):
    with inprocess.client(sandbox, "sandbox-agency", timeout=8) as client:
        yield client


@pytest.fixture
def admin_api(sandbox):
    with inprocess.client(sandbox) as client:
        yield client


@pytest.fixture
def ids(sandbox):
    """Ids by name: `ids.assistant["Recall NL"]`, `ids.number["+31205550142"]`."""
    return SimpleNamespace(
        assistant={assistant.name: assistant.id for assistant in sandbox.state.assistants.values()},
        number={number.phone_number: number.id for number in sandbox.state.numbers.values()},
    )


@pytest.fixture
def place(sandbox, ids):
    """Place a call and wait until it is answered; returns its id."""

    def place(client, assistant="Recall NL", number="+31205550142", answered=True, **more):
        body = {
            "destination": "+31612340042",
            "assistant_id": ids.assistant[assistant],
            "number_id": ids.number[number],
        }
        call_id = client.post("/calls/outbound", json=body | more).json()["call_id"]
        sandbox.advance(6 if answered else 0)
        return call_id

    return place


@pytest.fixture(scope="session")
def _populated():
    return populated.populate()


@pytest.fixture(scope="session")
def populated_sandbox(_populated):
    """`with populated_sandbox() as populated:` gives a copy with records of every kind, for tests that need many."""
    return lambda: populated.copy_of(_populated)


@pytest.fixture
def recording_receiver():
    return RecordingReceiver()


@pytest.fixture
def receive_call(sandbox, admin_api):
    def receive_call(**more):
        answer = admin_api.post("/_sandbox/calls/inbound", json={"number": NUMBER, "from": "+31612340077", **more})
        assert answer.status_code == 201, answer.text
        return sandbox.state.calls[answer.json()["id"]]

    return receive_call
