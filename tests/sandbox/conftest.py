"""A small sandbox on a clock that is moved by hand, and clients with the demo's keys."""

from types import SimpleNamespace

import pytest

from dashboard.sandbox import app, inprocess
from dashboard.sandbox.clock import ManualClock
from tests.sandbox import scenes
from tests.sandbox.receiver import LINE, Asked


@pytest.fixture
def sent():
    """Webhooks that went out: (url, headers, body)."""
    return []


@pytest.fixture
def receiver(sent):
    """Whom webhooks reach, and who may answer them."""
    return lambda *webhook: sent.append(webhook)


@pytest.fixture
def sandbox(receiver):
    return app.make(seed=7, clock=ManualClock(), world="small", deliver=receiver)


@pytest.fixture
def bloom(sandbox):
    with inprocess.client(sandbox, "sandbox-bloom", timeout=8) as client:
        yield client


@pytest.fixture
def agency(sandbox):
    with inprocess.client(sandbox, "sandbox-agency", timeout=8) as client:
        yield client


@pytest.fixture
def levers(sandbox):
    with inprocess.client(sandbox) as client:
        yield client


@pytest.fixture
def ids(sandbox):
    """Ids by name: `ids.assistant["Recall NL"]`, `ids.number["+31205550142"]`."""
    return SimpleNamespace(
        assistant={one.name: one.id for one in sandbox.world.assistants.values()},
        number={one.phone_number: one.id for one in sandbox.world.numbers.values()},
    )


@pytest.fixture
def place(sandbox, ids):
    """Place a call and let it be answered; gives its id."""

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
def _furnished():
    return scenes.furnished()


@pytest.fixture(scope="session")
def scene(_furnished):
    """`with scene() as here:` is a world of its own with something of everything, for tests that need many."""
    return lambda: scenes.opened(_furnished)


@pytest.fixture
def asked():
    return Asked()


@pytest.fixture
def ring(sandbox, levers):
    def ring(**more):
        answer = levers.post("/_sandbox/calls/inbound", json={"number": LINE, "from": "+31612340077", **more})
        assert answer.status_code == 201, answer.text
        return sandbox.world.calls[answer.json()["id"]]

    return ring
