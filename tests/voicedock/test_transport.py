"""On a real socket: the deadline holds for the whole answer, and what is sent once gets a fresh connection."""

import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from dashboard import voicedock
from dashboard.voicedock import transport

WHO = {"number_id": "n1", "destination": "+31612345678", "assistant_id": "a1"}


class Server:
    """Answers each connection in a thread of its own with `talk(connection)`; counts connections."""

    def __init__(self, talk):
        self.talk, self.connections, self.stopped = talk, 0, threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            if self.stopped.is_set():
                connection.close()
                return
            self.connections += 1
            self.threads.append(threading.Thread(target=self._talk, args=[connection]))
            self.threads[-1].start()

    def _talk(self, connection):
        connection.settimeout(5)
        with connection, suppress(OSError):  # the client may have gone
            self.talk(connection, self.stopped)

    def stop(self):
        self.stopped.set()
        socket.create_connection(self.socket.getsockname()).close()  # wakes accept()
        self.socket.close()
        for thread in self.threads:
            thread.join(6)


@contextmanager
def serving(talk, **more):
    server = Server(talk)
    try:
        with voicedock.Client("key", base_url=server.url, **more) as client:
            yield client, server
    finally:
        server.stop()


def drip(head, piece):
    """Something every 50 ms for 20 seconds, so that no single read ever times out."""

    def talk(connection, stopped):
        connection.recv(65536)
        connection.sendall(head)
        for _ in range(400):
            if stopped.wait(0.05):
                return
            connection.sendall(piece)

    return talk


def polite(body=b'{"call_id": "call-1", "calls": []}'):
    """Keeps the connection open for the next request."""

    def talk(connection, stopped):
        while not stopped.is_set():
            if not connection.recv(65536):
                return
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    return talk


@pytest.mark.parametrize(
    "talk",
    [
        drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b" "),
        drip(b"", b""),
    ],
    ids=["header", "body", "silence"],
)
def test_a_dripping_answer_ends_at_the_deadline(talk):
    with serving(talk, timeout=0.5) as (client, server):
        began = time.monotonic()
        with pytest.raises(voicedock.NoAnswer):
            client.place_call(**WHO)
        assert 0.4 < time.monotonic() - began < 10
        assert server.connections == 1


def test_each_attempt_has_its_own_deadline():
    with serving(drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"), timeout=0.3) as (client, server):
        with pytest.raises(voicedock.NoAnswer):
            client.numbers()
        assert server.connections == 3


def test_a_connection_that_is_cut_is_unknown_and_one_that_is_refused_never_left():
    with serving(lambda connection, stopped: connection.recv(65536)) as (client, server):
        with pytest.raises(voicedock.NoAnswer):
            client.place_call(**WHO)
        assert server.connections == 1
    with pytest.raises(voicedock.NotSent) as error:  # the server has stopped
        client_of(server.url).place_call(**WHO)
    assert error.value.sent is False
    with pytest.raises(voicedock.NotSent):
        client_of("http://no-such-host.invalid").place_call(**WHO)


def client_of(url):
    return voicedock.Client("key", base_url=url, timeout=2)


def test_what_is_sent_once_gets_a_fresh_connection_and_reads_keep_theirs():
    with serving(polite()) as (client, server):
        client.calls()
        client.calls()
        assert server.connections == 1
        client.place_call(**WHO)
        client.place_call(**WHO)
        assert server.connections == 3


def test_a_redirect_is_not_followed():
    def talk(connection, stopped):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 307 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")

    with serving(talk) as (client, server):
        with pytest.raises(voicedock.Redirected):
            client.place_call(**WHO)
        with pytest.raises(voicedock.Redirected):
            client.numbers()
        assert server.connections == 2


def test_addresses_that_do_not_answer_share_the_deadline(monkeypatch):
    """The port is full: its queue of connections takes no more, so a connection is neither made nor refused."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        place = full.getsockname()
        monkeypatch.setattr(transport, "_addresses", lambda host, port: ["127.0.0.1"] * 20)
        began = time.monotonic()
        with pytest.raises(voicedock.NotSent):
            voicedock.Client("key", base_url=f"http://127.0.0.1:{place[1]}", timeout=0.4).place_call(**WHO)
        assert time.monotonic() - began < 6, "each address in turn would take 8 seconds"
        for one in waiting:
            one.close()


def test_one_tls_context_for_all(monkeypatch):
    assert transport.tls() is transport.tls()
    first, second = transport.PooledTransport(), transport.PooledTransport()
    assert first.kept._pool._ssl_context is second.fresh._pool._ssl_context is transport.tls()
    assert transport.tls().check_hostname


def test_the_private_place_of_the_backend_is_still_there():
    assert isinstance(transport.PooledTransport().fresh._pool._network_backend, transport._Backend)
    assert transport.PooledTransport().fresh._pool._max_keepalive_connections == 0


def test_outside_a_deadline_time_is_as_given():
    assert transport._left(7) == 7
    with transport.deadline(5):
        assert transport._left(1) == 1
        assert 4 < transport._left(None) <= 5
    with transport.deadline(-1), pytest.raises(transport.httpcore.ReadTimeout):
        transport._left(1, transport.httpcore.ReadTimeout)
