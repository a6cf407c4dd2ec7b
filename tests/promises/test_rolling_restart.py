"""Two web processes are replaced one after the other while people work: no request is lost."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest

from tests.promises.scale import ROLLING
from tests.web import server

pytestmark = pytest.mark.django_db
PEOPLE = 4


class Proxy:
    """As a proxy does: it asks `/readyz` before it sends somebody to a process, and tries no request twice."""

    def __init__(self, *servers: server.Server) -> None:
        self.servers, self.turns, self.lock = list(servers), itertools.count(), threading.Lock()

    def get(self, path: str) -> int:
        with self.lock:
            start, servers = next(self.turns), list(self.servers)
        for nth in range(len(servers)):
            one = servers[(start + nth) % len(servers)]
            if one.is_ready():
                return httpx.get(one.url + path, trust_env=False, timeout=30).status_code
        return 503

    def replace(self, old: server.Server, new: server.Server) -> None:
        """The new one is ready first; the old one is taken out when it says so itself."""
        new.wait()
        with self.lock:
            self.servers.append(new)
        old.terminate()
        old.process.wait(30)
        with self.lock:
            self.servers.remove(old)


def test_a_rolling_restart_under_load_loses_nothing():
    with ExitStack() as stack:
        first, second, third, fourth = (stack.enter_context(server.started(PATCHBAY_STOP_NOTICE="2")) for _ in range(4))
        first.wait(), second.wait()
        proxy = Proxy(first, second)
        with ThreadPoolExecutor(PEOPLE) as people:
            asked = [people.submit(proxy.get, "/accounts/login/") for _ in range(ROLLING // 2)]
            proxy.replace(first, third)
            asked += [people.submit(proxy.get, "/accounts/login/") for _ in range(ROLLING - ROLLING // 2)]
            proxy.replace(second, fourth)
            statuses = [one.result() for one in asked]
    assert statuses == [200] * ROLLING
