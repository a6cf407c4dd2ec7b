"""A furnished world to be copied, clients in it, and ways to ask them."""

import copy
import pickle
from contextlib import ExitStack
from types import SimpleNamespace
from urllib.parse import quote

from dashboard.sandbox import app, inprocess
from dashboard.sandbox.clock import ManualClock
from tests.sandbox.test_operations import OPERATIONS, furnish

START = 1_790_000_000.0
OURS = (("bloom", "+31205550142", "Recall NL"), ("agency", "+31105550161", "Dispatch desk"))
LISTS = sorted({path for method, path, *_ in OPERATIONS if method == "GET" and "{" not in path and path != "/health"})


class Scene(ExitStack):
    """A sandbox with a client of each of its two organizations; `there` are ids of things by their names."""

    def __init__(self, sandbox, there=None):
        super().__init__()
        self.sandbox, self.there = sandbox, there
        self.bloom = self.enter_context(inprocess.client(sandbox, "sandbox-bloom", timeout=8))
        self.agency = self.enter_context(inprocess.client(sandbox, "sandbox-agency", timeout=8))


def small(world="small", at=START):
    return app.make(seed=7, clock=ManualClock(at), world=world, deliver=lambda *_: None)


def furnished():
    """Something of everything for both organizations, and a live call each."""
    with Scene(small()) as scene:
        world, there = scene.sandbox.world, {}
        for name, phone, title in OURS:
            client = getattr(scene, name)
            assistant = next(one.id for one in world.assistants.values() if one.name == title)
            number = next(one.id for one in world.numbers.values() if one.phone_number == phone)
            body = {"destination": "+31612340042", "assistant_id": assistant, "number_id": number}
            there[name] = furnish(client, assistant, number)
            there[name]["call"] = client.post("/calls/outbound", json=body).json()["call_id"]
        scene.sandbox.advance(6)
        return SimpleNamespace(world=world, there=there)


def opened(furnished):
    """A fresh copy of it."""
    return Scene(small(copy.deepcopy(furnished.world), START + 6), furnished.there)


def ask(client, there, method, path, body, query):
    url = path.format(**{name: quote(key, safe="") for name, key in there.items()})
    return client.request(method, url, json=filled(body, there) if method != "GET" else None, params=query)


def filled(body, there):
    """With ids in place of their names in braces."""
    if not isinstance(body, dict):
        return body
    names = {f"{{{name}}}": key for name, key in there.items()}
    return {name: names.get(value, value) if isinstance(value, str) else value for name, value in body.items()}


def live_on(sandbox):
    """A day passes in which every campaign may dial."""
    sandbox.advance(90)
    for campaign in sandbox.world.campaigns.values():
        campaign.status = "scheduled" if campaign.status == "draft" else campaign.status
        campaign.next_at = sandbox.clock.now()
    sandbox.advance(86_400)
    assert all(not one.live for one in sandbox.world.calls.values() if one.created_at < sandbox.clock.now() - 43_200)


def written(sandbox):
    """All there is, to the letter."""
    return pickle.dumps(sandbox.world)


def seen_by(client):
    """Everything this client can list, but the balance, which all calls of its parent lower."""
    return [client.get(path).json() for path in LISTS if path not in ("/organizations", "/account")]
