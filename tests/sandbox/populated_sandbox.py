"""A populated sandbox that tests copy, clients of its organizations, and requests to them."""

import copy
import pickle
from contextlib import ExitStack
from types import SimpleNamespace
from urllib.parse import quote

from dashboard.sandbox import app, inprocess
from dashboard.sandbox.clock import ManualClock
from tests.sandbox.test_operations import OPERATIONS, make_resources

START = 1_790_000_000.0
ORGANIZATIONS = (("bloom", "+31205550142", "Recall NL"), ("agency", "+31105550161", "Dispatch desk"))
LISTS = sorted({path for method, path, *_ in OPERATIONS if method == "GET" and "{" not in path and path != "/health"})


class PopulatedSandbox(ExitStack):
    """A sandbox with a client for each of its two organizations; `ids` has ids of records by organization and name."""

    def __init__(self, sandbox, ids=None):
        super().__init__()
        self.sandbox, self.ids = sandbox, ids
        self.bloom = self.enter_context(inprocess.client(sandbox, "sandbox-bloom", timeout=8))
        self.agency = self.enter_context(inprocess.client(sandbox, "sandbox-agency", timeout=8))


def small(dataset="small", at=START):
    return app.make(seed=7, clock=ManualClock(at), dataset=dataset, deliver=lambda *_: None)


def populate():
    """Create a record of every kind and a live call for each organization; returns the state and the ids."""
    with PopulatedSandbox(small()) as populated:
        state, ids = populated.sandbox.state, {}
        for name, phone, assistant_name in ORGANIZATIONS:
            client = getattr(populated, name)
            assistant = next(
                assistant.id for assistant in state.assistants.values() if assistant.name == assistant_name
            )
            number = next(number.id for number in state.numbers.values() if number.phone_number == phone)
            body = {"destination": "+31612340042", "assistant_id": assistant, "number_id": number}
            ids[name] = make_resources(client, assistant, number)
            ids[name]["call"] = client.post("/calls/outbound", json=body).json()["call_id"]
        populated.sandbox.advance(6)
        return SimpleNamespace(state=state, ids=ids)


def copy_of(original):
    """A sandbox of its own with a copy of the state that `populate` returned."""
    return PopulatedSandbox(small(copy.deepcopy(original.state), START + 6), original.ids)


def send(client, ids, method, path, body, query):
    url = path.format(**{name: quote(key, safe="") for name, key in ids.items()})
    return client.request(method, url, json=filled(body, ids) if method != "GET" else None, params=query)


def filled(body, ids):
    """The body with ids in place of names in braces."""
    if not isinstance(body, dict):
        return body
    names = {f"{{{name}}}": key for name, key in ids.items()}
    return {name: names.get(value, value) if isinstance(value, str) else value for name, value in body.items()}


def pass_a_day(sandbox):
    """Let a day pass in which every campaign may dial."""
    sandbox.advance(90)
    for campaign in sandbox.state.campaigns.values():
        campaign.status = "scheduled" if campaign.status == "draft" else campaign.status
        campaign.next_at = sandbox.clock.now()
    sandbox.advance(86_400)
    old = [call for call in sandbox.state.calls.values() if call.created_at < sandbox.clock.now() - 43_200]
    assert not any(call.live for call in old)


def state_bytes(sandbox):
    """The whole state as bytes, to compare."""
    return pickle.dumps(sandbox.state)


def visible_to(client):
    """Everything that this client can list, except the balance, which all calls of its parent lower."""
    return [client.get(path).json() for path in LISTS if path not in ("/organizations", "/account")]
