"""One deadline for several requests and their repeats."""

import time

import httpx
import pytest
import stamina

from dashboard import voicedock


class Slow(httpx.BaseTransport):
    """Never answers: each attempt takes as long as it may, on a clock of its own."""

    def __init__(self, clock):
        self.clock, self.attempts = clock, []

    def handle_request(self, request):
        patience = request.extensions["timeout"]["read"]
        self.attempts.append(patience)
        self.clock.now += patience
        raise httpx.ReadTimeout("timed out", request=request)


class Clock:
    now = 1000.0


@pytest.fixture
def slow(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    with stamina.set_testing(True, attempts=3):  # repeats without waiting
        yield Slow(clock)


def client(slow, until):
    return voicedock.Client("key", base_url="http://x/api/v1", transport=slow, timeout=15, until=until)


def test_repeats_end_with_the_time_of_all_of_them(slow):
    with pytest.raises(voicedock.NoAnswer):
        client(slow, slow.clock.now + 20).numbers()
    assert slow.clock.now <= 1020
    assert slow.attempts == [15.0, 5.0], "the second is cut to what is left"


def test_what_comes_afterwards_is_not_sent(slow):
    vendor = client(slow, slow.clock.now + 10)
    with pytest.raises(voicedock.NoAnswer):
        vendor.numbers()
    with pytest.raises(voicedock.NotSent, match="used up"):
        vendor.assistants()
    assert len(slow.attempts) == 1


def test_without_one_each_request_has_its_own_time(slow):
    with pytest.raises(voicedock.NoAnswer):
        client(slow, None).numbers()
    assert slow.attempts == [15.0, 15.0, 15.0]
