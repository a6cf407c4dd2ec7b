"""Several web processes: they share one socket, and what is limited or revoked in one counts in all of them."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from django.contrib.sessions.models import Session

from dashboard.devserver import services
from dashboard.devserver.paths import Places, free_port, listen
from dashboard.live_updates import publish
from dashboard.voicedock import webhooks
from dashboard.web import memory
from dashboard.webhooks.models import Delivery
from tenants.access.permissions import Role
from tenants.isolation import scope
from tenants.models import ConnectionSecret
from tests.patience import PATIENCE
from tests.web import cache_server, server

LAST_CHUNK = b"0\r\n"
SOON = """
import dashboard.asgi
from dashboard.live_updates import session_limit, sessions
sessions.RECHECK_INTERVAL, sessions.RENEWED_AFTER, sessions.MOST_PER_SESSION = 0.5, 0.5, 3
"""


def until(is_so, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.fixture
def shared() -> Iterator[socket.socket]:
    listening = listen(free_port())
    assert listening is not None
    with listening:
        yield listening


def ready(processes: list[server.Server], signs: list[Path]) -> None:
    until(lambda: all(sign.exists() for sign in signs), "the web processes did not come up")
    assert [one.process.poll() for one in processes] == [None] * len(processes)


@pytest.mark.django_db
def test_processes_with_one_socket_stand_in_for_each_other_and_lose_no_connection(shared, tmp_path):
    signs = [tmp_path / f"{nth}.ready" for nth in range(3)]
    with ExitStack() as stack, ThreadPoolExecutor(1) as browser:
        both = [stack.enter_context(server.started(shared, PATCHBAY_READY_FILE=str(sign))) for sign in signs[:2]]
        ready(both, signs[:2])

        def ask() -> int:
            return httpx.get(f"{both[0].url}/accounts/login/", trust_env=False, timeout=PATIENCE).status_code

        for one in both:
            one.process.send_signal(signal.SIGSTOP)
            assert [ask() for _ in range(3)] == [200] * 3, "the other one takes all connections"
            one.process.send_signal(signal.SIGCONT)
        both[0].process.kill()
        both[0].process.wait(PATIENCE)
        assert [ask() for _ in range(3)] == [200] * 3
        both[1].terminate()
        both[1].process.wait(PATIENCE)
        waits = browser.submit(ask)  # nobody is there to take it
        third = stack.enter_context(server.started(shared, PATCHBAY_READY_FILE=str(signs[2])))
        ready([third], signs[2:])
        assert waits.result(PATIENCE) == 200


@pytest.mark.django_db
def test_one_beyond_its_memory_finishes_what_has_begun_and_ends_well(shared, tmp_path):
    sign = tmp_path / "web.ready"
    with server.started(shared, PATCHBAY_READY_FILE=str(sign), PATCHBAY_WEB_MEMORY="1") as web:
        until(sign.exists, "it did not come up")
        assert web.process.wait(PATIENCE) == 0


def test_the_cap_of_memory(monkeypatch):
    monkeypatch.setattr(memory, "used", lambda: 300 << 20)
    assert not memory.is_beyond_cap()
    for cap, is_beyond in (("200", True), ("400", False), ("0", False)):
        monkeypatch.setenv("PATCHBAY_WEB_MEMORY", cap)
        assert memory.is_beyond_cap() is is_beyond
    monkeypatch.undo()
    assert memory.used() > 10 << 20


def test_up_starts_as_many_as_are_asked_for_and_else_one_for_each_core(shared, tmp_path, monkeypatch):
    assert services.web_processes({"PATCHBAY_WEB_PROCESSES": "7"}) == 7
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(2)), raising=False)
    assert services.web_processes({}) == 2
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert services.web_processes({}) == services.MOST_WEB
    for wrong in ("0", "two", "-1", "1000"):
        with pytest.raises(SystemExit, match="a number from 1 to 64"):
            services.web_processes({"PATCHBAY_WEB_PROCESSES": wrong})
    places = Places(tmp_path)
    places.make()
    children = services.web(places, shared, 3, {})
    assert [child.name for child in children] == ["web", "web-2", "web-3"]
    assert {child.files for child in children} == {(shared.fileno(),)}
    one, two = (services.database_connections(count) for count in (1, 2))
    most = settings.WEB_CONNECTIONS + 4 + 2  # and the auditors' pool, the feed, the writer of webhooks
    assert two - one >= most


class Stream:
    """An open event stream, read line by line."""

    def __init__(self, web: server.Server, cookie: str) -> None:
        self.line = socket.create_connection(("127.0.0.1", web.port), PATIENCE)
        self.lines = self.line.makefile("rb")
        head = f"GET /events/ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {settings.SESSION_COOKIE_NAME}={cookie}\r\n\r\n"
        self.line.sendall(head.encode())
        self.status = int(self.lines.readline().split()[1])
        while self.status == 200 and not self.lines.readline().startswith(b"id:"):
            pass

    def change(self) -> str:
        """The row of the next change."""
        for line in iter(self.lines.readline, b""):
            if line.startswith(b"data: ") and "ref" in (change := json.loads(line[6:])):
                return str(change["ref"])
        raise AssertionError("the stream has ended")

    def ends(self) -> bool:
        """Reads to its end; a stream that goes on is a time-out."""
        return LAST_CHUNK in iter(self.lines.readline, b"")

    def close(self) -> None:
        self.lines.close()
        self.line.close()


@pytest.mark.django_db(transaction=True)
def test_streams_in_two_processes(bloom, make_member, sign_in, tmp_path):
    """A change reaches those in both, the newest of a session stay, and those of an ended session end in both."""
    people = [sign_in(make_member(bloom, Role.VIEWER)) for _ in range(2)]
    first, other = (browser.cookies[settings.SESSION_COOKIE_NAME].value for browser in people)
    with cache_server.started(tmp_path) as cache, ExitStack() as stack:
        one, two = (stack.enter_context(server.started(first=SOON, CACHE_URL=cache)) for _ in range(2))
        one.wait(), two.wait()

        def opened(web: server.Server, cookie: str) -> Stream:
            stream = Stream(web, cookie)
            stack.callback(stream.close)
            assert stream.status == 200
            return stream

        oldest = opened(one, first)
        streams = [opened(web, first) for web in (one, two, two)]
        theirs = [opened(web, other) for web in (one, two)]
        assert oldest.ends(), "three of a session stay, wherever they are"
        with scope.for_system("a change"):
            publish.row_changed("call", "a-call", tenant=bloom.tenant, version=2)
        assert [stream.change() for stream in [*streams, *theirs]] == ["a-call"] * 5
        Session.objects.filter(session_key=first).delete()
        assert all(stream.ends() for stream in streams)
        with scope.for_system("a change"):
            publish.row_changed("call", "another", tenant=bloom.tenant, version=3)
        assert [stream.change() for stream in theirs] == ["another"] * 2


@pytest.mark.django_db(transaction=True)
def test_webhooks_to_two_processes_are_each_stored_once(agency):
    """The same ones in opposite orders, as when VoiceDock tries again what it had no answer to."""
    with scope.for_system("a test signs"):
        row = ConnectionSecret.objects.get(connection=agency.connection)
        secret = row.new_webhook_secret()
        row.save()
    path = f"/hooks/voicedock/{agency.connection.webhook_token}/"
    bodies = [
        json.dumps(
            {"message": {"type": "status-update", "call": {"id": f"call-{n}", "status": "in-progress"}}}
        ).encode()
        for n in range(40)
    ]

    def post(web: server.Server, raw: bytes) -> int:
        stamp = str(int(time.time()))
        signature = "sha256=" + webhooks.sign(secret, stamp, raw)
        headers = {"X-Webhook-Timestamp": stamp, "X-Webhook-Signature": signature, "Content-Type": "application/json"}
        return httpx.post(web.url + path, content=raw, headers=headers, trust_env=False, timeout=PATIENCE).status_code

    with ExitStack() as stack, ThreadPoolExecutor(8) as senders:
        one, two = (stack.enter_context(server.started()) for _ in range(2))
        one.wait(), two.wait()
        sent = [
            senders.submit(post, web, raw)
            for pair in zip([(one, raw) for raw in bodies], [(two, raw) for raw in reversed(bodies)], strict=True)
            for web, raw in pair
        ]
        assert {each.result(PATIENCE) for each in sent} == {200}
    with scope.for_system("look"):
        assert sorted(Delivery.objects.values_list("times", flat=True)) == [2] * len(bodies)
