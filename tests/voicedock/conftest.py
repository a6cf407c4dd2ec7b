"""A VoiceDock that answers what the test says, and remembers what it was asked; nobody waits before asking again."""

import json

import httpx
import pytest
import stamina

from dashboard import voicedock

BASE = "https://voicedock.test/api/v1"
KEY = "opaque-canary"


@pytest.fixture(autouse=True)
def _no_waits():
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


class Vendor:
    """`answers` are given in turn, the last one for ever: a response, (status, body), a body, or an error to raise."""

    def __init__(self):
        self.answers, self.requests = [{}], []

    def __call__(self, request):
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return answer
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        return httpx.Response(status, **{"text" if isinstance(body, str) else "json": body})

    def answer(self, *answers):
        self.answers = list(answers)

    @property
    def asked(self):
        """ "GET /calls?limit=5" for each request."""
        return [f"{one.method} {one.url.raw_path.decode().removeprefix('/api/v1')}" for one in self.requests]

    @property
    def bodies(self):
        return [json.loads(one.content) if one.content else None for one in self.requests]


@pytest.fixture
def vendor():
    return Vendor()


@pytest.fixture
def speak(vendor):
    """A client of that VoiceDock."""
    clients = []

    def make(**more):
        clients.append(voicedock.Client(KEY, base_url=BASE, transport=httpx.MockTransport(vendor), **more))
        return clients[-1]

    yield make
    for one in clients:
        one.close()


@pytest.fixture
def client(speak):
    return speak()
